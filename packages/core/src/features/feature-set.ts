/** The examples of a data set as training and evaluation read them, wherever their features come from. */
import { assertCallback, assertKnown } from '../check/options.js'
import { describeValue, shown, typeOf, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import type { Rng } from '../random.js'
import type { FeatureRecipe } from '../recipe.js'
import { type ClipWindows, type ClipWindowsOptions, resolveWindows } from './clip-windows.js'
import type { FeatureMatrix } from './matrix.js'

/** What is known of an example before its features are read. */
export interface FeatureRecord {
  /** Unique in its set. */
  id: string
  /** The recording the example is of. Windows of one clip share it and have one label; their scores are averaged. */
  clipId: string
  /** Index into the set's labels. */
  labelIndex: number
  /** The field recording the clip was cut from; examples of one group are siblings. */
  group: string
  /** The data set's own fold number, or `null` where it has none. */
  fold: number | null
}

/** What an example is made with, where its features are made anew each epoch. */
export interface DrawContext {
  /** From 1. */
  epoch: number
  /** A generator of this example's and this epoch's own. */
  rng: Rng
  /** Indices of the training part, a copy: the only examples that may be mixed into this one. */
  train?: Int32Array
}

/** An example's features, and what they are to be learnt as. */
export interface DrawnFeatures {
  features: FeatureMatrix
  /** One value for each label, in place of 1 at `labelIndex` and 0 elsewhere: a mixture, or several labels at once. */
  target?: Float32Array | undefined
}

/** The data set that features are of, as far as a model tells its users. */
export interface DatasetOrigin {
  name: string
  /** Whether the clips were made by a program, so that figures on them say nothing about real sound. */
  synthetic: boolean
}

/**
 * Examples: in memory ({@link featureSet}), in a store (`openFeatures` of `@esc/dataset/node`), or made anew each epoch. What
 * training, evaluation and splitters read.
 */
export interface FeatureSet {
  /** Class names; `labelIndex` points here. */
  readonly labels: readonly string[]
  /** What made the features of clips; `null` if it is not known, and a model trained on them then takes features only. */
  readonly recipe: FeatureRecipe | null
  /** How clips were cut into the examples; `null` or absent if each clip is one example. */
  readonly windows?: ClipWindows | null
  /** Where the clips are from; `null` or absent if it is not known. */
  readonly dataset?: DatasetOrigin | null
  /** One record for each example. */
  readonly records: readonly FeatureRecord[]
  /**
   * The features of one example, at once or as a promise. They are copied when they come: arrays that are returned at once may be
   * used again by the next call, those of a promise may not.
   *
   * @param index - Of `records`.
   * @param context - Given in training only; without it nothing random is done.
   */
  get(index: number, context?: DrawContext): DrawnFeatures | Promise<DrawnFeatures>
}

/** One example with its features, as a user has it. */
export interface Example {
  /** Unique among the examples. */
  id: string
  features: FeatureMatrix
  /** Index into the labels. */
  labelIndex: number
  /** The recording it is of. @defaultValue `id` */
  clipId?: string
  /** The field recording the clip was cut from. @defaultValue `clipId` */
  group?: string
  /** The data set's own fold number. @defaultValue `null` */
  fold?: number | null
  /** One value for each label, in place of the label alone. */
  target?: Float32Array
}

/** Options of {@link featureSet}. */
export interface FeatureSetOptions {
  /** Class names, each once; an example's `labelIndex` points here. */
  labels: readonly string[]
  /** What made the features. @defaultValue `null`: a model trained on them takes features only, no clips */
  recipe?: FeatureRecipe | null | undefined
  /** How clips were cut into the examples. @defaultValue `null`: each clip is one example */
  windows?: ClipWindowsOptions | null | undefined
  /** Where the clips are from. @defaultValue `null` */
  dataset?: DatasetOrigin | null | undefined
}

/**
 * A set of examples in memory: features that a program has computed itself.
 *
 * @throws EscError INVALID_OPTION if there are no labels or one is there twice; INVALID_INPUT if there are no examples, two have
 *   one id, or a label is none of the labels.
 * @example
 * const set = featureSet(clips.map((clip, i) => ({ id: names[i], features: extract(clip), labelIndex: classes[i] })), {
 *   labels: ['dog', 'rain'], recipe: logmel128,
 * })
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

/** @throws EscError INVALID_OPTION unless `labels` are different texts, at least one. */
export function assertLabels(name: string, labels: unknown): asserts labels is readonly string[] {
  const isList =
    Array.isArray(labels) && labels.length > 0 && labels.every((label) => typeof label === 'string')
  if (!isList) {
    const found = Array.isArray(labels) ? '' : `; it is ${describeValue(labels)}`
    throw new EscError(
      'INVALID_OPTION',
      `${name} must be an array of class names, as in ['dog', 'rain']${found}`,
    )
  }
  const twice = labels.find((label, i) => labels.indexOf(label) !== i)
  if (twice !== undefined) throw new EscError('INVALID_OPTION', `${name} has '${twice}' twice`)
}

/**
 * Checks what can be checked without reading features: a set may come from code that no type checker has seen.
 *
 * @param name - What the caller calls it, for the message. @defaultValue `'the set'`
 * @throws EscError INVALID_INPUT naming what is missing, an id that is there twice, an example whose label is none, or a clip whose
 *   windows have several.
 * @example assertFeatureSet(set)
 */
export function assertFeatureSet(set: FeatureSet, name = 'the set'): void {
  assertSetShape(set, name)
  if (set.records.length === 0) throw noSet('the set has no examples')
  if (!set.labels.every((label) => typeof label === 'string'))
    throw noSet('the set has labels that are no texts')
  if (set.dataset) assertOrigin(set.dataset)
  const ids = new Set<string>()
  const labelOf = new Map<string, number>()
  for (const [i, record] of set.records.entries()) {
    const { id, clipId, labelIndex } = record ?? {}
    for (const [name, value] of Object.entries({ id, clipId })) {
      if (typeof value === 'string') continue
      throw new EscError(
        'INVALID_INPUT',
        `example ${i} of the set has ${name}=${shown(value)}; it must be a text`,
      )
    }
    const label = labelOf.get(clipId) ?? labelIndex
    if (label !== labelIndex) {
      const advice = 'give windows that are labelled one by one a clipId each, and one group'
      const found = `clip '${clipId}' has windows of label ${label} and of label ${labelIndex}`
      throw new EscError('INVALID_INPUT', `${found}; ${advice}`)
    }
    labelOf.set(clipId, labelIndex)
    if (ids.has(id)) throw new EscError('INVALID_INPUT', `the set has two examples with id '${id}'`)
    ids.add(id)
    if (Number.isInteger(labelIndex) && labelIndex >= 0 && labelIndex < set.labels.length) continue
    const range = `an integer in [0, ${set.labels.length})`
    throw new EscError('INVALID_INPUT', `example '${id}' has label ${shown(labelIndex)}, not ${range}`)
  }
}

const noSet = (what: string) =>
  new EscError(
    'INVALID_INPUT',
    `${what}; a feature set is what featureSet, extractFeatures or openFeatures return`,
  )

/** Checks what can be checked at once, of any number of examples. */
function assertSetShape(set: FeatureSet, name = 'the set'): void {
  if (typeOf(set) !== 'object' || !('records' in set || 'get' in set))
    throw noSet(`${name} is ${describeValue(set)}`)
  const { get, records, labels } = set
  if (typeof get !== 'function') throw noSet(`${name} has no function get: it is ${describeValue(get)}`)
  if (!Array.isArray(records)) throw noSet(`${name} has no array records: it is ${describeValue(records)}`)
  if (!Array.isArray(labels)) throw noSet(`${name} has no labels: it is ${describeValue(labels)}`)
  if (records.length > 0 && typeOf(records[0]) !== 'object') {
    throw noSet(`${name} has no records of examples: the first is ${describeValue(records[0])}`)
  }
  if (typeof labels[0] !== 'string') throw noSet(`${name} has no labels, which are texts`)
}

function assertOrigin({ name, synthetic }: DatasetOrigin): void {
  if (typeof name === 'string' && typeof synthetic === 'boolean') return
  throw new EscError('INVALID_INPUT', 'dataset of a set must be { name, synthetic }, a text and a boolean')
}

/**
 * Checks a part of a set.
 *
 * @param name - What the caller calls it, for the message: `split.train`.
 * @throws EscError INVALID_INPUT if it is no list of numbers, or one is not the index of an example.
 * @example assertIndices('indices', [0, 1], set)
 */
export function assertIndices(name: string, indices: ArrayLike<number>, set: FeatureSet): void {
  assertSetShape(set)
  const { records } = set
  const isList = Array.isArray(indices) || (ArrayBuffer.isView(indices) && 'length' in indices)
  if (!isList) {
    throw wrongValue(name, indices, 'a list of indices, as a splitter returns', {
      advice: { 'a split': 'pass a part of it, such as split.test' },
    })
  }
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    if (Number.isInteger(index) && index >= 0 && index < records.length) continue
    throw new EscError(
      'INVALID_INPUT',
      `${name}[${i}]=${shown(index)} is not an index of the set's ${records.length} examples`,
    )
  }
}

