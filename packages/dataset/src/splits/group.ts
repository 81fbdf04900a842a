/** K folds that keep clips of one field recording together. */
import { assertInteger, assertKnown, EscError, isEscError, type Split } from '@esc/core'
import { dealGroups } from './deal-groups.js'
import { assertEnough, assertMembers, assertSameLength, type Splits, splitsByFold } from './folds.js'
import { assertValues, encodeSorted, type Labels } from './labels.js'
import { argsort } from './numpy.js'
import { type Clips, clipsOf, expand, expandEach, isSource, type SplitSource } from './source.js'

/** Options of {@link groupKFold}. */
export interface GroupKFoldOptions {
  /** @defaultValue 5 */
  nSplits?: number
}

/** Options of {@link stratifiedGroupKFold}. */
export interface StratifiedGroupKFoldOptions {
  /** @defaultValue 5 */
  nSplits?: number
  /** Shuffles the groups before they are dealt out; `null` does not (`shuffle=False`). @defaultValue `null` */
  seed?: number | null
}

/** Options of {@link stratifiedGroupSplit}. */
export interface StratifiedGroupSplitOptions {
  /** @defaultValue 0 */
  seed?: number
}

/**
 * K folds of about the same size in which no group is on both sides: the largest group goes to the smallest fold,
 * and so on. Of equally large groups the one that NumPy's unstable sort puts last goes first, as in scikit-learn.
 *
 * @param set - The groups of its clips are dealt out. In its place it takes groups, one for each example.
 * @returns `nSplits` splits into train and test, made one at a time; each example is in one test part. Indices in
 *   ascending order.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if there are fewer groups than folds, or two examples of
 *   one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `GroupKFold`; the folds are the same.
 * @example for (const { train, test } of groupKFold(features, { nSplits: 5 })) console.log(train, test)
 */
export function groupKFold(set: SplitSource, options?: GroupKFoldOptions): Splits
/**
 * {@link groupKFold} of examples that are of these groups.
 *
 * @example for (const { train, test } of groupKFold(['a', 'a', 'b', 'c'], { nSplits: 2 })) console.log(train, test)
 */
export function groupKFold(groups: Labels, options?: GroupKFoldOptions): Splits
export function groupKFold(from: SplitSource | Labels, options: GroupKFoldOptions = {}): Splits {
  assertKnown('groupKFold', options, { nSplits: true })
  if (!isSource(from)) return dealBySize(from, options)
  const clips = clipsOf(from)
  return expandEach(clips, dealBySize(clips.groups, options))
}

function dealBySize(groups: Labels, { nSplits = 5 }: GroupKFoldOptions): Splits {
  assertInteger('nSplits', nSplits, 2)
  const { codes, counts } = encodeSorted('groups', groups)
  assertEnough(nSplits, 'groups', counts.length)
  const foldSizes = new Float64Array(nSplits)
  const foldOf = new Int32Array(counts.length)
  for (const group of argsort(counts).reverse()) {
    let lightest = 0
    for (let fold = 1; fold < nSplits; fold++) {
      if (foldSizes[fold]! < foldSizes[lightest]!) lightest = fold
    }
    foldSizes[lightest]! += counts[group]!
    foldOf[group] = lightest
  }
  return splitsByFold(
    codes.map((group) => foldOf[group]!),
    nSplits,
  )
}

/**
 * K folds in which no group is on both sides and each class's share is as even as a greedy deal can make it:
 * groups are taken from the most to the least uneven, each put where the classes' spread over the folds stays
 * smallest.
 *
 * Without a seed the folds are those of scikit-learn, rounding of its sums included (but for tables of a single class
 * and nine folds or more, where NumPy sums in another order). That order of sums runs
 * over the classes in ascending order, so a renaming of the labels that changes their order may break a tie
 * the other way. Where a class has fewer members than folds scikit-learn warns, and this does not.
 *
 * Differs from scikit-learn 1.2: with a seed, whole groups are shuffled; there, `shuffle=True` shuffles the
 * groups' class counts and leaves their names behind, which loses the stratification. An empty part is an
 * error.
 *
 * @param set - The groups of its clips are dealt out. In its place it takes labels and groups, one of each for each example.
 * @returns `nSplits` splits into train and test, made one at a time; each example is in one test part. Indices in
 *   ascending order.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if the lengths differ, there are fewer
 *   groups than folds, every class has fewer members than folds, the deal leaves a fold empty, or two examples of one clip
 *   differ in label, group or fold.
 * @see scikit-learn 1.2 `StratifiedGroupKFold`.
 * @example for (const { test } of stratifiedGroupKFold(features, { nSplits: 5, seed: 42 })) console.log(test)
 */
export function stratifiedGroupKFold(set: SplitSource, options?: StratifiedGroupKFoldOptions): Splits
/**
 * {@link stratifiedGroupKFold} of examples that have these labels and groups.
 *
 * @param labels - One class for each example.
 * @param groups - One group for each example.
 * @example for (const { test } of stratifiedGroupKFold([0, 0, 1, 1], ['a', 'b', 'c', 'd'], { nSplits: 2 })) console.log(test)
 */
