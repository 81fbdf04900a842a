/** Chooses training, validation and test clips. */
import { EscError, type Split } from '@esc/core'
import {
  type ClipRecord,
  findLeaks,
  predefinedFolds,
  stratifiedGroupSplit,
  stratifiedSplit,
} from '@esc/dataset'
import type { RunOptions } from '../options.js'

/** A split, and how it came about. */
export interface ChosenSplit {
  split: Required<Split>
  testFold: number | null
  validationFold: number | null
  /** Test clips with a sibling in training. */
  leakedTestClips: number
}

/**
 * Splits the clips as asked.
 *
 * @throws EscError INVALID_INPUT if a fold does not exist, a part would be empty, or a class has no clip to learn from.
 */
export function chooseSplit(
  records: readonly ClipRecord[],
  labels: readonly string[],
  options: RunOptions,
): ChosenSplit {
  const { seed, testFold } = options
  const counts = labels.map((_, index) => records.filter(({ labelIndex }) => labelIndex === index).length)
  const small = counts.findIndex((count) => count < 2)
  if (small >= 0) {
    const clips = counts[small] === 1 ? '1 clip' : 'no clip'
    throw new EscError(
      'INVALID_INPUT',
      `class ${labels[small]} has ${clips} that can be read; add clips or remove the class from the table`,
    )
  }
  if (testFold !== null && records.some(({ fold }) => fold === null)) {
    throw new EscError('INVALID_INPUT', 'this data set has no folds of its own; use --split stratified-group')
  }
  const validationFold = testFold === null ? null : (options.validationFold ?? nextFold(records, testFold))
  const classes = records.map(({ labelIndex }) => labelIndex)
  const groups = records.map(({ group }) => group)
  const split = ((): Split => {
    switch (options.split) {
      case 'folds':
        return predefinedFolds(
          records.map(({ fold }) => fold),
          { testFold: testFold!, validationFold },
        )
      case 'stratified':
        return stratifiedSplit(classes, { seed })
      case 'stratified-group':
        return stratifiedGroupSplit(classes, groups, { seed })
    }
  })()
  const { train, validation, test } = split
  if (!validation)
    throw new EscError('INVALID_INPUT', 'the split has no validation clips; early stopping needs some')
  const learnt = new Set(Array.from(train, (index) => classes[index]!))
  const unlearnt = labels.findIndex((_, index) => !learnt.has(index))
  if (unlearnt >= 0) {
    throw new EscError(
      'INVALID_INPUT',
      `class ${labels[unlearnt]} has no training clip in this split; choose another fold, seed or split`,
    )
  }
  const { leakedTestClips } = findLeaks(split, groups)
  return { split: { train, validation, test }, testFold, validationFold, leakedTestClips }
}

/** The fold after `fold`, and the first one after the last. */
function nextFold(records: readonly ClipRecord[], fold: number): number | null {
  const folds = [...new Set(records.flatMap((record) => (record.fold === null ? [] : [record.fold])))].sort(
    (a, b) => a - b,
  )
  return folds.find((other) => other > fold) ?? folds[0] ?? null
}
