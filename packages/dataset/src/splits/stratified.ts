/** One random split: of clips, with the classes' shares if asked, or of whole groups. */
import { assertInteger, assertKnown, createRng, EscError, type Rng, type Split } from '@esc/core'
import { countByGroup } from './deal-groups.js'
import { assertSameLength, range } from './folds.js'
import { assertValues, type Encoding, encodeByAppearance, type Labels, membersByCode } from './labels.js'
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
import {
  type Clips,
  clipsOf,
  expand,
  isSource,
  labelsOfClips,
  type SplitSource,
  type Unit,
} from './source.js'

/** Options of {@link trainTestSplit} of a number of examples; `testSize` is by default 0.25. */
export interface TrainTestSplitOptions extends PartSizeOptions {
  /** @defaultValue 0 */
  seed?: number
  /** One class for each example, to keep the classes' shares in both parts; `null` draws freely. @defaultValue `null` */
  stratify?: Labels | null
  /**
   * One group for each example, none of which is then on both sides; `null` ignores siblings. Sizes count groups, as
   * {@link groupShuffleSplit}'s do, and `stratify` keeps the classes' shares of the groups. A group of several classes
   * counts for the one that most of its examples have.
   *
   * @defaultValue `null`
   */
  groups?: Labels | null
}

/** Options of {@link trainTestSplit} of a set: as {@link TrainTestSplitOptions}, and `true` means the set's own. */
export interface TrainTestSplitSetOptions extends Omit<TrainTestSplitOptions, 'stratify' | 'groups'> {
  /** `true` keeps the shares of the set's classes in both parts. @defaultValue `null` */
  stratify?: true | Labels | null
  /** `true` puts none of the set's groups on both sides. @defaultValue `null` */
  groups?: true | Labels | null
}

/** Options of {@link stratifiedSplit}. Sizes are shares in (0, 1), or numbers of clips. */
export interface StratifiedSplitOptions {
  /** @defaultValue 0 */
  seed?: number
  /** Of all clips. @defaultValue 0.2 */
  testSize?: number
  /** Of what the test part leaves; `null` makes no validation part. @defaultValue 0.2 */
  validationSize?: number | null
}

/**
 * Splits clips at random into training and test. With `stratify`, each class gets its exact share rounded
 * down or up; the clips that rounding leaves over go to the classes with the largest remainders, ties
 * drawn at random. With `groups`, whole groups are drawn, large ones as likely as small ones: where the clips of each
 * class must be even, take the first fold of {@link stratifiedGroupKFold}.
 *
 * Differs from scikit-learn: takes a set or a count and returns indices, in ascending order; takes groups; remainders are
 * compared exactly, where `_approximate_mode` compares floats; the generator is another, so one seed gives another
 * draw.
 *
 * @param set - Its clips are drawn. A number in its place is a number of examples.
 * @throws EscError INVALID_OPTION if a size is out of range; INVALID_INPUT if a part would be empty, both need more
 *   clips than there are, a class has one member, or a part has fewer clips than there are classes; with
 *   groups, the same of groups. INVALID_INPUT also if two examples of one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `train_test_split`, `StratifiedShuffleSplit`, `_approximate_mode`.
 * @example const { train, test } = trainTestSplit(features, { seed: 42, stratify: true, groups: true })
 */
export function trainTestSplit(set: SplitSource, options?: TrainTestSplitSetOptions): Split
/**
 * {@link trainTestSplit} of `count` examples.
 *
 * @example const { train, test } = trainTestSplit(4, { testSize: 2, stratify: ['dog', 'rain', 'dog', 'rain'] })
 */
export function trainTestSplit(count: number, options?: TrainTestSplitOptions): Split
export function trainTestSplit(from: SplitSource | number, options: TrainTestSplitSetOptions = {}): Split {
  assertKnown('trainTestSplit', options, {
    seed: true,
    stratify: true,
    groups: true,
    testSize: true,
    trainSize: true,
  })
  const clips = isSource(from) ? clipsOf(from) : null
  const drawn: TrainTestSplitOptions = {
    ...options,
    stratify: listOf('stratify', options.stratify ?? null, clips?.labels, clips),
    groups: listOf('groups', options.groups ?? null, clips?.groups, clips),
  }
  if (clips === null) return drawSplit(from as number, drawn, 'examples')
  return expand(clips, drawSplit(clips.ids.length, drawn, 'clips'))
}

/** The list that an option of {@link trainTestSplit} stands for: one value for each unit that is drawn. */
function listOf(
  name: 'stratify' | 'groups',
  value: true | Labels | null,
  own: Labels | undefined,
  clips: Clips | null,
): Labels | null {
  if (value === null) return null
  if (typeof value === 'object') return clips === null ? value : labelsOfClips(name, value, clips)
  if (value === true && own !== undefined) return own
  const rule = own === undefined ? 'an array, or null' : 'true, an array, or null'
  throw new EscError('INVALID_OPTION', `${name}=${String(value)} must be ${rule}`)
}

function drawSplit(count: number, options: TrainTestSplitOptions, units: Unit): Split {
  const { seed = 0, stratify = null, groups = null } = options
  assertInteger('count', count, 1)
  if (stratify !== null) assertSameLength('labels in stratify', stratify.length, 'examples', count)
  const rng = createRng(seed)
  if (groups === null) {
    const sizes = partCounts(count, options, 0.25, units)
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
 * Splits clips at random into training, validation and test, each with the classes' shares: two
 * {@link trainTestSplit}s, the second over what the first leaves for training.
 *
 * @param set - Its clips are drawn. In its place it takes labels, one for each example.
 * @throws EscError as {@link trainTestSplit} does.
 * @example const { train, validation, test } = stratifiedSplit(features, { seed: 42 })
 */
export function stratifiedSplit(set: SplitSource, options?: StratifiedSplitOptions): Split
/** {@link stratifiedSplit} of examples that have these labels. @example stratifiedSplit(labels, { seed: 42 }) */
export function stratifiedSplit(labels: Labels, options?: StratifiedSplitOptions): Split
export function stratifiedSplit(from: SplitSource | Labels, options: StratifiedSplitOptions = {}): Split {
  assertKnown('stratifiedSplit', options, { seed: true, testSize: true, validationSize: true })
  if (!isSource(from)) {
    assertValues('labels', from)
    return drawTwice(from, options, 'examples')
  }
  const clips = clipsOf(from)
  return expand(clips, drawTwice(clips.labels, options, 'clips'))
}

function drawTwice(labels: Labels, options: StratifiedSplitOptions, units: Unit): Split {
  const { seed = 0, testSize = 0.2, validationSize = 0.2 } = options
  const outer = drawSplit(labels.length, { testSize, seed, stratify: labels }, units)
  if (validationSize === null) return outer
  const rest = outer.train.length
  const stratify = Array.from(outer.train, (i) => labels[i]!)
  const validationCount = countOf('validationSize', validationSize, rest, units)
  const inner = drawSplit(rest, { testSize: validationCount, seed, stratify }, units)
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
