export { type Activation, clipLogits, scoresOf } from './activation.js'
export {
  asOptions,
  assertBytes,
  assertCallback,
  assertInRange,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  assertSignal,
  assertText,
  wrongBytes,
} from './check.js'
export {
  assertClip,
  assertClipShape,
  assertFloat32,
  assertMatrix,
  assertMatrixShape,
  assertSamples,
} from './check-sound.js'
export { type AudioClip, durationSec } from './clip.js'
export { type ClipWindows, type ClipWindowsOptions, resolveWindows } from './clip-windows.js'
export { EscError, type EscErrorCode, type EscErrorOptions, isEscError } from './error.js'
export {
  assertFeatures,
  type FeatureBatch,
  type FeatureBatchOptions,
  featureBatches,
  type InputShape,
} from './feature-batches.js'
export {
  allIndices,
  assertFeatureSet,
  assertIndices,
  assertLabels,
  type DatasetOrigin,
  type DrawContext,
  type DrawnFeatures,
  drawFeatures,
  type Example,
  type FeatureRecord,
  type FeatureSet,
  type FeatureSetOptions,
  featureSet,
} from './feature-set.js'
export type {
  ActivationNode,
  AttentionPoolNode,
  BatchNormNode,
  ConcatenateNode,
  Conv2DNode,
  ConvAttributes,
  DenseNode,
  DepthwiseConv2DNode,
  DropoutNode,
  FlattenNode,
  GlobalPoolNode,
  LayerNormNode,
  LeakyReluNode,
  MergeNode,
  NetworkGraph,
  NetworkNode,
  NetworkOp,
  Padding,
  PoolNode,
  ReshapeNode,
  SeparableConv2DNode,
  Size2,
  Weight,
} from './graph.js'
export { sha256 } from './hash.js'
export { assertGraph, classCount, inferShapes, nodeShape } from './infer-shapes.js'
export { windowCount, windowPads } from './kernel-window.js'
export {
  applyLayer,
  type LayerTable,
  type NodeOf,
  type Unsupported,
  unsupported,
  unsupportedLayer,
} from './layer-table.js'
export type { FileEntry, ModelManifest } from './manifest.js'
export type { FeatureMatrix } from './matrix.js'
export {
  applyNormalizer,
  assertNormalizer,
  createNormalizerFit,
  fitNormalizer,
  type Normalizer,
  type NormalizerFit,
  normalizeInto,
} from './normalizer.js'
export type { OnProgress, ProgressEvent } from './progress.js'
export { assertRng, createRng, type Rng, type RngState } from './random.js'
export type { FeatureRecipe } from './recipe.js'
export type { Split } from './split.js'
export { assertTrainedModel, type EpochRecord, type TrainedModel } from './trained-model.js'
export { type NamedWeight, namedWeights, parameterCount, withWeights } from './weights.js'
export {
  type Advice,
  describeValue,
  hasField,
  isNumberList,
  type Mistake,
  mistakeOf,
  shown,
  typeOf,
  type WrongValueOptions,
  wrongOption,
  wrongValue,
} from './wrong-value.js'
