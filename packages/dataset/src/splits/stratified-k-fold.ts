/** `stratifiedKFold`: folds with the classes' shares. It ignores groups, so siblings may land on both sides. */
import { assertInteger, assertKnown, createRng } from '@esc/core'
import type { KFoldOptions } from './k-fold.js'
import { assertEnough, assertMembers, type Splits, splitsByFold } from './shared/folds.js'
import { assertValues, encodeByAppearance, type Labels, startsOf } from './shared/labels.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './shared/source.js'

/**
 * Makes K folds in which each class is equally frequent, up to one clip.
 *
 * Without a seed the folds are scikit-learn's: each class goes into the folds in blocks, in the order of the clips. With a seed the
 * clips of a class are shuffled over its places; the random numbers are not NumPy's. Renaming the labels changes nothing. A class
 * with fewer members than folds is absent from some test parts. There scikit-learn warns, and this does not.
 *
 * @param set - Its clips go into the folds. You may pass labels instead, one for each example.
 * @returns As {@link kFold}.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if there are more folds than clips, every
 *   class has fewer members than folds, or two examples of one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `StratifiedKFold._make_test_folds`.
 * @example for (const { train, test } of stratifiedKFold(features, { nSplits: 5 })) console.log(train, test)
 */
export function stratifiedKFold(set: SplitSource, options?: KFoldOptions): Splits
/**
 * {@link stratifiedKFold} of examples that have these labels.
 *
 * @example for (const { test } of stratifiedKFold(['dog', 'rain', 'dog', 'rain'], { nSplits: 2 })) console.log(test)
 */
export function stratifiedKFold(labels: Labels, options?: KFoldOptions): Splits
export function stratifiedKFold(from: SplitSource | Labels, options: KFoldOptions = {}): Splits {
  assertKnown('stratifiedKFold', options, { nSplits: true, seed: true })
  if (!isSource(from)) return dealByClass(from, options, 'examples')
  const clips = clipsOf(from)
  return expandEach(clips, dealByClass(clips.labels, options, 'clips'))
}

function dealByClass(labels: Labels, { nSplits = 5, seed = null }: KFoldOptions, units: Unit): Splits {
  assertInteger('nSplits', nSplits, 2)
  assertValues('labels', labels)
  assertEnough(nSplits, units, labels.length)
  const { codes, counts } = encodeByAppearance('labels', labels)
  assertMembers(nSplits, counts)
  const rng = seed === null ? null : createRng(seed)
  const starts = startsOf(counts)
  const folds = new Int32Array(labels.length)
  for (let code = 0; code < counts.length; code++) {
    const start = starts[code]!
    const end = starts[code + 1]!
    let next = start
    for (let fold = 0; fold < nSplits; fold++) {
      // As many as this fold has places in the class, when examples sorted by class are given to the folds in turn.
      const until = next + Math.ceil((end - fold) / nSplits) - Math.ceil((start - fold) / nSplits)
      folds.fill(fold, next, until)
      next = until
    }
    rng?.shuffle(folds.subarray(start, end))
  }
  return splitsByFold(
    codes.map((code) => folds[starts[code]!++]!),
    nSplits,
  )
}
