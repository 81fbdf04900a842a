/** Makes splits from the fold of each example, and checks numbers of folds. */
import { EscError, type Split } from '@esc/core'

/** Splits, made one at a time. */
export type Splits = Generator<Split, void, undefined>

/** Makes a split for each fold: it is the test part, and the others are the training part. Indices in ascending order. */
export function* splitsByFold(foldOf: Int32Array, nSplits: number): Splits {
  const testCounts = new Int32Array(nSplits)
  for (let i = 0; i < foldOf.length; i++) testCounts[foldOf[i]!]!++
  for (let fold = 0; fold < nSplits; fold++) {
    const test = new Int32Array(testCounts[fold]!)
    const train = new Int32Array(foldOf.length - test.length)
    for (let i = 0, trained = 0, tested = 0; i < foldOf.length; i++) {
      if (foldOf[i] === fold) test[tested++] = i
      else train[trained++] = i
    }
    yield { train, test }
  }
}

/** `0, 1, …, count - 1`. */
export function range(count: number): Int32Array {
  const indices = new Int32Array(count)
  for (let i = 0; i < count; i++) indices[i] = i
  return indices
}

/** @throws EscError INVALID_INPUT unless both lengths are equal. */
export function assertSameLength(name: string, length: number, other: string, otherLength: number): void {
  if (length !== otherLength) {
    throw new EscError('INVALID_INPUT', `${length} ${name} and ${otherLength} ${other} must be as many`)
  }
}

/** @throws EscError INVALID_INPUT if there are more folds than `what`. */
export function assertEnough(nSplits: number, what: string, count: number): void {
  if (nSplits > count) {
    throw new EscError('INVALID_INPUT', `nSplits=${nSplits} must be at most the number of ${what}, ${count}`)
  }
}

/** @throws EscError INVALID_INPUT if every class has fewer members than there are folds. */
export function assertMembers(nSplits: number, counts: readonly number[]): void {
  if (counts.every((count) => count < nSplits)) {
    throw new EscError('INVALID_INPUT', `nSplits=${nSplits} must be at most the number of members of a class`)
  }
}
