import type { FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { type PcenOptions, pcen } from './pcen.js'

const matrix = (bins: number, frames: number, scale = 1): FeatureMatrix => ({
  data: noise(bins * frames, 1).map((value) => scale * Math.abs(value)),
  bins,
  frames,
})

/** The formula as it is written, which loses digits of small numbers. */
function naive({ data, bins, frames }: FeatureMatrix, options: PcenOptions): Float32Array {
  const { gain = 0.98, bias = 2, power = 0.5, eps = 1e-6, b = 0.1, maxSize = 1 } = options
  const out = new Float32Array(data.length)
  for (let bin = 0; bin < bins; bin++) {
    let smooth = 1
    for (let t = 0; t < frames; t++) {
      const first = Math.max(0, bin - Math.floor(maxSize / 2))
      const end = bin - Math.floor(maxSize / 2) + maxSize
      const around = Array.from(data).filter(
        (_, i) => i % frames === t && i >= first * frames && i < end * frames,
      )
      smooth = (1 - b!) * smooth + b! * Math.max(...around)
      const value = data[bin * frames + t]! / (eps + smooth) ** gain
      out[bin * frames + t] = power === 0 ? Math.log(1 + value) : (value + bias) ** power - bias ** power
    }
  }
  return out
}

describe('pcen', () => {
  test.each([
    [{ b: 0.1 }],
    [{ b: 1, gain: 0.5, bias: 10, power: 0.25 }],
    [{ b: 0.3, bias: 0 }],
    [{ b: 0.3, power: 0 }],
    [{ b: 0.3, gain: 0 }],
    [{ b: 0.1, maxSize: 3 }],
    [{ b: 0.1, maxSize: 4 }],
  ])('equals the formula with %o', (options) => {
    const input = matrix(6, 12, 5)
    const { data } = pcen(input, options)
    const expected = naive(input, options)
    data.forEach((value, i) => {
      expect(Math.abs(value - expected[i]!)).toBeLessThan(2e-6 * Math.max(1, expected[i]!))
    })
  })

  test('of a constant approaches the formula with the constant itself as smoothed energy', () => {
    const frames = 400
    const { data } = pcen({ data: new Float32Array(frames).fill(50), bins: 1, frames }, { b: 0.05 })
    expect(data[frames - 1]).toBeCloseTo(Math.sqrt(50 / 50 ** 0.98 + 2) - Math.SQRT2, 5)
    // The smoothed energy begins at 1 and approaches the constant.
    for (let t = 1; t < frames; t++) expect(data[t]).toBeLessThanOrEqual(data[t - 1]!)
  })

  test('keeps its digits for tiny values, and silence silent', () => {
    const { data } = pcen({ data: Float32Array.of(1e-12), bins: 1, frames: 1 }, { b: 0 })
    // The derivative of (x + 2)^½ at 0 is 1 / √8. The smoothed energy is 1.
    expect(data[0]! / 1e-12).toBeCloseTo(1 / Math.sqrt(8), 5)
    for (const bias of [0, 2]) expect([...pcen(matrix(2, 3, 0), { bias }).data]).toEqual(Array(6).fill(0))
  })

  test('computes its coefficient from the time constant', () => {
    const input = matrix(3, 5)
    const frames = (0.06 * 44100) / 441
    const b = (Math.sqrt(1 + 4 * frames ** 2) - 1) / (2 * frames ** 2)
    const timed = pcen(input, { timeConstant: 0.06, sampleRate: 44100, hopLength: 441 })
    timed.data.forEach((value, i) => {
      expect(value).toBeCloseTo(pcen(input, { b }).data[i]!, 6)
    })
  })

  test('returns the same in blocks', () => {
    const input = matrix(3, 10)
    const cut = (from: number, to: number) => ({
      data: input.data.filter((_, i) => i % 10 >= from && i % 10 < to),
      bins: 3,
      frames: to - from,
    })
    const whole = pcen(input)
    const head = pcen(cut(0, 4), { returnZf: true })
    const tail = pcen(cut(4, 10), { zi: head.zf, returnZf: true })
    for (let bin = 0; bin < 3; bin++) {
      const joined = [
        ...head.matrix.data.subarray(bin * 4, bin * 4 + 4),
        ...tail.matrix.data.subarray(bin * 6, bin * 6 + 6),
      ]
      expect(joined).toEqual([...whole.data.subarray(bin * 10, bin * 10 + 10)])
    }
    expect(tail.zf).toEqual(pcen(input, { returnZf: true }).zf)
  })

  test.each([
    [{ gain: -1 }],
    [{ bias: -1 }],
    [{ power: Number.NaN }],
    [{ eps: 0 }],
    [{ timeConstant: 0 }],
    [{ maxSize: 0 }],
    [{ b: 1.1 }],
    [{ sampleRate: 0 }],
    [{ hopLength: 0.5 }],
    [{ zi: [1] }],
    [{ zi: [1, Number.NaN] }],
  ])('refuses %o', (options) => {
    expect(() => pcen(matrix(2, 3), options)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses an empty matrix and negative values', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => pcen(matrix(0, 0))).toThrow(refused)
    expect(() => pcen(matrix(2, 2, -1))).toThrow(refused)
  })
})
