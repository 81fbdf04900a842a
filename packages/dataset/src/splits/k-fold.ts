/** `kFold`: folds of single clips. It ignores groups, so siblings may land on both sides. */
import { assertInteger, assertKnown, createRng } from '@esc/core'
import { assertEnough, range, type Splits, splitsByFold } from './shared/folds.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './shared/source.js'

/** Options of {@link kFold} and {@link stratifiedKFold}. */
export interface KFoldOptions {
  /** The number of folds. @defaultValue `5` */
  nSplits?: number
  /** Seed of a shuffle before the folds are made; `null` does not shuffle (scikit-learn's `shuffle=False`). @defaultValue `null` */
  seed?: number | null
}

/**
 * Makes K folds of consecutive clips. The first `count % nSplits` folds have one clip more than the others.
 *
 * Without a seed the folds are scikit-learn's. With a seed they are not, since scikit-learn takes NumPy's random numbers.
 *
 * @param set - Its clips go into the folds. You may pass a number of examples instead.
 * @returns `nSplits` splits into train and test, made one at a time; each example is in one test part. Indices in
 *   ascending order.
 * @throws EscError INVALID_OPTION if the number of examples is below 1 or `nSplits < 2`; INVALID_INPUT if there are more
 *   folds than clips, or two examples of one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `KFold`.
 * @example for (const { train, test } of kFold(features, { nSplits: 5, seed: 42 })) console.log(train, test)
 */
export function kFold(set: SplitSource, options?: KFoldOptions): Splits
/** {@link kFold} of `count` examples. @example for (const { test } of kFold(10, { nSplits: 5 })) console.log(test) */
export function kFold(count: number, options?: KFoldOptions): Splits
export function kFold(from: SplitSource | number, options: KFoldOptions = {}): Splits {
  assertKnown('kFold', options, { nSplits: true, seed: true })
  if (!isSource(from)) return dealInOrder(from, options, 'examples')
  const clips = clipsOf(from)
  return expandEach(clips, dealInOrder(clips.ids.length, options, 'clips'))
}

function dealInOrder(count: number, { nSplits = 5, seed = null }: KFoldOptions, units: Unit): Splits {
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 2)
  assertEnough(nSplits, units, count)
  const order = range(count)
  if (seed !== null) createRng(seed).shuffle(order)
  const foldOf = new Int32Array(count)
  for (let fold = 0, next = 0; fold < nSplits; fold++) {
    const end = next + Math.floor(count / nSplits) + (fold < count % nSplits ? 1 : 0)
    for (; next < end; next++) foldOf[order[next]!] = fold
  }
  return splitsByFold(foldOf, nSplits)
}
