/** `timeSeriesSplit`: splits along time, with earlier clips for training and later ones for testing. */
import { assertInteger, assertKnown, EscError } from '@esc/core'
import { range, type Splits } from './shared/folds.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './shared/source.js'

/** Options of {@link timeSeriesSplit}. Sizes are numbers of clips. */
export interface TimeSeriesSplitOptions {
  /** The number of splits. @defaultValue `5` */
  nSplits?: number
  /** The most clips in a training part: the last ones before the test part. `null` takes all of them. @defaultValue `null` */
  maxTrainSize?: number | null
  /** The number of clips in a test part; `null` is `floor(count / (nSplits + 1))`. @defaultValue `null` */
  testSize?: number | null
  /** The number of clips left out between training and test, so that neighbours in time are not on both sides. @defaultValue `0` */
  gap?: number
}

/**
 * Splits clips in order of time. Each split tests the next `testSize` clips and trains on the clips before them, without the gap. The
 * last test part ends with the last clip.
 *
 * @param set - Its clips must be in order of time. You may pass a number of examples instead.
 * @returns `nSplits` splits into train and test, made one at a time. Indices in ascending order; the first
 *   clips are in no test part.
 * @throws EscError INVALID_OPTION if an option is out of range; INVALID_INPUT if there are as many splits as
 *   clips or more, the first split would have nothing to train on, or two examples of one clip differ in label, group or
 *   fold.
 * @see scikit-learn 1.2 `TimeSeriesSplit`; the splits are the same. There `max_train_size=0` means no limit.
 * @example for (const { train, test } of timeSeriesSplit(features, { nSplits: 3, gap: 2 })) console.log(train, test)
 */
export function timeSeriesSplit(set: SplitSource, options?: TimeSeriesSplitOptions): Splits
/**
 * {@link timeSeriesSplit} of `count` examples.
 *
 * @example for (const { train, test } of timeSeriesSplit(60, { nSplits: 3, gap: 2 })) console.log(train, test)
 */
export function timeSeriesSplit(count: number, options?: TimeSeriesSplitOptions): Splits
export function timeSeriesSplit(from: SplitSource | number, options: TimeSeriesSplitOptions = {}): Splits {
  assertKnown('timeSeriesSplit', options, { nSplits: true, maxTrainSize: true, testSize: true, gap: true })
  if (!isSource(from)) return splitInTime(from, options, 'examples')
  const clips = clipsOf(from)
  return expandEach(clips, splitInTime(clips.ids.length, options, 'clips'))
}

function splitInTime(count: number, options: TimeSeriesSplitOptions, units: Unit): Splits {
  const { nSplits = 5, maxTrainSize = null, testSize = null, gap = 0 } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 2)
  assertInteger('gap', gap, 0)
  if (maxTrainSize !== null) assertInteger('maxTrainSize', maxTrainSize, 1)
  if (testSize !== null) assertInteger('testSize', testSize, 1)
  if (nSplits >= count) {
    throw new EscError(
      'INVALID_INPUT',
      `nSplits=${nSplits} must be less than the number of ${units}, ${count}`,
    )
  }
  const testCount = testSize ?? Math.floor(count / (nSplits + 1))
  const firstTest = count - nSplits * testCount
  if (firstTest - gap <= 0) {
    const found = `${nSplits} test parts of ${testCount} and gap=${gap} leave none of ${count} ${units} to train on`
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
): Splits {
  const indices = range(count)
  for (let start = firstTest; start < count; start += testCount) {
    const end = start - gap
    yield {
      train: indices.slice(Math.max(0, end - maxTrainSize), end),
      test: indices.slice(start, start + testCount),
    }
  }
}
