/** `groupKFold`: folds of about the same size that keep the clips of one group together. */
import { assertInteger, assertKnown } from '@esc/core'
import { assertEnough, type Splits, splitsByFold } from './shared/folds.js'
import { encodeSorted, type Labels } from './shared/labels.js'
import { argsort } from './shared/numpy.js'
import { clipsOf, expandEach, isSource, type SplitSource } from './shared/source.js'

/** Options of {@link groupKFold}. */
export interface GroupKFoldOptions {
  /** The number of folds. @defaultValue `5` */
  nSplits?: number
}

/**
 * Makes K folds of about the same size in which no group is on both sides. The largest group goes to the smallest fold, then the next
 * largest, and so on. Among equally large groups, the one that NumPy's unstable sort puts last goes first, as in scikit-learn.
 *
 * @param set - The groups of its clips go into the folds. You may pass groups instead, one for each example.
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
