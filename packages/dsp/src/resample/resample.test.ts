import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise, sine } from '../test-support/signals.js'
import { resample } from './resample.js'

/** Computes the level of a signal in dB, away from its ends, relative to a sine of amplitude 1. */
function levelDb(values: Float64Array): number {
  const inner = values.subarray(values.length >> 2, values.length - (values.length >> 2))
  return 10 * Math.log10((2 * inner.reduce((sum, value) => sum + value * value, 0)) / inner.length + 1e-300)
}

/** Compares a resampled sine of amplitude 1 with the same sine sampled at the new rate. */
function measure(hz: number, from: number, to: number) {
  const output = resample(sine(hz, Math.round(from * 0.25), from), from, to)
  const ideal = Float64Array.from(output, (_, k) => Math.sin((2 * Math.PI * hz * k) / to))
  const inner = Array.from({ length: output.length >> 1 }, (_, i) => i + (output.length >> 2))
  const gain =
    inner.reduce((sum, k) => sum + output[k]! * ideal[k]!, 0) /
    inner.reduce((sum, k) => sum + ideal[k]! ** 2, 0)
  return {
    gainDb: 20 * Math.log10(Math.abs(gain)),
    residualDb: levelDb(ideal.map((value, k) => output[k]! - gain * value)),
    outputDb: levelDb(Float64Array.from(output)),
  }
}

const rates = [
  [44100, 22050],
  [44100, 16000],
  [48000, 16000],
  [8000, 44100],
  [22050, 44100],
  [44100, 48000],
  [44100, 22051],
  [22050, 16537.31],
  [16000, 16001],
] as const

describe.each(rates)('resample from %i to %s Hz', (from, to) => {
  const nyquist = Math.min(from, to) / 2

  test('passes 0.9 of the lower Nyquist frequency within 0.01 dB, in phase, and weakens images by 100 dB', () => {
    for (const share of [0.01, 0.31, 0.5, 0.77, 0.9]) {
      const { gainDb, residualDb } = measure(share * nyquist, from, to)
      expect(Math.abs(gainDb)).toBeLessThanOrEqual(0.01)
      // The difference from the sine would show a delay, an image or an alias.
      expect(residualDb).toBeLessThanOrEqual(-100)
    }
  })

  test('weakens frequencies above the new Nyquist frequency by 100 dB', () => {
    const shares = [1.001, 1.05, 1.2, 1.5, 1.9].filter((share) => share * nyquist < from / 2)
    expect(shares.length > 0 || to > 0.99 * from).toBe(true)
    for (const share of shares) expect(measure(share * nyquist, from, to).outputDb).toBeLessThanOrEqual(-100)
  })

  test('returns ceil(length * to / from) samples', () => {
    for (const length of [1, 2, 7, 100, 441, 1001]) {
      expect(resample(new Float32Array(length), from, to)).toHaveLength(Math.ceil((length * to) / from))
    }
  })
})

describe('resample', () => {
  test('is linear, and exact for silence', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 300 }), fc.constantFrom(...rates), (length, [from, to]) => {
        const [a, b] = [noise(length, 1), noise(length, 2)]
        const mixed = resample(
          a.map((value, i) => 0.5 * value + b[i]!),
          from,
          to,
        )
        const [x, y] = [resample(a, from, to), resample(b, from, to)]
        mixed.forEach((value, i) => {
          expect(Math.abs(value - 0.5 * x[i]! - y[i]!)).toBeLessThan(1e-5)
        })
      }),
      { numRuns: 20 },
    )
    expect(resample(new Float32Array(500), 44100, 16000).every((value) => value === 0)).toBe(true)
  })

  test('keeps a constant constant, away from the ends', () => {
    const output = resample(new Float32Array(6000).fill(0.5), 44100, 16000)
    for (let i = 500; i < output.length - 500; i++) expect(output[i]).toBeCloseTo(0.5, 5)
  })

  test('copies if both rates are equal, and does not change its input', () => {
    const samples = noise(100, 1)
    const copy = resample(samples, 44100, 44100)
    expect(copy).toEqual(samples)
    expect(copy).not.toBe(samples)
    resample(samples, 44100, 22050)
    expect(samples).toEqual(noise(100, 1))
  })

  test('to a lower rate and back returns the signal, up to the frequencies of the lower rate', () => {
    const samples = sine(3000, 8000, 22050)
    const back = resample(resample(samples, 22050, 16000), 16000, 22050)
    for (let i = 1000; i < 7000; i++) expect(Math.abs(back[i]! - samples[i]!)).toBeLessThan(1e-4)
  })

  test.each([
    [0, 8000],
    [8000, Number.NaN],
    [-1, 8000],
    [Number.POSITIVE_INFINITY, 8000],
    [8000, 31],
    [1, 300],
  ])('refuses %s to %s Hz', (from, to) => {
    expect(() => resample(new Float32Array(10), from, to)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses signals that are empty or not finite', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => resample(new Float32Array(0), 44100, 22050)).toThrow(refused)
    expect(() => resample(Float32Array.of(1, Number.NaN), 44100, 44100)).toThrow(refused)
  })
})
