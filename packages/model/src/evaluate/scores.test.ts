/** Metrics of scores, compared with scikit-learn, and wrong input. */
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  averagePrecision,
  balancedAccuracy,
  brierScore,
  calibrationError,
  classificationReport,
  logLoss,
  rankClasses,
  rocAuc,
  topKAccuracy,
} from '../index.js'
import fixture from './fixtures/evaluation.json' with { type: 'json' }

const near = (found: number | null, wanted: number | null) => {
  if (wanted === null || found === null) expect(found).toBe(wanted)
  else expect(Math.abs(found - wanted)).toBeLessThan(1e-12)
}

describe.each(fixture.cases)('against scikit-learn 1.2: $name', (given) => {
  const { true: yTrue, scores, classes, pred } = given

  test('ROC-AUC and average precision of each class, and their means', () => {
    const found = rankClasses(yTrue, scores, classes)
    for (const [c, wanted] of given.perClass.entries()) {
      near(found.perClass[c]!.rocAuc, wanted.rocAuc)
      near(found.perClass[c]!.averagePrecision, wanted.averagePrecision)
      const column = yTrue.map((_, row) => scores[row * classes + c]!)
      const one = yTrue.map((label) => label === c)
      expect(rocAuc(one, column)).toBe(found.perClass[c]!.rocAuc)
      expect(averagePrecision(one.map(Number), column)).toBe(found.perClass[c]!.averagePrecision)
    }
    for (const key of ['rocAuc', 'averagePrecision'] as const) {
      near(found[key].mean, given[key].mean)
      expect(found[key].classes).toBe(given[key].classes)
    }
  })

  test('top-k accuracy for every k, and balanced accuracy', () => {
    for (const [i, wanted] of given.topK.entries()) {
      near(topKAccuracy(yTrue, scores, classes, { k: i + 1 }), wanted)
    }
    near(balancedAccuracy(yTrue, pred, classes), given.balancedAccuracy)
  })

  test('log loss and Brier score', () => {
    near(logLoss(yTrue, scores, classes), given.logLoss)
    near(brierScore(yTrue, scores, classes), given.brier)
  })

  test.each([10, 15] as const)('calibration error and its %s bins', (bins) => {
    const wanted = given.calibration[bins]
    const found = calibrationError(yTrue, scores, classes, { bins })
    near(found.ece, wanted.ece)
    expect(found.reliability.length).toBe(bins)
    for (const [i, bin] of found.reliability.entries()) {
      const other = wanted.reliability[i]!
      expect([bin.lower, bin.upper, bin.count]).toEqual([other.lower, other.upper, other.count])
      near(bin.meanScore, other.meanScore)
      near(bin.accuracy, other.accuracy)
    }
    if (bins === 15) expect(calibrationError(yTrue, scores, classes)).toEqual(found)
  })
})

test('constant scores rank as a coin does: AUC 0.5, average precision the share of positives', () => {
  expect(rocAuc([1, 0, 0, 1, 0], [3, 3, 3, 3, 3])).toBe(0.5)
  expect(averagePrecision([1, 0, 0, 1, 0], [3, 3, 3, 3, 3])).toBeCloseTo(0.4, 12)
})

test('a figure that is not defined is null', () => {
  expect(rocAuc([1, 1], [0.2, 0.3])).toBeNull()
  expect(rocAuc([0, 0], [0.2, 0.3])).toBeNull()
  expect(averagePrecision([0, 0], [0.2, 0.3])).toBeNull()
  expect(averagePrecision([1, 1], [0.2, 0.3])).toBe(1)
  const none = rankClasses([0, 0], [0.2, 0.8, 0.3, 0.7], 2)
  expect(none.rocAuc).toEqual({ mean: null, classes: 0 })
  expect(none.averagePrecision).toEqual({ mean: 1, classes: 1 })
})

test('one class alone is always found', () => {
  expect(topKAccuracy([0, 0], [0.1, 0.4], 1, { k: 1 })).toBe(1)
  expect(balancedAccuracy([0, 0], [0, 0], 1)).toBe(1)
  expect(logLoss([0, 0], [1, 1], 1)).toBe(0)
  expect(rankClasses([0, 0], [0.1, 0.4], 1).rocAuc).toEqual({ mean: null, classes: 0 })
  expect(calibrationError([0], [1], 1).ece).toBe(0)
})

