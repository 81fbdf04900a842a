export { createGraphBuilder, type GraphBuilder, type GraphBuilderOptions } from './builder.js'
export { checkModel } from './check.js'
export type { AdamOptions } from './gradient/optimizer.js'
export { buildGradientModel, buildTrainingModel } from './gradient/step.js'
export { type LowerOptions, lowerNetwork } from './lower.js'
export type { Attribute, OnnxModel, OnnxNode, ValueInfo } from './model.js'
export { printGraph } from './print.js'
export { readModel } from './read.js'
export type { OnnxRuntime, Session, SessionOptions } from './runtime.js'
export {
  type ElementType,
  floatData,
  floatTensor,
  int64Vector,
  scalar,
  sizeOf,
  type Tensor,
  type TensorData,
} from './tensor.js'
export { writeModel } from './write.js'
