/** `@esc/onnx/inspect`: check and print ONNX models, find their types and shapes, look up operators. */
export { checkModel } from './check.js'
export { inferTypes } from './infer/infer-types.js'
export { type OperatorSignature, operatorSignature } from './operators.js'
export { printGraph } from './print.js'
