import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { clipLogits, scoresOf } from './activation.js'

describe('scores', () => {
  test('softmax turns each row into scores, also with large logits', () => {
    const [first, second] = scoresOf(Float32Array.of(0, Math.log(3), 1000, 0), 2, 'softmax')
    expect(first![0]).toBeCloseTo(0.25, 7)
    expect(first![1]).toBeCloseTo(0.75, 7)
    expect(second).toEqual([1, 0])
  })

  test('sigmoid turns each value into a score', () => {
    expect(scoresOf(Float32Array.of(0, 1000, -1000), 3, 'sigmoid')).toEqual([[0.5, 1, 0]])
  })

  test.each(['softmax', 'sigmoid'] as const)(
    "%s: the scores of a clip are the mean of its windows' scores",
    (activation) => {
      const logits = Float32Array.of(1, -2, 0.5, 4, 30, -80, -3, 0, 200)
      const rows = scoresOf(logits, 3, activation)
      const [found] = scoresOf(clipLogits(logits, 3, activation), 3, activation)
      for (const [label, score] of found!.entries()) {
        expect(score).toBeCloseTo(rows.reduce((sum, row) => sum + row[label]!, 0) / 3, 6)
      }
    },
  )

  test('the logits of one window are those of the clip', () => {
    const logits = Float32Array.of(1, -2, 0.5)
    expect(clipLogits(logits, 3, 'softmax')).toBe(logits)
  })

  test('refuses logits that cannot be divided into rows', () => {
    expect(() => scoresOf(new Float32Array(3), 2, 'softmax')).toThrow(
      throwsCode('INVALID_INPUT', '3 logits cannot be divided into rows of 2 classes'),
    )
    for (const size of [0, 5]) {
      expect(() => clipLogits(new Float32Array(size), 3, 'softmax')).toThrow(
        throwsCode('INVALID_INPUT', 'cannot be divided into rows of 3 classes'),
      )
    }
  })
})
