/** Splits along time: what was recorded first is trained on, what came later is tested. */
import { assertInteger, EscError, type Split } from '@esc/core'
import { range } from './folds.js'

/** Options of {@link timeSeriesSplit}. Sizes are numbers of examples. */
export interface TimeSeriesSplitOptions {
  /** Default 5. */
  nSplits?: number
  /** The last so many of the examples before the test part; `null`, the default, takes all of them. */
  maxTrainSize?: number | null
  /** `null`, the default, is `floor(count / (nSplits + 1))`. */
  testSize?: number | null
  /** Examples left out between training and test, so that neighbours in time are not on both sides. Default 0. */
  gap?: number
}

/**
 * Splits examples in order of time: each split tests the next `testSize` examples and trains on those before, less
 * the gap. The last test part ends with the last example.
 *
 * @param count - How many examples there are; they must be in order of time.
 * @returns `nSplits` splits into train and test, made one at a time. Indices in ascending order; the first
 *   examples are in no test part.
 * @throws EscError INVALID_OPTION if an option is out of range; INVALID_INPUT if there are as many splits as
 *   examples or more, or the first split would have nothing to train on.
 * @see scikit-learn 1.2 `TimeSeriesSplit`; the splits are the same. There `max_train_size=0` means no limit.
 * @example for (const { train, test } of timeSeriesSplit(60, { nSplits: 3, gap: 2 })) console.log(train, test)
 */
export function timeSeriesSplit(
  count: number,
  options: TimeSeriesSplitOptions = {},
): Generator<Split, void, undefined> {
  const { nSplits = 5, maxTrainSize = null, testSize = null, gap = 0 } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 2)
  assertInteger('gap', gap, 0)
  if (maxTrainSize !== null) assertInteger('maxTrainSize', maxTrainSize, 1)
  if (testSize !== null) assertInteger('testSize', testSize, 1)
  if (nSplits >= count) {
    throw new EscError(
      'INVALID_INPUT',
      `nSplits=${nSplits} must be less than the number of examples, ${count}`,
    )
  }
  const testCount = testSize ?? Math.floor(count / (nSplits + 1))
  const firstTest = count - nSplits * testCount
  if (firstTest - gap <= 0) {
    const found = `${nSplits} test parts of ${testCount} and gap=${gap} leave none of ${count} examples to train on`
    throw new EscError('INVALID_INPUT', `${found}; use fewer splits, or smaller ones`)
  }
  return splitsInTime(count, firstTest, testCount, gap, maxTrainSize ?? count)
}

function* splitsInTime(
  count: number,
  firstTest: number,
  testCount: number,
  gap: number,
  maxTrainSize: number,
): Generator<Split, void, undefined> {
  const indices = range(count)
  for (let start = firstTest; start < count; start += testCount) {
    const end = start - gap
    yield {
      train: indices.slice(Math.max(0, end - maxTrainSize), end),
      test: indices.slice(start, start + testCount),
    }
  }
}
