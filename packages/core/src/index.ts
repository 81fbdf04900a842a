export { assertInRange, assertInteger, assertOneOf, assertPositive } from './check.js'
export { type AudioClip, durationSec } from './clip.js'
export { EscError, type EscErrorCode, type EscErrorOptions, isEscError } from './error.js'
export {
  type BatchNormNode,
  type Conv2DNode,
  type DenseNode,
  type DropoutNode,
  type FlattenNode,
  type GlobalAveragePoolNode,
  inferShapes,
  type MaxPoolNode,
  type NamedWeight,
  type NetworkGraph,
  type NetworkNode,
  type NetworkOp,
  namedWeights,
  parameterCount,
  type ReluNode,
  type Weight,
  withWeights,
} from './graph.js'
export type { ModelManifest } from './manifest.js'
export type { Example, FeatureMatrix } from './matrix.js'
export { applyNormalizer, fitNormalizer, type Normalizer } from './normalizer.js'
export type { OnProgress, ProgressEvent } from './progress.js'
export { createRng, type Rng, type RngState } from './random.js'
export type { FeatureRecipe } from './recipe.js'
export type { Split } from './split.js'
