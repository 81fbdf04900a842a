export { assertInRange, assertInteger, assertOneOf, assertPositive } from './check.js'
export { type AudioClip, durationSec } from './clip.js'
export { EscError, type EscErrorCode, type EscErrorOptions, isEscError } from './error.js'
export {
  type ActivationNode,
  type AttentionPoolNode,
  type BatchNormNode,
  type ConcatenateNode,
  type Conv2DNode,
  type ConvAttributes,
  type DenseNode,
  type DepthwiseConv2DNode,
  type DropoutNode,
  type FlattenNode,
  type GlobalPoolNode,
  type LayerNormNode,
  type LeakyReluNode,
  type MergeNode,
  type NamedWeight,
  type NetworkGraph,
  type NetworkNode,
  type NetworkOp,
  namedWeights,
  type Padding,
  type PoolNode,
  parameterCount,
  type ReshapeNode,
  type SeparableConv2DNode,
  type Size2,
  type Weight,
  withWeights,
} from './graph.js'
export { classCount, inferShapes, windowCount, windowPads } from './infer-shapes.js'
export type { ModelManifest } from './manifest.js'
export type { Example, FeatureMatrix } from './matrix.js'
export { applyNormalizer, fitNormalizer, type Normalizer } from './normalizer.js'
export type { OnProgress, ProgressEvent } from './progress.js'
export { createRng, type Rng, type RngState } from './random.js'
export type { FeatureRecipe } from './recipe.js'
export type { Split } from './split.js'
