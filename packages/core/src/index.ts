/** The portable root of `@esc/core`: joint types, errors, checks, random numbers, networks. */
export { assertFloat32, assertSamples } from './check/float32.js'
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
} from './check/options.js'
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
} from './check/wrong-value.js'
export { type AudioClip, assertClip, assertClipShape, durationSec } from './clip.js'
export { EscError, type EscErrorCode, type EscErrorOptions, isEscError } from './error.js'
export { assertFeatureSet, assertIndices, assertLabels } from './features/check-set.js'
export { type ClipWindows, type ClipWindowsOptions, resolveWindows } from './features/clip-windows.js'
export { allIndices, drawFeatures } from './features/draw.js'
export {
  assertFeatures,
  type FeatureBatch,
  type FeatureBatchOptions,
  featureBatches,
  type InputShape,
} from './features/feature-batches.js'
export type {
  DatasetOrigin,
  DrawContext,
  DrawnFeatures,
  FeatureRecord,
  FeatureSet,
} from './features/feature-set.js'
export { type Example, type FeatureSetOptions, featureSet } from './features/in-memory.js'
export { assertMatrix, assertMatrixShape, type FeatureMatrix } from './features/matrix.js'
export {
  applyNormalizer,
  assertNormalizer,
  createNormalizerFit,
  fitNormalizer,
  type Normalizer,
  type NormalizerFit,
  normalizeInto,
} from './features/normalizer.js'
export type { Split } from './features/split.js'
export { sha256 } from './hash.js'
export type { FileEntry, ModelManifest } from './manifest.js'
/** The portable root of `@esc/core`: joint types, errors, checks, random numbers, networks. */
export { type Activation, clipLogits, type ScoreOptions, scoresOf } from './model/activation.js'
export { assertTrainedModel, type EpochRecord, type TrainedModel } from './model/trained-model.js'
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
  StatsPoolNode,
  Weight,
} from './network/graph.js'
export { assertGraph, classCount, inferShapes, nodeShape } from './network/infer-shapes.js'
export { windowCount, windowPads } from './network/kernel-window.js'
export {
  applyLayer,
  type LayerTable,
  type NodeOf,
  type Unsupported,
  unsupported,
  unsupportedLayer,
} from './network/layer-table.js'
export { type NamedWeight, namedWeights, parameterCount, withWeights } from './network/weights.js'
export type { OnProgress, ProgressEvent } from './progress.js'
export { assertRng, createRng, type Rng, type RngState } from './random.js'
export type { FeatureRecipe } from './recipe.js'
