/** The portable root of `@esc/edge`: packing, exporting and quantising models, and classifying with them. */
export { type Latency, type LatencyOptions, measureLatency } from './benchmark.js'
export {
  type Classifier,
  type ClassifierOptions,
  type ClassifyOptions,
  createClassifier,
  type Prediction,
} from './classifier.js'
export { compareLogits, type Parity } from './compare-logits.js'
export { type ExportOptions, exportModel } from './export.js'
export {
  type DatasetFacts,
  type EvaluationFacts,
  readManifest,
  type SplitFacts,
  withEvaluation,
} from './manifest.js'
export type { ModelFiles, Precision } from './model-files.js'
export { type CalibrationData, type PackOptions, packModel } from './pack-model.js'
export { type CalibrateOptions, calibrate } from './quantize/calibrate.js'
export type { CalibrationBatch } from './quantize/feeds.js'
export type { Range } from './quantize/int8-activations.js'
export { type QuantizeOptions, quantizeStatic } from './quantize/static.js'
export { unpackModel } from './unpack-model.js'
