/** Chooses training, validation and test clips. */
import { EscError, type Split } from '@esc/core'
import {
  findLeaks,
  type SplitSource,
  stratifiedGroupSplit,
  stratifiedSplit,
  trainValTest,
} from '@esc/dataset'
import type { RunOptions, SplitName } from '../options.js'

/** A split, and how it came about. */
export interface ChosenSplit {
  name: SplitName
  /** Indices of examples. */
  split: Required<Split>
  testFold: number | null
  validationFold: number | null
  /** Test clips with a sibling in training; `null` if no groups are known, so that a leak cannot be seen. */
  leakedTestClips: number | null
}

/**
 * Splits the clips as asked, or as the data set allows.
 *
 * @param set - A table, or a set of features.
 * @param groupsKnown - Whether any two clips share a group.
 * @throws EscError INVALID_INPUT if a fold does not exist, a part would be empty, or a class has no clip to learn from.
 */
export function chooseSplit(
  set: SplitSource,
  labels: readonly string[],
  groupsKnown: boolean,
  options: Pick<RunOptions, 'split' | 'testFold' | 'validationFold' | 'seed'>,
): ChosenSplit {
  const { seed } = options
  assertClasses(set, labels)
  const hasFolds = set.records.every(({ fold }) => fold !== null)
  const name = options.split ?? (hasFolds ? 'folds' : 'stratified-group')
  if (name === 'folds' && !hasFolds) {
    throw new EscError('INVALID_INPUT', 'this data set has no folds of its own; use --split stratified-group')
  }
  const testFold = name === 'folds' ? (options.testFold ?? 1) : null
  const split = ((): Split => {
    if (testFold !== null) {
      const { validationFold } = options
      return trainValTest(set, { testFold, ...(validationFold === null ? {} : { validationFold }) })
    }
    return name === 'stratified' ? stratifiedSplit(set, { seed }) : stratifiedGroupSplit(set, { seed })
  })()
  const { train, validation, test } = split
  if (!validation || validation.length === 0)
    throw new EscError('INVALID_INPUT', 'the split has no validation clips; early stopping needs some')
  const learnt = new Set(Array.from(train, (index) => set.records[index]!.labelIndex))
  const unlearnt = labels.findIndex((_, index) => !learnt.has(index))
  if (unlearnt >= 0) {
    throw new EscError(
      'INVALID_INPUT',
      `class ${labels[unlearnt]} has no training clip in this split; choose another fold, seed or split`,
    )
  }
  return {
    name,
    split: { train, validation, test },
    testFold,
    validationFold: testFold === null ? null : set.records[validation[0]!]!.fold,
    leakedTestClips: groupsKnown ? findLeaks(split, set).leakedTestClips : null,
  }
}

function assertClasses({ records }: SplitSource, labels: readonly string[]): void {
  const counts = labels.map((_, index) => records.filter(({ labelIndex }) => labelIndex === index).length)
  const small = counts.findIndex((count) => count < 2)
  if (small < 0) return
  const clips = counts[small] === 1 ? '1 clip' : 'no clip'
  throw new EscError(
    'INVALID_INPUT',
    `class ${labels[small]} has ${clips} that can be read; add clips or remove the class from the table`,
  )
}
