export { assertInRange, assertInteger, assertOneOf, assertPositive } from './check.js'
export { type AudioClip, durationSec } from './clip.js'
export { EscError, type EscErrorCode, type EscErrorOptions, isEscError } from './error.js'
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
export { classCount, inferShapes, windowCount, windowPads } from './infer-shapes.js'
export type { ModelManifest } from './manifest.js'
export type { Example, FeatureMatrix } from './matrix.js'
export { applyNormalizer, fitNormalizer, type Normalizer } from './normalizer.js'
export type { OnProgress, ProgressEvent } from './progress.js'
export { createRng, type Rng, type RngState } from './random.js'
export type { FeatureRecipe } from './recipe.js'
export type { Split } from './split.js'
export { type NamedWeight, namedWeights, parameterCount, withWeights } from './weights.js'
