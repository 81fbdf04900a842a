/** Public names of `@esc/model`: networks, training, metrics and evaluation on any ONNX Runtime. */
export { type AudioCnnOptions, audioCnn } from './architectures/audio-cnn.js'
export { type MelCnnOptions, melCnn } from './architectures/mel-cnn.js'
export type {
  CreateEngine,
  EngineOptions,
  EngineState,
  StepBatch,
  StepResult,
  TrainingEngine,
} from './engine/engine.js'
export {
  accuracyInterval,
  type BootstrapInterval,
  type BootstrapOptions,
  bootstrapInterval,
} from './evaluate/bootstrap.js'
export {
  brierScore,
  type Calibration,
  type CalibrationOptions,
  calibrationError,
  logLoss,
  type ReliabilityBin,
} from './evaluate/calibration.js'
export { type ConfusedPair, type ConfusedPairsOptions, confusedPairs } from './evaluate/confused-pairs.js'
export {
  type EvaluateSessionOptions,
  evaluate,
  evaluateSession,
  type PredictOptions,
  predict,
  withTemperature,
} from './evaluate/evaluate.js'
export { type McnemarResult, mcnemarTest } from './evaluate/mcnemar.js'
export {
  argmaxRows,
  type ClassificationReport,
  type ClassScores,
  classificationReport,
  confusionMatrix,
  crossEntropy,
} from './evaluate/metrics.js'
export {
  averagePrecision,
  balancedAccuracy,
  type ClassMean,
  type ClassRanking,
  type RankingScores,
  rankClasses,
  rocAuc,
  type TopKOptions,
  topKAccuracy,
} from './evaluate/ranking.js'
export type {
  ClipPrediction,
  EvaluatedClass,
  Evaluation,
  EvaluationFigures,
  SigmoidEvaluation,
  SoftmaxEvaluation,
} from './evaluate/results.js'
export {
  type FitTemperatureOptions,
  type FittedTemperature,
  fitTemperature,
} from './evaluate/temperature.js'
export type { Layer, Value } from './network/layer.js'
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
} from './network/layer-options.js'
export * as layers from './network/layers.js'
export {
  functional,
  type Network,
  type NetworkInput,
  type NetworkOptions,
  sequential,
} from './network/network.js'
export { type OrtEngineOptions, ortEngine } from './ort/engine.js'
export { type LinearProbeOptions, linearProbe } from './probe/linear-probe.js'
export type { CheckpointStore } from './training/checkpoint/checkpoint-store.js'
export {
  createEarlyStopping,
  type EarlyStopping,
  type EarlyStoppingOptions,
  type Monitor,
} from './training/early-stopping.js'
export type { LearningRate, Schedule } from './training/learning-rate.js'
export type { Sampling } from './training/sampling.js'
export {
  type CosineOptions,
  constant,
  cosine,
  type OneCycleOptions,
  oneCycle,
  type PlateauOptions,
  reduceOnPlateau,
  type StepDecayOptions,
  stepDecay,
  type WarmUpOptions,
  warmUp,
} from './training/schedules.js'
export { fit, train } from './training/train.js'
export type {
  TrainEvent,
  TrainingSplit,
  TrainingStart,
  TrainLoss,
  TrainOptions,
} from './training/train-options.js'
export type { TrainingRun } from './training/training-run.js'
