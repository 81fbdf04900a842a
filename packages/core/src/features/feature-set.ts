/** Types of a feature set: the examples of a data set, as training and evaluation read them. */
import type { Rng } from '../random.js'
import type { FeatureRecipe } from '../recipe.js'
import type { ClipWindows } from './clip-windows.js'
import type { FeatureMatrix } from './matrix.js'

/** What is known of an example before its features are read. */
export interface FeatureRecord {
  /** Unique in its set. */
  id: string
  /**
   * The recording that the example comes from. The windows of one clip have the same `clipId` and the same label; their scores
   * are averaged.
   */
  clipId: string
  /** Index into the set's labels. */
  labelIndex: number
  /**
   * The field recording that the clip was cut from. Examples of one group are siblings: a split must not put some of them into
   * training and others into the test part.
   */
  group: string
  /** The fold number that the data set gives; `null` if it gives none. */
  fold: number | null
}

/** What `get` receives in training, for sets that compute features anew in each epoch. */
export interface DrawContext {
  /** From 1. */
  epoch: number
  /** A random generator for this example in this epoch alone. */
  rng: Rng
  /**
   * A copy of the indices of the training part. Only these examples may be mixed into this one.
   *
   * @defaultValue none may be mixed
   */
  train?: Int32Array
}

/** An example's features, and the target of training. */
export interface DrawnFeatures {
  features: FeatureMatrix
  /**
   * One value for each label: for a mixture of examples, or for several labels at once.
   *
   * @defaultValue 1 at `labelIndex` and 0 elsewhere
   */
  target?: Float32Array | undefined
}

/** What a model tells its users about the data set that it was trained on. */
export interface DatasetOrigin {
  name: string
  /** True if a program made the clips. Results on them say nothing about real sound. */
  synthetic: boolean
}

/**
 * A set of examples. Training, evaluation and splitters read it. The features may be in memory ({@link featureSet}), in files
 * (`openFeatures` of `@esc/dataset/node`), or computed anew in each epoch.
 */
export interface FeatureSet {
  /** Class names; `labelIndex` is an index into them. */
  readonly labels: readonly string[]
  /** The recipe that made the features from clips. If it is `null`, a model trained on the set takes features, not clips. */
  readonly recipe: FeatureRecipe | null
  /** How clips were cut into the examples. @defaultValue `null`: each clip is one example */
  readonly windows?: ClipWindows | null
  /** The data set that the clips come from. @defaultValue `null`: it is not known */
  readonly dataset?: DatasetOrigin | null
  /**
   * Given if `get` changes examples in training. `id` is a text that is equal if two sets change them in the same way; `null` if that is
   * not known, and then a training with the set cannot be resumed. @defaultValue `null`: `get` always returns the same
   */
  readonly augmentation?: { readonly id: string | null } | null
  /** One record for each example. */
  readonly records: readonly FeatureRecord[]
  /**
   * Returns the features of one example, or a promise of them. The reader copies them at once. A set that returns no promise may
   * reuse its arrays in the next call; a set that returns a promise must not.
   *
   * @param index - Index into `records`.
   * @param context - Given in training only. Without it the set must not do anything random.
   */
  get(index: number, context?: DrawContext): DrawnFeatures | Promise<DrawnFeatures>
}
