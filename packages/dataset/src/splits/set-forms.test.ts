/** What splitters and leak reports do with a set beyond what their array forms do. */
import { featureSet } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { ClipRecord, Dataset } from '../record.js'
import { kFold } from './k-fold.js'
import { assertNoLeaks, findLeaks } from './leaks.js'
import { predefinedFolds } from './predefined-folds.js'
import { shuffleSplit } from './shuffle-split.js'
import { trainTestSplit } from './train-test-split.js'
import { trainValTest } from './train-val-test.js'

const matrix = { data: new Float32Array(1), bins: 1, frames: 1 }
/** Clips a and b of one source, c and d of their own; b has two windows. */
const windows = featureSet(
  [
    { id: 'a', features: matrix, labelIndex: 0, group: 's', fold: 1 },
    { id: 'b 0', clipId: 'b', features: matrix, labelIndex: 0, group: 's', fold: 2 },
    { id: 'b 1', clipId: 'b', features: matrix, labelIndex: 0, group: 's', fold: 2 },
    { id: 'c', features: matrix, labelIndex: 1, group: 'c', fold: 3 },
    { id: 'd', features: matrix, labelIndex: 1, group: 'd', fold: 1 },
  ],
  { labels: ['dog', 'rain'] },
)

describe('findLeaks', () => {
  test('counts clips of a set, not windows, and lists indices of examples', () => {
    const split = { train: Int32Array.of(0), test: Int32Array.of(1, 2, 3) }
    expect(findLeaks(split, windows)).toEqual({
      leaks: [{ group: 's', train: [0], validation: [], test: [1, 2] }],
      leakedTestClips: 1,
    })
    expect(
      findLeaks(
        split,
        windows.records.map(({ group }) => group),
      ).leakedTestClips,
    ).toBe(2)
    expect(() => assertNoLeaks(split, windows)).toThrow(throwsCode('GROUP_LEAK', /parts?: s; 1 test clip/))
    expect(() => assertNoLeaks(trainTestSplit(windows, { groups: true, testSize: 1 }), windows)).not.toThrow()
  })

  test('sees windows of one clip on two sides', () => {
    const split = { train: Int32Array.of(1, 3), test: Int32Array.of(2) }
    expect(findLeaks(split, windows).leakedTestClips).toBe(1)
  })

  test('refuses an index of no example', () => {
    const split = { train: Int32Array.of(0), test: Int32Array.of(5) }
    expect(() => findLeaks(split, windows)).toThrow(
      throwsCode('INVALID_INPUT', /test holds index 5; the number of examples is 5/),
    )
  })
})

test("takes this package's table", () => {
  const records = windows.records.map(
    (record): ClipRecord => ({ ...record, filename: `${record.id}.wav`, label: 'dog' }),
  )
  const dataset: Dataset = { name: 'five', labels: ['dog', 'rain'], records, synthetic: false }
  expect(trainValTest(dataset, { testFold: 1 }).test).toEqual(Int32Array.of(0, 4))
})

describe('sizes', () => {
  test('count clips', () => {
    expect(
      [...shuffleSplit(windows, { testSize: 3, nSplits: 4 })].map((split) => clipCount(split.test)),
    ).toEqual([3, 3, 3, 3])
    expect(() => kFold(windows, { nSplits: 5 })).toThrow(
      throwsCode('INVALID_INPUT', /at most the number of clips, 4/),
    )
    expect(() => trainTestSplit(windows, { testSize: 4 })).toThrow(
      throwsCode('INVALID_INPUT', /takes all of 4 clips/),
    )
  })

  const clipCount = (part: Int32Array) => new Set(Array.from(part, (i) => windows.records[i]!.clipId)).size
})

describe('trainTestSplit', () => {
  test('refuses arrays that part the windows of a clip, or are too short', () => {
    expect(() => trainTestSplit(windows, { groups: ['x', 'y', 'z', 'x', 'x'] })).toThrow(
      throwsCode('INVALID_INPUT', /two examples of clip 'b' differ in groups: y and z/),
    )
    expect(() => trainTestSplit(windows, { stratify: [0, 1, 1, 0] })).toThrow(
      throwsCode('INVALID_INPUT', /4 labels in stratify and 5 examples of the set must be as many/),
    )
  })

  test('takes true of a set only', () => {
    const own = { stratify: true } as unknown as { stratify: string[] }
    expect(() => trainTestSplit(4, own)).toThrow(
      throwsCode('INVALID_OPTION', /stratify=true must be an array, or null/),
    )
    const off = { groups: false } as unknown as { groups: true }
    expect(() => trainTestSplit(windows, off)).toThrow(
      throwsCode('INVALID_OPTION', /groups=false must be true, an array/),
    )
  })
})

describe('trainValTest', () => {
  test('takes the validation fold, which by default is the next', () => {
    const next = trainValTest(windows, { testFold: 3 })
    expect(next).toEqual(predefinedFolds(windows, { testFold: 3, validationFold: 1 }))
    expect(trainValTest(windows, { testFold: 3, validationFold: undefined })).toEqual(next)
    const chosen = trainValTest(windows, { testFold: 3, validationFold: 2 })
    expect(chosen).toEqual({
      train: Int32Array.of(0, 4),
      validation: Int32Array.of(1, 2),
      test: Int32Array.of(3),
    })
    expect(trainValTest([1, 2, 2, 3, 1], { testFold: 3, validationFold: 2 })).toEqual(chosen)
  })

  test('refuses no validation part, one that is the test part, and a fold that does not exist', () => {
    const none = { testFold: 1, validationFold: null as unknown as number }
    expect(() => trainValTest(windows, none)).toThrow(throwsCode('INVALID_OPTION', /validationFold=null/))
    expect(() => trainValTest(windows, { testFold: 1, validationFold: 1 })).toThrow(
      throwsCode('INVALID_OPTION', /must differ from testFold/),
    )
    expect(() => trainValTest(windows, { testFold: 1, validationFold: 7 })).toThrow(
      throwsCode('INVALID_OPTION', /validationFold=7 does not exist; folds: 1, 2, 3/),
    )
  })
})
