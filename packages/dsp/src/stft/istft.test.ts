import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import type { ComplexMatrix } from './complex-matrix.js'
import { istft } from './istft.js'
import { stft } from './stft.js'

const worstDifference = (a: ArrayLike<number>, b: ArrayLike<number>) => {
  expect(a).toHaveLength(b.length)
  return Array.from(a, (value, i) => Math.abs(value - b[i]!)).reduce((x, y) => Math.max(x, y), 0)
}

/** The definition, written with whole arrays. */
function naiveIstft({ re, im, bins, frames }: ComplexMatrix, hop: number, window: number[], length: number) {
  const nFft = window.length
  const sum = new Float64Array(nFft + hop * frames + length)
  const weight = new Float64Array(sum.length)
  for (let t = 0; t < frames; t++) {
    for (let n = 0; n < nFft; n++) {
      let value = 0
      for (let k = 0; k < bins; k++) {
        const angle = (2 * Math.PI * k * n) / nFft
        const part = re[k * frames + t]! * Math.cos(angle) - im[k * frames + t]! * Math.sin(angle)
        value += (k === 0 || 2 * k === nFft ? 1 : 2) * part
      }
      sum[t * hop + n]! += (value / nFft) * window[n]!
      weight[t * hop + n]! += window[n]! ** 2
    }
  }
  return sum
    .map((value, i) => (weight[i]! > 0 ? value / weight[i]! : 0))
    .subarray(nFft / 2, nFft / 2 + length)
}

describe('istft', () => {
  test('is the weighted mean of the frames, also for a matrix that is the transform of no signal', () => {
    const [bins, frames] = [9, 6]
    const matrix = { re: noise(54, 1), im: noise(54, 2), bins, frames }
    const hann = Array.from({ length: 16 }, (_, n) => 0.5 - 0.5 * Math.cos((2 * Math.PI * n) / 16))
    for (const hopLength of [1, 4, 5, 16]) {
      const result = istft(matrix, { hopLength, length: 30 })
      expect(worstDifference(result, naiveIstft(matrix, hopLength, hann, 30))).toBeLessThan(1e-5)
    }
  })

  test('returns the signal of a transform', () => {
    fc.assert(
      fc.property(
        fc.record({
          length: fc.integer({ min: 40, max: 700 }),
          nFft: fc.constantFrom(16, 30, 64, 75),
          divisor: fc.constantFrom(2, 3, 4),
          center: fc.boolean(),
          window: fc.constantFrom('hann', 'hamming', 'blackman', 'boxcar'),
        }),
        ({ length, nFft, divisor, center, window }) => {
          fc.pre(center || length >= nFft)
          const hopLength = Math.floor(nFft / divisor)
          const samples = noise(length, nFft)
          const options = { nFft, hopLength, center, window: window as 'hann' }
          const back = istft(stft(samples, options), { ...options, length })
          // Without center, windows are nearly 0 at the ends. There, rounding errors are divided by that
          // small number.
          const skip = center ? 0 : nFft
          const end = center ? length : length - nFft
          for (let i = skip; i < end; i++) expect(Math.abs(back[i]! - samples[i]!)).toBeLessThan(1e-4)
        },
      ),
      { numRuns: 60 },
    )
  })

  test('returns the length that the frames cover, and accepts a short window and a longer length', () => {
    const samples = noise(1000, 3)
    const options = { nFft: 64, winLength: 40, hopLength: 10 }
    const matrix = stft(samples, options)
    const back = istft(matrix, options)
    expect(back).toHaveLength(1000)
    expect(worstDifference(back, samples)).toBeLessThan(1e-5)
    const longer = istft(matrix, { ...options, length: 1200 })
    expect([...longer.subarray(1040)]).toEqual(Array(160).fill(0))
  })

  test('leaves samples at 0 that no frame covers', () => {
    const options = { nFft: 8, hopLength: 12, center: false, window: 'boxcar' } as const
    const back = istft(stft(new Float32Array(44).fill(1), options), options)
    back.forEach((value, i) => {
      expect(value).toBeCloseTo(i % 12 < 8 ? 1 : 0, 6)
    })
    expect(back).toHaveLength(44)
  })

  test('refuses bad options and matrices', () => {
    const matrix = stft(noise(500, 1), { nFft: 64 })
    for (const options of [
      { hopLength: 0 },
      { winLength: 65 },
      { length: 0 },
      { length: 1.5 },
      { nFft: 0 },
    ]) {
      expect(() => istft(matrix, options)).toThrow(throwsCode('INVALID_OPTION'))
    }
    const refused = throwsCode('INVALID_INPUT')
    expect(() => istft(matrix, { nFft: 128 })).toThrow(refused)
    expect(() => istft({ ...matrix, frames: 3 })).toThrow(refused)
    expect(() => istft({ ...matrix, im: matrix.im.map(() => Number.NaN) })).toThrow(refused)
    expect(() => istft(stft(noise(5, 1), { nFft: 64 }))).toThrow(refused)
  })
})
