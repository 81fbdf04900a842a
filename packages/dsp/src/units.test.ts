import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fftFrequencies, hzToMel, melFrequencies, melToHz } from './units.js'

describe('hzToMel and melToHz', () => {
  test('return the values of the librosa documentation', () => {
    expect([60, 110, 220, 440].map((hz) => hzToMel(hz))).toEqual([
      expect.closeTo(0.9, 12),
      expect.closeTo(1.65, 12),
      expect.closeTo(3.3, 12),
      expect.closeTo(6.6, 12),
    ])
    expect(melToHz(3)).toBeCloseTo(200, 10)
    expect(hzToMel(6400)).toBeCloseTo(15 + 27, 10)
    expect(hzToMel(1000, { htk: true })).toBeCloseTo(999.9855, 4)
  })

  test('are inverse to each other and increase, on both scales', () => {
    const hz = fc.double({ min: 0, max: 48000, noNaN: true })
    fc.assert(
      fc.property(hz, hz, fc.boolean(), (a, b, htk) => {
        expect(Math.abs(melToHz(hzToMel(a, { htk }), { htk }) - a)).toBeLessThanOrEqual(1e-9 * (1 + a))
        if (a < b) expect(hzToMel(a, { htk })).toBeLessThanOrEqual(hzToMel(b, { htk }))
      }),
    )
  })

  test.each([Number.NaN, -1, Number.POSITIVE_INFINITY])('refuse %s', (value) => {
    expect(() => hzToMel(value)).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => melToHz(value)).toThrow(throwsCode('INVALID_INPUT'))
  })
})

describe('melFrequencies', () => {
  test('spaces evenly in mel, both ends included', () => {
    const frequencies = melFrequencies(40, { fmin: 50, fmax: 8000 })
    const steps = Array.from(frequencies, (hz) => hzToMel(hz))
    expect(frequencies[0]).toBeCloseTo(50, 9)
    expect(frequencies[39]).toBeCloseTo(8000, 8)
    for (let i = 1; i < 40; i++)
      expect(steps[i]! - steps[i - 1]!).toBeCloseTo((steps[39]! - steps[0]!) / 39, 9)
  })

  test.each([
    ['no filters', 0, {}],
    ['fmin above fmax', 10, { fmin: 200, fmax: 100 }],
    ['a negative fmin', 10, { fmin: -1 }],
    ['an fmax that is no number', 10, { fmax: Number.NaN }],
  ])('refuses %s', (_, nMels, options) => {
    expect(() => melFrequencies(nMels, options)).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('fftFrequencies', () => {
  test('runs from 0 to half the sample rate', () => {
    expect([...fftFrequencies({ sampleRate: 8000, nFft: 8 })]).toEqual([0, 1000, 2000, 3000, 4000])
    expect([...fftFrequencies({ sampleRate: 5, nFft: 5 })]).toEqual([0, 1, 2])
  })

  test('refuses an impossible sample rate or size', () => {
    expect(() => fftFrequencies({ sampleRate: Number.NaN })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => fftFrequencies({ nFft: 0 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})
