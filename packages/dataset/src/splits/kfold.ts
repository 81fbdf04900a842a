/** K folds of single examples. They ignore groups: siblings may land on both sides. */
import { assertInteger, createRng, type Split } from '@esc/core'
import { assertEnough, assertMembers, range, splitsByFold } from './folds.js'
import { encodeByAppearance, type Labels, startsOf } from './labels.js'

/** Options of {@link kFold} and {@link stratifiedKFold}. */
export interface KFoldOptions {
  /** Default 5. */
  nSplits?: number
  /** Shuffles the examples before they are dealt out; `null`, the default, does not (`shuffle=False`). */
  seed?: number | null
}

/**
 * K folds of consecutive examples, the first `count % nSplits` one example larger than the others.
 *
 * Without a seed the folds are scikit-learn's. With one they are not: its random numbers are NumPy's.
 *
 * @param count - How many examples there are.
 * @returns `nSplits` splits into train and test, made one at a time; each example is in one test part. Indices in
 *   ascending order.
 * @throws EscError INVALID_OPTION if `count < 1` or `nSplits < 2`; INVALID_INPUT if there are more folds than
 *   examples.
 * @see scikit-learn 1.2 `KFold`.
 * @example for (const { train, test } of kFold(10, { nSplits: 5, seed: 42 })) console.log(train, test)
 */
export function kFold(count: number, options: KFoldOptions = {}): Generator<Split, void, undefined> {
  const { nSplits = 5, seed = null } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 2)
  assertEnough(nSplits, 'examples', count)
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
 * Without a seed the folds are scikit-learn's: each class is dealt in blocks, in the order of the examples. With one,
 * a class's examples are shuffled over its places; the random numbers are not NumPy's. Renaming the labels changes
 * nothing. A class with fewer members than folds is absent from some test parts: there scikit-learn warns, and this
 * does not.
 *
 * @param labels - One class per example.
 * @returns As {@link kFold}.
 * @throws EscError INVALID_OPTION if `nSplits < 2`; INVALID_INPUT if there are more folds than examples, or every
 *   class has fewer members than folds.
 * @see scikit-learn 1.2 `StratifiedKFold._make_test_folds`.
 * @example for (const { test } of stratifiedKFold(['dog', 'rain', 'dog', 'rain'], { nSplits: 2 })) console.log(test)
 */
export function stratifiedKFold(
  labels: Labels,
  options: KFoldOptions = {},
): Generator<Split, void, undefined> {
  const { nSplits = 5, seed = null } = options
  assertInteger('nSplits', nSplits, 2)
  assertEnough(nSplits, 'examples', labels.length)
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
