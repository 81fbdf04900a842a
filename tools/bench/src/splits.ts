/**
 * Every splitter on a million rows, far more than real tables have. Each fold is made and dropped before the
 * next.
 */
import { createRng, type Split } from '@esc/core'
import {
  findLeaks,
  groupKFold,
  groupShuffleSplit,
  kFold,
  predefinedFolds,
  shuffleSplit,
  stratifiedGroupKFold,
  stratifiedGroupSplit,
  stratifiedKFold,
  timeSeriesSplit,
  trainTestSplit,
} from '@esc/dataset'
import { type BenchRow, median } from './rows.js'

const rowCount = 1_000_000
const groupCount = 200_000
const classes = 50
const splitGoalMs = 1000
const rounds = 3

/**
 * Rows are in random order. Groups have one class each, as in ESC-50, or several; they are whole numbers, or
 * names as in a table.
 */
export async function splitsSuite(): Promise<BenchRow[]> {
  const rng = createRng(1)
  const groups = Int32Array.from({ length: rowCount }, () => rng.integer(groupCount))
  const names = Array.from(groups, (id) => `source-${id}`)
  const labels = groups.map((id) => (id * 7919) % classes)
  const mixed = Int32Array.from({ length: rowCount }, () => rng.integer(classes))
  const folds = groups.map((id) => (id % 5) + 1)
  const held = predefinedFolds(folds, { testFold: 1 })
  const cases: Record<string, () => Iterable<Split> | unknown> = {
    'kFold, 5 folds': () => drain(kFold(rowCount)),
    'kFold, 5 folds, shuffled': () => drain(kFold(rowCount, { seed: 1 })),
    'stratifiedKFold, 5 folds, 50 classes': () => drain(stratifiedKFold(labels)),
    'stratifiedKFold, shuffled': () => drain(stratifiedKFold(labels, { seed: 1 })),
    'groupKFold, 5 folds, 200,000 groups': () => drain(groupKFold(groups)),
    'groupKFold, groups by name': () => drain(groupKFold(names)),
    'stratifiedGroupKFold, groups of one class': () => drain(stratifiedGroupKFold(labels, groups)),
    'stratifiedGroupKFold, groups by name': () => drain(stratifiedGroupKFold(labels, names)),
    'stratifiedGroupKFold, groups of several classes': () => drain(stratifiedGroupKFold(mixed, groups)),
    'stratifiedGroupKFold, 10 folds, shuffled': () =>
      drain(stratifiedGroupKFold(mixed, groups, { nSplits: 10, seed: 1 })),
    stratifiedGroupSplit: () => stratifiedGroupSplit(labels, groups),
    'shuffleSplit, 10 splits': () => drain(shuffleSplit(rowCount)),
    'groupShuffleSplit, 5 splits': () => drain(groupShuffleSplit(groups)),
    'timeSeriesSplit, 5 splits': () => drain(timeSeriesSplit(rowCount, { gap: 10 })),
    predefinedFolds: () => predefinedFolds(folds, { testFold: 1, validationFold: 2 }),
    trainTestSplit: () => trainTestSplit(rowCount),
    'trainTestSplit, stratified': () => trainTestSplit(rowCount, { stratify: labels }),
    'trainTestSplit, groups, stratified': () => trainTestSplit(rowCount, { stratify: labels, groups }),
    'findLeaks, groups by name': () => findLeaks(held, names),
  }
  return Object.entries(cases).map(([name, run]) => ({
    case: name,
    oursMs: time(run),
    peer: null,
    goalMs: splitGoalMs,
  }))
}

function drain(splits: Iterable<Split>): void {
  for (const { train, test } of splits) {
    if (train.length + test.length === 0) throw new Error('an empty split')
  }
}

/** Takes the median of a few runs, after one run that warms up. */
function time(run: () => unknown): number {
  run()
  const times = Array.from({ length: rounds }, () => {
    const started = performance.now()
    run()
    return performance.now() - started
  })
  return median(times)
}
