/** What to do about classes of unequal size: weigh them, draw from them more or less often, or deal even batches. */
import { assertInteger, assertOneOf, createRng, EscError, type Rng } from '@esc/core'
import { encodeSorted, type Labels, membersByCode } from './splits/labels.js'

/** Options of {@link classWeights}. */
export interface ClassWeightOptions {
  /** Default `'balanced'`. */
  method?: 'balanced' | 'effective-number'
  /** In [0, 1), of `'effective-number'` alone: 0 weighs all classes alike, towards 1 as `'balanced'`. Default 0.999. */
  beta?: number
}

/** Options of {@link oversample} and {@link undersample}. */
export interface ResampleOptions {
  /** Default 0. */
  seed?: number
}

/** Options of {@link balancedBatches}. */
export interface BalancedBatchesOptions {
  /** Examples a batch. */
  batchSize: number
  /** Default 0. Take another for each epoch. */
  seed?: number
}

/**
 * A weight for each class, the larger the fewer its examples.
 *
 * `'balanced'` is `n / (k * count)` for `n` examples in `k` classes. `'effective-number'` is `(1 - beta) /
 * (1 - beta ** count)`, scaled so that the weights sum to `k`: further examples of a class count less and less.
 *
 * @param labels - One class per example.
 * @returns The weight of each class that occurs, classes in ascending order.
 * @throws EscError INVALID_OPTION if `method` is unknown or `beta` not in [0, 1); INVALID_INPUT if there are no labels.
 * @see scikit-learn 1.2 `compute_class_weight`; Cui et al. 2019, "Class-Balanced Loss Based on Effective Number of
 *   Samples", equation 2 and section 4.
 * @example classWeights(['dog', 'dog', 'dog', 'rain']) // Map { 'dog' => 0.667, 'rain' => 2 }
 */
export function classWeights(labels: Labels, options: ClassWeightOptions = {}): Map<number | string, number> {
  const { method = 'balanced', beta = 0.999 } = options
  assertOneOf('method', method, ['balanced', 'effective-number'])
  if (!(beta >= 0 && beta < 1)) throw new EscError('INVALID_OPTION', `beta=${beta} must lie in [0, 1)`)
  assertSome(labels)
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
 * Indices with each class as often as the largest: all examples, then, class by class in ascending order, others drawn
 * with replacement. Resample the training part alone: copies in the test part would be counted twice.
 *
 * @param labels - One class per example.
 * @throws EscError INVALID_INPUT if there are no labels.
 * @see imbalanced-learn 0.12 `RandomOverSampler`; its random numbers are NumPy's, ours are not.
 * @example oversample(['dog', 'dog', 'rain']) // Int32Array [0, 1, 2, 2]
 */
export function oversample(labels: Labels, options: ResampleOptions = {}): Int32Array {
  const { classes, rng } = prepare(labels, options)
  const largest = classes.reduce((most, { length }) => Math.max(most, length), 0)
  const indices = new Int32Array(largest * classes.length)
  for (let i = 0; i < labels.length; i++) indices[i] = i
  let next = labels.length
  for (const members of classes) {
    for (let i = members.length; i < largest; i++) indices[next++] = members[rng.integer(members.length)]!
  }
  return indices
}

/**
 * Indices with each class as often as the smallest, drawn without replacement; in ascending order.
 *
 * @param labels - One class per example.
 * @throws EscError INVALID_INPUT if there are no labels.
 * @see imbalanced-learn 0.12 `RandomUnderSampler`, which returns them class by class; its random numbers are NumPy's.
 * @example undersample(['dog', 'dog', 'rain']).length // 2
 */
export function undersample(labels: Labels, options: ResampleOptions = {}): Int32Array {
  const { classes, rng } = prepare(labels, options)
  const smallest = classes.reduce((least, { length }) => Math.min(least, length), labels.length)
  const indices = new Int32Array(smallest * classes.length)
  for (const [code, members] of classes.entries()) {
    indices.set(rng.shuffle(members).subarray(0, smallest), code * smallest)
  }
  return indices.sort()
}

/**
 * One epoch of batches in which each class is as often as any other, or once more. Within a class every example comes
 * before any comes again, each round in a new order. The epoch ends with the first full batch by which the largest
 * class has been through.
 *
 * @param labels - One class per example.
 * @returns Batches of `batchSize` indices, made one at a time. With fewer places than classes, the classes take turns
 *   from batch to batch.
 * @throws EscError INVALID_OPTION if `batchSize < 1`; INVALID_INPUT if there are no labels.
 * @example for (const batch of balancedBatches(labels, { batchSize: 32, seed: epoch })) train(batch)
 */
export function balancedBatches(
  labels: Labels,
  options: BalancedBatchesOptions,
): Generator<Int32Array, void, undefined> {
  const { batchSize } = options
  assertInteger('batchSize', batchSize, 1)
  const { classes, rng } = prepare(labels, options)
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

/** The members of each class, classes in ascending order. */
function prepare(labels: Labels, { seed = 0 }: ResampleOptions): { classes: Int32Array[]; rng: Rng } {
  const rng = createRng(seed)
  assertSome(labels)
  const encoding = encodeSorted('labels', labels)
  const { members, starts } = membersByCode(encoding)
  return {
    classes: encoding.counts.map((_, code) => members.subarray(starts[code]!, starts[code + 1]!)),
    rng,
  }
}

function assertSome(labels: Labels): void {
  if (labels.length === 0) throw new EscError('INVALID_INPUT', 'there are no labels; pass one per example')
}
