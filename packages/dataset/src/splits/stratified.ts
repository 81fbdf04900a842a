/** Random splits that keep the classes' shares. They ignore groups: siblings may land on both sides. */
import { assertInteger, createRng, EscError, type Rng, type Split } from '@esc/core'
import { encodeByAppearance, type Labels } from './labels.js'

/** Options of {@link trainTestSplit}. */
export interface TrainTestSplitOptions {
  /** A share in (0, 1), rounded up to whole examples, or a number of examples >= 1. Default 0.25. */
  testSize?: number
  /** Default 0. */
  seed?: number
  /** One class per example, to keep the classes' shares in both parts; `null`, the default, draws freely. */
  stratify?: Labels | null
}

/** Options of {@link stratifiedSplit}. Sizes are shares in (0, 1), or numbers of examples. */
export interface StratifiedSplitOptions {
  /** Default 0. */
  seed?: number
  /** Of all examples. Default 0.2. */
  testSize?: number
  /** Of what the test part leaves. Default 0.2; `null` makes no validation part. */
  validationSize?: number | null
}

/**
 * Splits examples at random into training and test. With `stratify`, each class gets its exact share rounded
 * down or up; the examples that rounding leaves over go to the classes with the largest remainders, ties
 * drawn at random.
 *
 * Differs from scikit-learn: takes a count and returns indices, in ascending order; remainders are compared
 * exactly, where `_approximate_mode` compares floats; the generator is another, so one seed gives another
 * draw.
 *
 * @param count - How many examples there are.
 * @throws EscError INVALID_OPTION if `testSize` is out of range; INVALID_INPUT if a part would be empty, a
 *   class has one member, or a part has fewer examples than there are classes.
 * @see scikit-learn 1.2 `train_test_split`, `StratifiedShuffleSplit`, `_approximate_mode`.
 * @example
 * const classes = dataset.records.map((record) => record.labelIndex)
 * const { train, test } = trainTestSplit(classes.length, { seed: 42, stratify: classes })
 */
export function trainTestSplit(count: number, options: TrainTestSplitOptions = {}): Split {
  const { testSize = 0.25, seed = 0, stratify = null } = options
  assertInteger('count', count, 1)
  const testCount = countOf('testSize', testSize, count)
  const rng = createRng(seed)
  if (stratify === null) {
    const order = rng.shuffle(Int32Array.from({ length: count }, (_, i) => i))
    return { train: order.slice(testCount).sort(), test: order.slice(0, testCount).sort() }
  }
  if (stratify.length !== count) {
    throw new EscError('INVALID_INPUT', `stratify has ${stratify.length} labels for ${count} examples`)
  }
  const isTrain = drawTrain(stratify, testCount, rng)
  const indices = Int32Array.from({ length: count }, (_, i) => i)
  return { train: indices.filter((i) => isTrain[i] === 1), test: indices.filter((i) => isTrain[i] === 0) }
}

/**
 * Splits examples at random into training, validation and test, each with the classes' shares: two
 * {@link trainTestSplit}s, the second over what the first leaves for training.
 *
 * @param labels - One class per example.
 * @throws EscError as {@link trainTestSplit} does.
 * @example stratifiedSplit(dataset.records.map((record) => record.label), { seed: 42 })
 */
export function stratifiedSplit(labels: Labels, options: StratifiedSplitOptions = {}): Split {
  const { seed = 0, testSize = 0.2, validationSize = 0.2 } = options
  const outer = trainTestSplit(labels.length, { testSize, seed, stratify: labels })
  if (validationSize === null) return outer
  const inner = trainTestSplit(outer.train.length, {
    testSize: countOf('validationSize', validationSize, outer.train.length),
    seed,
    stratify: Array.from(outer.train, (i) => labels[i]!),
  })
  const pick = (indices: Int32Array) => indices.map((i) => outer.train[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}

function countOf(name: string, size: number, count: number): number {
  const isShare = size > 0 && size < 1
  if (!isShare && !(Number.isInteger(size) && size >= 1)) {
    throw new EscError('INVALID_OPTION', `${name}=${size} must be a share in (0, 1) or a whole number >= 1`)
  }
  const result = isShare ? Math.ceil(size * count) : size
  if (result >= count) {
    throw new EscError(
      'INVALID_INPUT',
      `${name}=${size} takes all of ${count} examples; none is left to train`,
    )
  }
  return result
}

/** 1 for each example that goes to training. */
function drawTrain(labels: Labels, testCount: number, rng: Rng): Uint8Array {
  const { values, codes, counts } = encodeByAppearance(labels)
  const single = counts.indexOf(1)
  if (single >= 0) {
    throw new EscError('INVALID_INPUT', `class ${values[single]} has 1 member; a stratified split needs 2`, {
      detail: { label: values[single] },
    })
  }
  const trainCount = labels.length - testCount
  for (const [part, size] of Object.entries({ test: testCount, train: trainCount })) {
    if (size < counts.length) {
      const rule = `must be at least the number of classes, ${counts.length}; change testSize`
      throw new EscError('INVALID_INPUT', `${part} part=${size} ${rule}`)
    }
  }
  const trainCounts = largestRemainder(counts, trainCount, rng)
  const isTrain = new Uint8Array(labels.length)
  for (let code = 0; code < counts.length; code++) {
    const members = Int32Array.from(codes.keys()).filter((i) => codes[i] === code)
    for (const i of rng.shuffle(members).subarray(0, trainCounts[code]!)) isTrain[i] = 1
  }
  return isTrain
}

/**
 * Shares `total` out in proportion to `counts`; in whole numbers, so that equal remainders are seen as equal.
 */
function largestRemainder(counts: readonly number[], total: number, rng: Rng): number[] {
  const sum = counts.reduce((a, b) => a + b, 0)
  const shares = counts.map((count) => Math.floor((count * total) / sum))
  const remainders = counts.map((count) => (count * total) % sum)
  const left = total - shares.reduce((a, b) => a + b, 0)
  // Shuffled first, and the sort is stable: so ties fall at random.
  const order = rng.shuffle(counts.map((_, code) => code)).sort((a, b) => remainders[b]! - remainders[a]!)
  for (const code of order.slice(0, left)) shares[code]!++
  return shares
}
