import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { gcd } from '../math.js'
import { getWindow } from '../stft/get-window.js'
import { noise, sine } from '../test-support/signals.js'
import { type ResamplePolyOptions, resamplePoly } from './resample-poly.js'

/** The definition: put zeros between the samples, apply the whole filter, keep every `down`-th sample. */
function naive(samples: Float32Array, up: number, down: number, padtype: 'constant' | 'edge'): number[] {
  const factor = Math.max(up, down)
  const half = 10 * factor
  const window = getWindow('hamming', 2 * half + 1, { fftbins: false })
  const taps = Array.from(window, (weight, i) => {
    const x = (Math.PI * (i - half)) / factor
    return weight * (x === 0 ? 1 : Math.sin(x) / x)
  })
  const sum = taps.reduce((total, tap) => total + tap, 0)
  const sampleAt = (time: number) => {
    if (time % up !== 0) return 0
    const index = Math.min(samples.length - 1, Math.max(0, time / up))
    return padtype === 'edge' || index === time / up ? samples[index]! : 0
  }
  return Array.from({ length: Math.ceil((samples.length * up) / down) }, (_, k) =>
    taps.reduce((total, tap, i) => total + ((up * tap) / sum) * sampleAt(k * down + half - i), 0),
  )
}

describe('resamplePoly', () => {
  test('equals its definition', () => {
    const factor = fc.integer({ min: 1, max: 7 })
    const padtypes = fc.constantFrom('constant', 'edge')
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 60 }), factor, factor, padtypes, (length, up, down, padtype) => {
        const samples = noise(length, length)
        const shared = gcd(up, down)
        const expected = up === down ? [...samples] : naive(samples, up / shared, down / shared, padtype)
        const got = resamplePoly(samples, up, down, { window: 'hamming', padtype })
        expect(got).toHaveLength(expected.length)
        got.forEach((value, k) => {
          expect(Math.abs(value - expected[k]!)).toBeLessThan(2e-7)
        })
      }),
      { numRuns: 60 },
    )
  })

  test('returns a tone at the new rate, with the default window', () => {
    const got = resamplePoly(sine(1000, 8820, 44100), 160, 441)
    const expected = sine(1000, 3200, 16000)
    expect(got).toHaveLength(3200)
    for (let i = 100; i < 3100; i++) expect(Math.abs(got[i]! - expected[i]!)).toBeLessThan(2e-3)
  })

  test('keeps a constant constant, and with padtype edge also at the ends', () => {
    const constant = new Float32Array(200).fill(0.5)
    for (const value of resamplePoly(constant, 3, 2, { padtype: 'edge' })) {
      expect(Math.abs(value - 0.5)).toBeLessThan(1e-3)
    }
    expect(Math.min(...resamplePoly(constant, 3, 2))).toBeLessThan(0.48)
  })

  test('copies if both factors are equal, and does not change its input', () => {
    const samples = noise(100, 1)
    const copy = resamplePoly(samples, 3, 3)
    expect(copy).toEqual(samples)
    expect(copy).not.toBe(samples)
    resamplePoly(samples, 2, 3)
    expect(samples).toEqual(noise(100, 1))
  })

  test.each<[string, number, number, ResamplePolyOptions]>([
    ['up 0', 0, 1, {}],
    ['a fraction', 1, 1.5, {}],
    ['down NaN', 1, Number.NaN, {}],
    ['factors that do not reduce', 65537, 2, {}],
    ['an unknown window', 1, 2, { window: 'kaiser' as 'hann' }],
    ['a beta that is no number', 1, 2, { window: ['kaiser', Number.NaN] }],
    ['a tuple of another window', 1, 2, { window: ['gaussian' as 'kaiser', 5] }],
    ['an unknown padtype', 1, 2, { padtype: 'line' as 'edge' }],
  ])('refuses %s', (_, up, down, options) => {
    expect(() => resamplePoly(noise(10, 1), up, down, options)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses signals that are empty or not finite', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => resamplePoly(new Float32Array(0), 1, 2)).toThrow(refused)
    expect(() => resamplePoly(Float32Array.of(1, Number.NaN), 1, 1)).toThrow(refused)
  })
})
