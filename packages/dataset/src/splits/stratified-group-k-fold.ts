/** `stratifiedGroupKFold`: folds with the classes' shares that keep the clips of one group together. */
import { assertInteger, assertKnown, EscError } from '@esc/core'
import { dealGroups } from './shared/deal-groups.js'
import { assertEnough, assertMembers, assertSameLength, type Splits, splitsByFold } from './shared/folds.js'
import { assertValues, encodeSorted, type Labels } from './shared/labels.js'
import { type Clips, clipsOf, expandEach, isSource, type SplitSource } from './shared/source.js'

/** Options of {@link stratifiedGroupKFold}. */
export interface StratifiedGroupKFoldOptions {
  /** The number of folds. @defaultValue `5` */
  nSplits?: number
  /** Seed of a shuffle of the groups; `null` does not shuffle (scikit-learn's `shuffle=False`). @defaultValue `null` */
  seed?: number | null
}

/**
 * Makes K folds in which no group is on both sides, and each class is about equally frequent. It takes the groups from the most to
 * the least uneven, and puts each into the fold where the spread of the classes over the folds stays smallest.
 *
 * Without a seed the folds are scikit-learn's, with the same rounding of sums (except for a single class and nine folds or more,
 * where NumPy sums in another order). The sums run over the classes in ascending order, so new names of labels that change their
 * order may decide a tie differently. If a class has fewer members than folds, scikit-learn warns, and this does not.
 *
 * Differs from scikit-learn 1.2: with a seed, whole groups are shuffled. There, `shuffle=True` shuffles the groups' class counts
 * without their names, and the classes are no longer even. An empty part is an error.
 *
 * @param set - The groups of its clips go into the folds. You may pass labels and groups instead, one of each for each example.
 * @returns `nSplits` splits into train and test, made one at a time; each example is in one test part. Indices in
 *   ascending order.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if the lengths differ, there are fewer
 *   groups than folds, every class has fewer members than folds, a fold would be empty, or two examples of one clip
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
export function readArguments<T extends object>(
  from: SplitSource | Labels,
  second: Labels | T | undefined,
  third: T | undefined,
): { clips: Clips | null; labels: Labels; groups: Labels; options: T | undefined } {
  if (!isSource(from)) return { clips: null, labels: from, groups: second as Labels, options: third }
  const clips = clipsOf(from)
  return { clips, labels: clips.labels, groups: clips.groups, options: second as T | undefined }
}

/** The folds of {@link stratifiedGroupKFold}, of labels and groups. */
export function dealEvenly(
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
