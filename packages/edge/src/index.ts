export { type Latency, type LatencyOptions, measureLatency } from './benchmark.js'
export {
  type Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  createClassifier,
  type Prediction,
} from './classifier.js'
export { type ExportOptions, exportModel } from './export.js'
export { type ModelFiles, type Precision, readManifest, unpackModel } from './model-files.js'
export {
  type CalibrationData,
  type DatasetFacts,
  type EvaluationFacts,
  type PackOptions,
  packModel,
  type SplitFacts,
  withEvaluation,
} from './pack-model.js'
export { compareLogits, type Parity } from './parity.js'
export { type CalibrateOptions, type CalibrationBatch, calibrate, type Range } from './quantize/calibrate.js'
export { type QuantizeOptions, quantizeStatic } from './quantize/static.js'
