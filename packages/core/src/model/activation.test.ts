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

describe('temperature', () => {
  const logits = Float32Array.of(1, -2, 0.5, 4, 30, -80, -3, 0, 200)

  test('divides logits before they become scores', () => {
    const [hot] = scoresOf(Float32Array.of(0, Math.log(9)), 2, 'softmax', { temperature: 2 })
    expect(hot![1]).toBeCloseTo(0.75, 7)
    const [cold] = scoresOf(Float32Array.of(Math.log(3)), 1, 'sigmoid', { temperature: 0.5 })
    expect(cold![0]).toBeCloseTo(0.9, 7)
  })

  test.each(['softmax', 'sigmoid'] as const)(
    "%s: divides each window's logits, and then the scores are averaged",
    (activation) => {
      const options = { temperature: 1.7 }
      const rows = scoresOf(logits, 3, activation, options)
      const [found] = scoresOf(clipLogits(logits, 3, activation, options), 3, activation)
      for (const [label, score] of found!.entries()) {
        expect(score).toBeCloseTo(rows.reduce((sum, row) => sum + row[label]!, 0) / 3, 6)
      }
    },
  )

  test('of 1 changes no bit, and any other keeps the order of the labels of one window', () => {
    const row = logits.subarray(0, 3)
    expect(clipLogits(row, 3, 'softmax', { temperature: 1 })).toBe(row)
    expect(scoresOf(logits, 3, 'softmax', { temperature: 1 })).toEqual(scoresOf(logits, 3, 'softmax'))
    for (const temperature of [0.05, 0.7, 20]) {
      const [least, middle, most] = [1, 2, 0].map((i) => clipLogits(row, 3, 'softmax', { temperature })[i]!)
      expect(least! < middle! && middle! < most!).toBe(true)
    }
  })

  test('near 0 makes scores of 0 and 1, not NaN', () => {
    const given = Float32Array.of(1e30, -1e30, 0)
    for (const activation of ['softmax', 'sigmoid'] as const) {
      const clip = clipLogits(given, 3, activation, { temperature: 1e-300 })
      expect(scoresOf(clip, 3, activation)[0]!.slice(0, 2)).toEqual([1, 0])
      expect(scoresOf(given, 3, activation, { temperature: 1e-300 })[0]!.slice(0, 2)).toEqual([1, 0])
    }
  })

  test.each([0, -1, Number.NaN, Number.POSITIVE_INFINITY, '2', null])('%s is refused', (temperature) => {
    const text = /temperature=.* must be a finite number > 0/
    const options = { temperature: temperature as never }
    expect(() => scoresOf(logits, 3, 'softmax', options)).toThrow(throwsCode('INVALID_OPTION', text))
    expect(() => clipLogits(logits, 3, 'softmax', options)).toThrow(throwsCode('INVALID_OPTION', text))
  })
})
