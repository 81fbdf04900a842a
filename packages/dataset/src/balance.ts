/** Helps with classes of unequal size: weights, more or fewer examples of a class, or batches with all classes alike. */
import {
  asOptions,
  assertInteger,
  assertKnown,
  assertOneOf,
  createRng,
  EscError,
  isNumberList,
  type Rng,
  shown,
  wrongValue,
} from '@esc/core'
import { range } from './splits/shared/folds.js'
import { assertValues, encodeSorted, type Labels, membersByCode } from './splits/shared/labels.js'
import { clipsOf, isSource, type SplitSource } from './splits/shared/source.js'
import { count } from './words.js'

/** The examples to count or draw from. */
export interface BalanceOptions {
  /** Indices of examples, such as `split.train`. @defaultValue all examples */
  indices?: ArrayLike<number>
}

/** Options of {@link classWeights}. */
export interface ClassWeightOptions extends BalanceOptions {
  /** The formula. @defaultValue `'balanced'` */
  method?: 'balanced' | 'effective-number'
  /** In [0, 1), for `'effective-number'` alone: 0 gives all classes one weight, near 1 it is as `'balanced'`. @defaultValue `0.999` */
  beta?: number
}

/** Options of {@link oversample} and {@link undersample}. */
export interface ResampleOptions extends BalanceOptions {
  /** Seed of the draw. @defaultValue `0` */
  seed?: number
}

/** Options of {@link balancedBatches}. */
export interface BalancedBatchesOptions extends BalanceOptions {
  /** The number of examples in a batch. */
  batchSize: number
  /** Seed of the order; use another for each epoch. @defaultValue `0` */
  seed?: number
}

const resampleNames: Record<keyof ResampleOptions, true> = { seed: true, indices: true }

/**
 * Computes a weight for each class: a class with fewer examples has a larger weight.
 *
 * `'balanced'` is `n / (k * count)` for `n` examples in `k` classes. `'effective-number'` is `(1 - beta) /
 * (1 - beta ** count)`, scaled so that the weights sum to `k`: further examples of a class count less and less.
 *
 * It counts the examples of a set, not its clips: a loss is a mean over examples, and each window of a clip is an example.
 *
 * @param set - Its label indices are counted. You may pass labels instead, one for each example.
 * @returns The weight of each class that occurs, classes in ascending order.
 * @throws EscError INVALID_OPTION if `method` is unknown or `beta` not in [0, 1); INVALID_INPUT if there are no labels, or
 *   an index is none of an example.
 * @see scikit-learn 1.2 `compute_class_weight`; Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of
 *   Samples", equation 2 and section 4.
 * @example classWeights(features, { indices: split.train }).get(0)
 */
export function classWeights(set: SplitSource, options?: ClassWeightOptions): Map<number, number>
/** {@link classWeights} of labels. @example classWeights(['dog', 'dog', 'dog', 'rain']) // Map { 'dog' => 0.667, 'rain' => 2 } */
export function classWeights(labels: Labels, options?: ClassWeightOptions): Map<number | string, number>
export function classWeights(
  from: SplitSource | Labels,
  options: ClassWeightOptions = {},
): Map<number | string, number> {
  assertKnown('classWeights', options, { method: true, beta: true, indices: true })
  const { method = 'balanced', beta = 0.999 } = options
  assertOneOf('method', method, ['balanced', 'effective-number'])
  if (!(beta >= 0 && beta < 1)) throw new EscError('INVALID_OPTION', `beta=${beta} must lie in [0, 1)`)
  const { labels } = pickExamples(from, options)
  const { values, counts } = encodeSorted('labels', labels)
  const k = counts.length
  if (method === 'balanced') {
    return new Map(values.map((value, code) => [value, labels.length / (k * counts[code]!)]))
  }
  // Written with expm1 because 1 - beta ** count cancels where beta is close to 1.
  const weights = counts.map((count) => (beta - 1) / Math.expm1(count * Math.log(beta)))
  const sum = weights.reduce((a, b) => a + b, 0)
  return new Map(values.map((value, code) => [value, (weights[code]! * k) / sum]))
}

/**
 * Gives indices in which each class is as frequent as the largest: first all examples, then, class by class in ascending order, more
 * examples drawn with replacement. Use it on the training part alone: in the test part a copy would count twice.
 *
 * It draws the examples of a set, not its clips: each window of a clip may be drawn.
 *
 * @param set - Its examples are drawn. You may pass labels instead, one for each example.
 * @throws EscError INVALID_INPUT if there are no labels, or an index is none of an example.
 * @see imbalanced-learn 0.12 `RandomOverSampler`; its random numbers are NumPy's, ours are not.
 * @example const train = oversample(features, { indices: split.train, seed: 42 })
 */
export function oversample(set: SplitSource, options?: ResampleOptions): Int32Array
/** {@link oversample} of examples that have these labels. @example oversample(['dog', 'dog', 'rain']) // Int32Array [0, 1, 2, 2] */
export function oversample(labels: Labels, options?: ResampleOptions): Int32Array
export function oversample(from: SplitSource | Labels, options: ResampleOptions = {}): Int32Array {
  assertKnown('oversample', options, resampleNames)
  const { classes, rng, examples } = prepare(from, options)
  const largest = classes.reduce((most, { length }) => Math.max(most, length), 0)
  const indices = new Int32Array(largest * classes.length)
  indices.set(examples)
  let next = examples.length
  for (const members of classes) {
    for (let i = members.length; i < largest; i++) indices[next++] = members[rng.integer(members.length)]!
  }
  return indices
}

