export { type AudioCnnOptions, audioCnn } from './architectures/audio-cnn.js'
export { type MelCnnOptions, melCnn } from './architectures/mel-cnn.js'
export type { CheckpointStore } from './checkpoint.js'
export { createEarlyStopping, type EarlyStopping } from './early-stopping.js'
export type {
  CreateEngine,
  EngineOptions,
  EngineState,
  StepBatch,
  StepResult,
  TrainingEngine,
} from './engine.js'
export {
  type ClipPrediction,
  type EvaluateSessionOptions,
  type Evaluation,
  evaluate,
  evaluateSession,
  type PredictOptions,
  predict,
} from './evaluate.js'
export type {
  BatchNormOptions,
  Conv2dOptions,
  ConvOptions,
  DenseOptions,
  DepthwiseConv2dOptions,
  DropoutOptions,
  LayerNormOptions,
  LayerOptions,
  LeakyReluOptions,
  PoolOptions,
  ReshapeOptions,
  SeparableConv2dOptions,
  Size,
} from './layers.js'
export * as layers from './layers.js'
export {
  argmaxRows,
  type ClassificationReport,
  type ClassScores,
  classificationReport,
  confusionMatrix,
  crossEntropy,
} from './metrics.js'
export { functional, type Layer, type NetworkOptions, sequential, type Value } from './network.js'
export { type OrtEngineOptions, ortEngine } from './ort/engine.js'
export { fit, train } from './train.js'
export type {
  LabeledFeatures,
  Network,
  NetworkInput,
  TrainEvent,
  TrainingSplit,
  TrainOptions,
} from './train-options.js'
export type { TrainingRun } from './training-run.js'
