export { type ArchitectureOptions, audioCnn } from './architectures/audio-cnn.js'
export { melCnn } from './architectures/mel-cnn.js'
export { packInputs, packTargets } from './batch.js'
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
export { type Evaluation, evaluate, type PredictOptions, predictLogits } from './evaluate.js'
export {
  argmaxRows,
  type ClassificationReport,
  type ClassScores,
  classificationReport,
  confusionMatrix,
  crossEntropy,
} from './metrics.js'
export { type OrtEngineOptions, ortEngine } from './ort/engine.js'
export { readSafetensors, type Safetensors, writeSafetensors } from './safetensors.js'
export { fit, train } from './train.js'
export type {
  EpochRecord,
  LabeledFeatures,
  TrainEvent,
  TrainExamples,
  TrainOptions,
  TrainResult,
} from './train-options.js'
