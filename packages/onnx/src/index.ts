/** The portable root of `@esc/onnx`: build, read and write models, networks as ONNX, and what a runtime must offer. */
export { createGraphBuilder, type GraphBuilder, type GraphBuilderOptions } from './builder.js'
export { frozenLayers, type TrainedWeight, trainedWeights } from './gradient/frozen.js'
export type { Blocking } from './gradient/layouts/blocked.js'
export type { Distillation, LossOptions } from './gradient/loss.js'
export { optimizerScalars, optimizerSlots } from './gradient/optimizer.js'
export type { AdamOptions, OptimizerOptions, SgdOptions } from './gradient/optimizer-options.js'
export { buildProbeModel } from './gradient/probe.js'
export { buildGradientModel, buildTrainingModel, buildUpdateModel } from './gradient/step.js'
export type { StepOptions } from './gradient/step-options.js'
export { dataInputs, singleInputName } from './inputs.js'
export { type LowerOptions, lowerNetwork } from './lower.js'
export {
  type Attribute,
  type AttributeKind,
  assertOnnxModel,
  type OnnxModel,
  type OnnxNode,
  type ValueInfo,
} from './model.js'
export { readModel } from './read.js'
export {
  assertRuntime,
  assertSession,
  type OnnxRuntime,
  type Session,
  type SessionOptions,
} from './runtime.js'
export {
  assertTensor,
  type ElementType,
  elementCode,
  floatData,
  floatTensor,
  int64Vector,
  scalar,
  sizeOf,
  type Tensor,
  type TensorData,
} from './tensor.js'
export { writeModel } from './write.js'