export function stratifiedGroupKFold(
  labels: Labels,
  groups: Labels,
  options?: StratifiedGroupKFoldOptions,
): Splits
export function stratifiedGroupKFold(
  from: SplitSource | Labels,
  second?: Labels | StratifiedGroupKFoldOptions,
  third?: StratifiedGroupKFoldOptions,
): Splits {
  const { clips, labels, groups, options } = readArguments(from, second, third)
  assertKnown('stratifiedGroupKFold', options, { nSplits: true, seed: true })
  const splits = dealEvenly(labels, groups, options)
  return clips === null ? splits : expandEach(clips, splits)
}

/** Tells `(set, options)` from `(labels, groups, options)`. */
function readArguments<T extends object>(
  from: SplitSource | Labels,
  second: Labels | T | undefined,
  third: T | undefined,
): { clips: Clips | null; labels: Labels; groups: Labels; options: T | undefined } {
  if (!isSource(from)) return { clips: null, labels: from, groups: second as Labels, options: third }
  const clips = clipsOf(from)
  return { clips, labels: clips.labels, groups: clips.groups, options: second as T | undefined }
}

function dealEvenly(
  labels: Labels,
  groups: Labels,
  { nSplits = 5, seed = null }: StratifiedGroupKFoldOptions = {},
): Splits {
  assertInteger('nSplits', nSplits, 2)
  assertValues('labels', labels)
  assertValues('groups', groups)
  assertSameLength('labels', labels.length, 'groups', groups.length)
  const classes = encodeSorted('labels', labels)
  const sources = encodeSorted('groups', groups)
  assertEnough(nSplits, 'groups', sources.counts.length)
  assertMembers(nSplits, classes.counts)
  const foldOf = dealGroups(classes, sources, nSplits, seed)
  const used = new Set(foldOf)
  for (let fold = 0; fold < nSplits; fold++) {
    if (!used.has(fold)) {
      throw new EscError('INVALID_INPUT', `fold ${fold} of ${nSplits} would be empty; use fewer splits`)
    }
  }
  return splitsByFold(
    sources.codes.map((group) => foldOf[group]!),
    nSplits,
  )
}

/**
 * One split into training, validation and test that shares no group: the first of five folds is the test
 * part, the first of five folds of the rest the validation part. That is 64, 16 and 20 %, as nearly as whole
 * groups allow.
 *
 * @param set - The groups of its clips are dealt out. In its place it takes labels and groups, one of each for each example.
 * @throws EscError as {@link stratifiedGroupKFold} does.
 * @example const { train, validation, test } = stratifiedGroupSplit(features, { seed: 42 })
 */
export function stratifiedGroupSplit(set: SplitSource, options?: StratifiedGroupSplitOptions): Required<Split>
/**
 * {@link stratifiedGroupSplit} of examples that have these labels and groups.
 *
 * @param labels - One class for each example.
 * @param groups - One group for each example.
 * @example stratifiedGroupSplit(records.map((r) => r.labelIndex), records.map((r) => r.group), { seed: 42 })
 */
export function stratifiedGroupSplit(
  labels: Labels,
  groups: Labels,
  options?: StratifiedGroupSplitOptions,
): Required<Split>
export function stratifiedGroupSplit(
  from: SplitSource | Labels,
  second?: Labels | StratifiedGroupSplitOptions,
  third?: StratifiedGroupSplitOptions,
): Required<Split> {
  const { clips, labels, groups, options } = readArguments(from, second, third)
  assertKnown('stratifiedGroupSplit', options, { seed: true })
  const split = splitTwice(labels, groups, options)
  return clips === null ? split : expand(clips, split)
}

function splitTwice(
  labels: Labels,
  groups: Labels,
  { seed = 0 }: StratifiedGroupSplitOptions = {},
): Required<Split> {
  assertValues('labels', labels)
  assertValues('groups', groups)
  assertSameLength('labels', labels.length, 'groups', groups.length)
  // Numbers that sort as the names do: cheaper to deal out twice.
  const classes = encodeSorted('labels', labels).codes
  const sources = encodeSorted('groups', groups).codes
  assertInteger('seed', seed, 0)
  const groupCount = new Set(sources).size
  const first = (classes: Labels, sources: Labels) => {
    try {
      return firstOfFive(classes, sources, seed)
    } catch (cause) {
      // The seed is good: what else is refused are the counts.
      if (!isEscError(cause)) throw cause
      const found = `${labels.length} clips in ${groupCount} groups are too few for three parts`
      const advice = 'five folds are dealt out twice, and each class and the groups must fill them'
      throw new EscError(cause.code, `${found}: ${advice}`, { cause })
    }
  }
  const outer = first(classes, sources)
  const rest = (codes: Int32Array) => outer.train.map((i) => codes[i]!)
  const inner = first(rest(classes), rest(sources))
  const pick = (indices: Int32Array) => indices.map((i) => outer.train[i]!)
  return { train: pick(inner.train), validation: pick(inner.test), test: outer.test }
}

function firstOfFive(labels: Labels, groups: Labels, seed: number): Split {
  const [first] = dealEvenly(labels, groups, { nSplits: 5, seed })
  return first!
}
