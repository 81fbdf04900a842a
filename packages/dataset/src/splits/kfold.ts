/** K folds of single examples or clips. They ignore groups: siblings may land on both sides. */
import { assertInteger, assertKnown, createRng } from '@esc/core'
import { assertEnough, assertMembers, range, type Splits, splitsByFold } from './folds.js'
import { assertValues, encodeByAppearance, type Labels, startsOf } from './labels.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './source.js'

/** Options of {@link kFold} and {@link stratifiedKFold}. */
export interface KFoldOptions {
  /** @defaultValue 5 */
  nSplits?: number
  /** Shuffles the examples before they are dealt out; `null` does not (`shuffle=False`). @defaultValue `null` */
  seed?: number | null
}

const optionNames: Record<keyof KFoldOptions, true> = { nSplits: true, seed: true }

/**
 * K folds of consecutive clips, the first `count % nSplits` one clip larger than the others.
 *
 * Without a seed the folds are scikit-learn's. With one they are not: its random numbers are NumPy's.
 *
 * @param set - Its clips are dealt out. A number in its place is a number of examples.
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
  assertKnown('kFold', options, optionNames)
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

/**
 * K folds with the classes' shares: each class is in each fold as often as in any other, or once more.
 *
 * Without a seed the folds are scikit-learn's: each class is dealt in blocks, in the order of the clips. With one,
 * a class's clips are shuffled over its places; the random numbers are not NumPy's. Renaming the labels changes
 * nothing. A class with fewer members than folds is absent from some test parts: there scikit-learn warns, and this
 * does not.
 *
 * @param set - Its clips are dealt out. In its place it takes labels, one for each example.
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
  assertKnown('stratifiedKFold', options, optionNames)
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
      // As many as places of this fold when the examples, sorted by class, are dealt in turn.
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
