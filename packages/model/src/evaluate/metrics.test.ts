/** Metrics, compared with scikit-learn. */
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import sklearn from '../../fixtures/metrics.json' with { type: 'json' }
import { argmaxRows, classificationReport, confusionMatrix, crossEntropy } from './metrics.js'

describe('against scikit-learn 1.2', () => {
  const report = classificationReport(sklearn.true, sklearn.pred, sklearn.labels)

  test('confusion matrix', () => {
    expect(report.confusion).toEqual(sklearn.confusion)
  })

  test('every score of classification_report, empty classes included', () => {
    const expected = sklearn.report as Record<string, unknown> as Record<string, Record<string, number>>
    expect(report.accuracy).toBeCloseTo(sklearn.accuracy, 12)
    for (const { label, precision, recall, f1, support } of report.perClass) {
      expect(precision, label).toBeCloseTo(expected[label]!.precision!, 12)
      expect(recall, label).toBeCloseTo(expected[label]!.recall!, 12)
      expect(f1, label).toBeCloseTo(expected[label]!['f1-score']!, 12)
      expect(support, label).toBe(expected[label]!.support)
    }
    for (const [ours, theirs] of [
      ['macro', 'macro avg'],
      ['weighted', 'weighted avg'],
    ] as const) {
      expect(report[ours].precision).toBeCloseTo(expected[theirs]!.precision!, 12)
      expect(report[ours].recall).toBeCloseTo(expected[theirs]!.recall!, 12)
      expect(report[ours].f1).toBeCloseTo(expected[theirs]!['f1-score']!, 12)
    }
  })

  test('cross-entropy is log_loss', () => {
    const loss = crossEntropy(Float32Array.from(sklearn.logits), sklearn.true, sklearn.labels.length)
    expect(loss).toBeCloseTo(sklearn.logLoss, 6)
  })
})

test('equal logits of 50 classes cost ln 50', () => {
  expect(crossEntropy(new Float32Array(50), [7], 50)).toBeCloseTo(Math.log(50), 12)
})

test('cross-entropy of huge logits stays finite', () => {
  expect(crossEntropy(Float32Array.of(1e30, 0, 0), [0], 3)).toBe(0)
  expect(crossEntropy(Float32Array.of(1e4, 0), [1], 2)).toBeCloseTo(1e4, 6)
})

test('argmax takes the first of equals', () => {
  expect([...argmaxRows(Float32Array.of(1, 3, 3, 2, 2, 2), 3)]).toEqual([1, 0])
})

describe('bad input', () => {
  test('is refused with a code', () => {
    expect(() => confusionMatrix([0, 1], [0], 2)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => confusionMatrix([0, 2], [0, 0], 2)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => confusionMatrix([0, Number.NaN], [0, 0], 2)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => classificationReport([], [], ['a'])).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => confusionMatrix([], [], 0)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => argmaxRows(new Float32Array(5), 2)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => crossEntropy(new Float32Array(4), [4], 4)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => crossEntropy(new Float32Array(8), [-1, 0], 4)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => crossEntropy(new Float32Array(4), [0.5], 4)).toThrow(throwsCode('INVALID_INPUT'))
    for (const label of [-1, 0.5, 4, Number.NaN]) {
      expect(() => crossEntropy(new Float32Array(12), [0, label, 1], 4), `${label}`).toThrow(
        throwsCode('INVALID_INPUT'),
      )
    }
    expect(() => crossEntropy(new Float32Array(0), [], 4)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => crossEntropy(new Float32Array(4), [0, 1], 4)).toThrow(throwsCode('INVALID_INPUT'))
  })
})