/** Every index of a set, in order. @throws EscError INVALID_INPUT if it is no set. @example allIndices(set) // Int32Array [0, 1, …] */
export function allIndices(set: FeatureSet): Int32Array {
  assertSetShape(set)
  return Int32Array.from(set.records.keys())
}

/**
 * Asks a set for several examples at once. What it returns at once is copied before it is asked again.
 *
 * @param context - Of each, in training.
 * @example const [first] = await drawFeatures(set, [0, 1])
 */
export async function drawFeatures(
  set: FeatureSet,
  indices: readonly number[],
  context: (index: number, place: number) => DrawContext | undefined = () => undefined,
): Promise<DrawnFeatures[]> {
  assertIndices('indices', indices, set)
  assertCallback('context', context)
  // All are waited for, so that no read goes on, or fails unseen, behind an error.
  const drawn = await Promise.allSettled(
    indices.map(async (index, place) => {
      const found = set.get(index, context(index, place))
      return copyOf(found instanceof Promise ? await found : found)
    }),
  )
  return drawn.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

/** What is no features is left for the checks to name. */
function copyOf(drawn: DrawnFeatures): DrawnFeatures {
  const { features, target } = drawn ?? {}
  if (!(features?.data instanceof Float32Array)) return drawn
  const copy = { ...features, data: features.data.slice() }
  return target instanceof Float32Array
    ? { features: copy, target: target.slice() }
    : { ...drawn, features: copy }
}
