/** A feature set in memory, from features that the user's program has computed. */
import { assertKnown } from '../check/options.js'
import { typeOf, wrongValue } from '../check/wrong-value.js'
import type { FeatureRecipe } from '../recipe.js'
import { assertFeatureSet, assertLabels } from './check-set.js'
import { type ClipWindowsOptions, resolveWindows } from './clip-windows.js'
import type { DatasetOrigin, FeatureSet } from './feature-set.js'
import type { FeatureMatrix } from './matrix.js'

/** One example with its features. */
export interface Example {
  /** Unique among the examples. */
  id: string
  features: FeatureMatrix
  /** Index into the labels. */
  labelIndex: number
  /** The recording that the example comes from. @defaultValue `id` */
  clipId?: string
  /** The field recording that the clip was cut from. @defaultValue `clipId` */
  group?: string
  /** The fold number that the data set gives. @defaultValue `null` */
  fold?: number | null
  /** One value for each label. @defaultValue 1 at `labelIndex` and 0 elsewhere */
  target?: Float32Array
}

/** Options of {@link featureSet}. */
export interface FeatureSetOptions {
  /** Class names, each once; an example's `labelIndex` is an index into them. */
  labels: readonly string[]
  /** The recipe that made the features. @defaultValue `null`: a model trained on them takes features, not clips */
  recipe?: FeatureRecipe | null | undefined
  /** How clips were cut into the examples. @defaultValue `null`: each clip is one example */
  windows?: ClipWindowsOptions | null | undefined
  /** The data set that the clips come from. @defaultValue `null`: it is not known */
  dataset?: DatasetOrigin | null | undefined
}

/**
 * Makes a feature set from examples in memory.
 *
 * @throws EscError INVALID_OPTION if there are no labels or one appears twice; INVALID_INPUT if there are no examples, if two have
 *   the same id, or if a `labelIndex` is not an index of a label.
 * @example
 * const examples = clips.map((clip, i) => ({ id: `clip${i}`, features: melSpectrogram(clip), labelIndex: i % 2 }))
 * const set = featureSet(examples, { labels: ['dog', 'rain'] })
 */
export function featureSet(examples: readonly Example[], options: FeatureSetOptions): FeatureSet {
  assertKnown('featureSet', options, { labels: true, recipe: true, windows: true, dataset: true })
  const { labels, recipe = null, windows = null, dataset = null } = options ?? {}
  assertLabels('labels', labels)
  if (!Array.isArray(examples)) throw wrongValue('examples', examples, 'an array of examples')
  const own = [...examples]
  const odd = own.findIndex((example) => typeOf(example) !== 'object')
  if (odd >= 0)
    throw wrongValue(`example ${odd} of the examples`, own[odd], 'an object, { id, features, labelIndex }')
  const records = own.map(({ id, clipId = id, labelIndex, group = clipId, fold = null }) => ({
    id,
    clipId,
    labelIndex,
    group,
    fold,
  }))
  const set: FeatureSet = {
    labels: [...labels],
    recipe,
    windows: windows && resolveWindows(windows),
    dataset,
    records,
    get: (index) => {
      const { features, target } = own[index]!
      return target === undefined ? { features } : { features, target }
    },
  }
  assertFeatureSet(set)
  return set
}
