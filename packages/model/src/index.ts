export { type ArchitectureOptions, audioCnn } from './architectures/audio-cnn.js'
export { melCnn } from './architectures/mel-cnn.js'
export { packInputs, packTargets } from './batch.js'
export { createEarlyStopping, type EarlyStopping } from './early-stopping.js'
export type { StepBatch, StepResult, TrainingEngine } from './engine.js'
export { type Evaluation, evaluate, type PredictOptions, predictLogits } from './evaluate.js'
export {
  argmaxRows,
  type ClassificationReport,
  type ClassScores,
  classificationReport,
  confusionMatrix,
  crossEntropy,
} from './metrics.js'
export { createOrtEngine, type OrtEngineOptions } from './ort/engine.js'
export {
  type EpochRecord,
  fit,
  type TrainEvent,
  type TrainOptions,
  type TrainResult,
  train,
} from './train.js'