/**
 * Gives indices in which each class is as frequent as the smallest, drawn without replacement; in ascending order.
 *
 * It draws the examples of a set, not its clips, as {@link oversample} does.
 *
 * @param set - Its examples are drawn. You may pass labels instead, one for each example.
 * @throws EscError INVALID_INPUT if there are no labels, or an index is none of an example.
 * @see imbalanced-learn 0.12 `RandomUnderSampler`, which returns them class by class; its random numbers are NumPy's.
 * @example const train = undersample(features, { indices: split.train, seed: 42 })
 */
export function undersample(set: SplitSource, options?: ResampleOptions): Int32Array
/** {@link undersample} of examples that have these labels. @example undersample(['dog', 'dog', 'rain']).length // 2 */
export function undersample(labels: Labels, options?: ResampleOptions): Int32Array
export function undersample(from: SplitSource | Labels, options: ResampleOptions = {}): Int32Array {
  assertKnown('undersample', options, resampleNames)
  const { classes, rng, examples } = prepare(from, options)
  const smallest = classes.reduce((least, { length }) => Math.min(least, length), examples.length)
  const indices = new Int32Array(smallest * classes.length)
  for (const [code, members] of classes.entries()) {
    indices.set(rng.shuffle(members).subarray(0, smallest), code * smallest)
  }
  return indices.sort()
}

/**
 * Makes one epoch of batches in which all classes are equally frequent, up to one example. Within a class, each example comes once
 * before any comes again, and each round has a new order. The epoch ends with the first full batch after which each example of the
 * largest class has come.
 *
 * Its batches hold examples of a set, not clips, as with {@link oversample}.
 *
 * @param set - Its examples go into the batches. You may pass labels instead, one for each example.
 * @returns Batches of `batchSize` indices, made one at a time. If a batch has fewer places than there are classes,
 *   the classes take turns from batch to batch.
 * @throws EscError INVALID_OPTION if `batchSize < 1`; INVALID_INPUT if there are no labels, or an index is none of an
 *   example.
 * @example for (const batch of balancedBatches(features, { indices: split.train, batchSize: 32 })) console.log(batch)
 */
export function balancedBatches(
  set: SplitSource,
  options: BalancedBatchesOptions,
): Generator<Int32Array, void, undefined>
/** {@link balancedBatches} of examples that have these labels. @example balancedBatches(['dog', 'rain'], { batchSize: 2 }) */
export function balancedBatches(
  labels: Labels,
  options: BalancedBatchesOptions,
): Generator<Int32Array, void, undefined>
export function balancedBatches(
  from: SplitSource | Labels,
  options: BalancedBatchesOptions,
): Generator<Int32Array, void, undefined> {
  assertKnown('balancedBatches', asOptions('balancedBatches', options), {
    batchSize: true,
    seed: true,
    indices: true,
  })
  const { batchSize } = options
  assertInteger('batchSize', batchSize, 1)
  const { classes, rng } = prepare(from, options)
  return dealBatches(classes, batchSize, rng)
}

function* dealBatches(
  classes: readonly Int32Array[],
  batchSize: number,
  rng: Rng,
): Generator<Int32Array, void, undefined> {
  const largest = classes.reduce((most, { length }) => Math.max(most, length), 0)
  const next = new Int32Array(classes.length)
  for (let dealt = 0; dealt < largest * classes.length; dealt += batchSize) {
    const batch = new Int32Array(batchSize)
    for (let i = 0; i < batchSize; i++) {
      const code = (dealt + i) % classes.length
      const members = classes[code]!
      const place = next[code]! % members.length
      if (place === 0) rng.shuffle(members)
      batch[i] = members[place]!
      next[code]!++
    }
    yield batch
  }
}

/** The members of each class, classes in ascending order, and all examples in their order. */
function prepare(
  from: SplitSource | Labels,
  options: ResampleOptions,
): { classes: Int32Array[]; examples: Int32Array; rng: Rng } {
  const { seed = 0 } = options
  const rng = createRng(seed)
  const { labels, examples } = pickExamples(from, options)
  const encoding = encodeSorted('labels', labels)
  const { members, starts } = membersByCode(encoding)
  const indices = members.map((place) => examples[place]!)
  const classes = encoding.counts.map((_, code) => indices.subarray(starts[code]!, starts[code + 1]!))
  return { classes, examples, rng }
}

/** The selected examples, and the label of each. */
function pickExamples(
  from: SplitSource | Labels,
  { indices }: BalanceOptions,
): { labels: Labels; examples: Int32Array } {
  const labels = labelsOf(from)
  assertValues('labels', labels)
  if (labels.length === 0) throw new EscError('INVALID_INPUT', 'there are no labels; pass one per example')
  if (indices === undefined) return { labels, examples: range(labels.length) }
  if (!isNumberList(indices)) throw wrongValue('indices', indices, 'a list of indices, such as split.train')
  for (let i = 0; i < indices.length; i++) {
    const index = indices[i]!
    if (Number.isInteger(index) && index >= 0 && index < labels.length) continue
    const found = `indices[${i}]=${shown(index)} is not an index of the ${count(labels.length, 'example')}`
    throw new EscError('INVALID_INPUT', found)
  }
  if (!(indices.length > 0))
    throw new EscError('INVALID_INPUT', 'indices is empty; leave it out for all examples')
  const examples = Int32Array.from(indices)
  return { labels: Array.from(examples, (index) => labels[index]!), examples }
}

function labelsOf(from: SplitSource | Labels): Labels {
  if (!isSource(from)) return from
  const { labels, clipOf } = clipsOf(from)
  return Array.from(clipOf, (clip) => labels[clip]!)
}
