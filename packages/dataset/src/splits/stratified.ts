/** One random split: of examples, with the classes' shares if asked, or of whole groups. */
import { assertInteger, createRng, EscError, type Rng, type Split } from '@esc/core'
import { countByGroup } from './deal-groups.js'
import { assertSameLength, range } from './folds.js'
import { type Encoding, encodeByAppearance, type Labels, membersByCode } from './labels.js'
import {
  countOf,
  drawParts,
  type PartCounts,
  type PartSizeOptions,
  partCounts,
  splitOf,
  TEST,
  TRAIN,
} from './parts.js'

/** Options of {@link trainTestSplit}; `testSize` is by default 0.25. */
export interface TrainTestSplitOptions extends PartSizeOptions {
  /** Default 0. */
  seed?: number
  /** One class per example, to keep the classes' shares in both parts; `null`, the default, draws freely. */
  stratify?: Labels | null
  /**
   * One group per example, such as `record.group`, none of which is then on both sides; `null`, the default, ignores
   * siblings. Sizes count groups, as {@link groupShuffleSplit}'s do, and `stratify` keeps the classes' shares of the
   * groups, a group of several classes counting for the one that most of its examples have.
   */
  groups?: Labels | null
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
 * drawn at random. With `groups`, whole groups are drawn, large ones as likely as small ones: where the examples of each
 * class must be even, take the first fold of {@link stratifiedGroupKFold}.
 *
 * Differs from scikit-learn: takes a count and returns indices, in ascending order; takes groups; remainders are
 * compared exactly, where `_approximate_mode` compares floats; the generator is another, so one seed gives another
 * draw.
 *
 * @param count - How many examples there are.
 * @throws EscError INVALID_OPTION if a size is out of range; INVALID_INPUT if a part would be empty, both need more
 *   examples than there are, a class has one member, or a part has fewer examples than there are classes; with
 *   groups, the same of groups.
 * @see scikit-learn 1.2 `train_test_split`, `StratifiedShuffleSplit`, `_approximate_mode`.
 * @example
 * const classes = dataset.records.map((record) => record.labelIndex)
 * const groups = dataset.records.map((record) => record.group)
 * const { train, test } = trainTestSplit(classes.length, { seed: 42, stratify: classes, groups })
 */
export function trainTestSplit(count: number, options: TrainTestSplitOptions = {}): Split {
  const { seed = 0, stratify = null, groups = null } = options
  assertInteger('count', count, 1)
  if (stratify !== null) assertSameLength('labels in stratify', stratify.length, 'examples', count)
  const rng = createRng(seed)
  if (groups === null) {
    const sizes = partCounts(count, options, 0.25, 'examples')
    return splitOf(
      range(count),
      stratify === null ? drawParts(sizes, rng) : drawStratified(stratify, sizes, rng, 'example'),
    )
  }
  assertSameLength('groups', groups.length, 'examples', count)
  const sources = encodeByAppearance('groups', groups)
  const sizes = partCounts(sources.counts.length, options, 0.25, 'groups')
  const partOf =
    stratify === null
      ? drawParts(sizes, rng)
      : drawStratified(labelOfGroups(stratify, sources), sizes, rng, 'group')
  return splitOf(sources.codes, partOf)
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
    testSize: countOf('validationSize', validationSize, outer.train.length, 'examples'),
    seed,
    stratify: Array.from(outer.train, (i) => labels[i]!),
  })
  const pick = (indices: Int32Array) => indices.map((i) => outer.train[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}

/** The class that most of each group's examples have; of equally many, the one that appears first. */
function labelOfGroups(labels: Labels, sources: Encoding): (number | string)[] {
  const classes = encodeByAppearance('stratify', labels)
  const groups = countByGroup(classes, sources)
  return sources.counts.map((_, group) => {
    let most = groups.starts[group]!
    for (let e = most + 1; e < groups.starts[group + 1]!; e++) {
      if (groups.counts[e]! > groups.counts[most]!) most = e
    }
    return classes.values[groups.classes[most]!]!
  })
}

/** The part of each unit, the classes' shares kept. */
function drawStratified(
  labels: Labels,
  { trainCount, testCount, unitCount }: PartCounts,
  rng: Rng,
  unit: 'example' | 'group',
): Uint8Array {
  const classes = encodeByAppearance('stratify', labels)
  const { values, counts } = classes
  const single = counts.indexOf(1)
  if (single >= 0) {
    const member = unit === 'group' ? 'group' : 'member'
    throw new EscError(
      'INVALID_INPUT',
      `class ${values[single]} has 1 ${member}; a stratified split needs 2`,
      {
        detail: { label: values[single] },
      },
    )
  }
  for (const [part, size] of Object.entries({ test: testCount, train: trainCount })) {
    if (size < counts.length) {
      const rule = `must be at least the number of classes, ${counts.length}; change testSize`
      throw new EscError('INVALID_INPUT', `${part} part=${size} ${rule}`)
    }
  }
  const trainCounts = largestRemainder(counts, trainCount, rng)
  const left = counts.map((count, code) => count - trainCounts[code]!)
  const testCounts = trainCount + testCount === unitCount ? left : largestRemainder(left, testCount, rng)
  const { members, starts } = membersByCode(classes)
  const partOf = new Uint8Array(labels.length)
  for (let code = 0; code < counts.length; code++) {
    const drawn = rng.shuffle(members.subarray(starts[code]!, starts[code + 1]!))
    const trained = trainCounts[code]!
    for (let i = 0; i < trained; i++) partOf[drawn[i]!] = TRAIN
    for (let i = trained; i < trained + testCounts[code]!; i++) partOf[drawn[i]!] = TEST
  }
  return partOf
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