test('a class without examples counts in the macro recall, and not in the balanced accuracy', () => {
  expect(balancedAccuracy([0, 0, 1], [0, 0, 1], 3)).toBe(1)
  expect(classificationReport([0, 0, 1], [0, 0, 1], ['a', 'b', 'c']).macro.recall).toBeCloseTo(2 / 3, 12)
})

test('bins are closed at the right, and the first holds 0', () => {
  const edges = Array.from({ length: 11 }, (_, i) => i / 10)
  for (const bins of [1, 3, 7, 10, 15, 100]) {
    const scores = [...edges, ...Array.from({ length: bins + 1 }, (_, i) => i / bins)].filter((x) => x > 0)
    const { reliability } = calibrationError(
      scores.map(() => 0),
      scores,
      1,
      { bins },
    )
    for (const { lower, upper, count } of reliability) {
      expect(count).toBe(scores.filter((score) => score > lower && score <= upper).length)
    }
  }
})

describe('bad input is refused', () => {
  const two = [0.5, 0.5]
  test.each<[string, () => unknown, 'INVALID_INPUT' | 'INVALID_OPTION', RegExp]>([
    ['a NaN', () => rocAuc([0, 1], [0, Number.NaN]), 'INVALID_INPUT', /scores\[1\]=NaN must be a finite/],
    ['an infinity', () => rankClasses([0], [1, -1 / 0], 2), 'INVALID_INPUT', /scores\[1\]=-Infinity must be/],
    ['too few', () => rocAuc([0, 1], [0.5]), 'INVALID_INPUT', /yTrue has 2 values and scores 1; they must/],
    ['rows', () => logLoss([0, 1], two, 2), 'INVALID_INPUT', /scores has 2 values, not 2 rows of 2 classes/],
    ['none', () => averagePrecision([], []), 'INVALID_INPUT', /yTrue is empty; give at least one example/],
    ['no rows', () => brierScore([], [], 2), 'INVALID_INPUT', /yTrue is empty; give at least one example/],
    ['no pairs', () => balancedAccuracy([], [], 2), 'INVALID_INPUT', /yTrue is empty/],
    ['lengths', () => balancedAccuracy([0, 1], [0], 2), 'INVALID_INPUT', /yTrue has 2 values and yPred 1/],
    ['a label of 2', () => rocAuc([0, 2], two), 'INVALID_INPUT', /yTrue\[1\]=2 must be 0 or 1/],
    ['a class', () => logLoss([2], two, 2), 'INVALID_INPUT', /yTrue\[0\]=2 must be an integer in \[0, 2\)/],
    [
      'logits',
      () => logLoss([0], [4, -4], 2),
      'INVALID_INPUT',
      /scores\[0\]=4 must be in \[0, 1\]; turn logits/,
    ],
    ['a row of 0', () => calibrationError([0], [0, 0], 2), 'INVALID_INPUT', /row 0 of scores sums to 0/],
    ['no classes', () => rankClasses([0], [1], 0), 'INVALID_OPTION', /classes=0 must be an integer >= 1/],
    [
      'k of 0',
      () => topKAccuracy([0], two, 2, { k: 0 }),
      'INVALID_OPTION',
      /k=0 must be an integer in \[1, 2\]/,
    ],
    [
      'k of 3',
      () => topKAccuracy([0], two, 2, { k: 3 }),
      'INVALID_OPTION',
      /k=3 must be an integer in \[1, 2\]/,
    ],
    ['half a k', () => topKAccuracy([0], two, 2, { k: 1.5 }), 'INVALID_OPTION', /k=1.5 must be/],
    [
      'no bins',
      () => calibrationError([0], two, 2, { bins: 0 }),
      'INVALID_OPTION',
      /bins=0 must be an integer/,
    ],
    [
      'a text',
      () => rankClasses('01' as never, two, 2),
      'INVALID_INPUT',
      /yTrue is of type string; it must be/,
    ],
  ])('%s', (_, call, code, text) => {
    expect(call).toThrow(throwsCode(code, text))
  })
})
