import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { istft } from '../stft/istft.js'
import { stft } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { phaseVocoder } from './phase-vocoder.js'
import { pitchShift, timeStretch } from './time-stretch.js'

/** Finds the strongest frequency of a signal's middle, in a spectrum of 8192 samples. */
function peakHz(samples: Float32Array, sampleRate: number): number {
  const middle = samples.subarray(samples.length / 2 - 4096, samples.length / 2 + 4096)
  const { re, im } = stft(middle, { nFft: 8192, center: false })
  const power = re.map((value, i) => value * value + im[i]! * im[i]!)
  return (power.indexOf(power.reduce((a, b) => Math.max(a, b))) * sampleRate) / 8192
}

/**
 * Level away from the ends, relative to a sine of amplitude 1. Slower signals get softer: overlapping phases
 * differ.
 */
function levelDb(samples: Float32Array): number {
  const middle = samples.subarray(4096, -4096)
  return 10 * Math.log10((2 * middle.reduce((sum, value) => sum + value * value, 0)) / middle.length)
}

describe('timeStretch', () => {
  test.each([0.5, 0.8, 1.25, 2.5])('at rate %d keeps pitch and level, and changes the length', (rate) => {
    const tone = sine(1000, 44100, 22050)
    const out = timeStretch(tone, { rate })
    expect(out).toHaveLength(Math.round(44100 / rate))
    expect(Math.abs(peakHz(out, 22050) - 1000)).toBeLessThan(3)
    expect(levelDb(out)).toBeGreaterThan(-1.3)
    expect(levelDb(out)).toBeLessThan(0.1)
  })

  test('equals its three parts called one after another', () => {
    const samples = noise(5000, 1)
    const options = { nFft: 256, hopLength: 64 }
    const parts = istft(phaseVocoder(stft(samples, options), { rate: 1.3 }), { ...options, length: 3846 })
    const whole = timeStretch(samples, { ...options, rate: 1.3 })
    expect(whole).toHaveLength(parts.length)
    whole.forEach((value, i) => {
      expect(Math.abs(value - parts[i]!)).toBeLessThan(1e-5)
    })
  })

  test('returns the signal itself at rate 1, for any length', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), (length) => {
        const samples = noise(length, length)
        timeStretch(samples, { rate: 1, nFft: 512 }).forEach((value, i) => {
          expect(Math.abs(value - samples[i]!)).toBeLessThan(1e-5)
        })
        expect(samples).toEqual(noise(length, length))
      }),
      { numRuns: 30 },
    )
  })

  test('rounds halves as librosa does, and never returns an empty signal', () => {
    expect(timeStretch(noise(5, 1), { rate: 2 })).toHaveLength(2)
    expect(timeStretch(noise(7, 1), { rate: 2 })).toHaveLength(4)
    expect(timeStretch(noise(1, 1), { rate: 256 })).toHaveLength(1)
  })

  test('refuses bad rates, options and signals', () => {
    for (const options of [{ rate: 0 }, { rate: Number.NaN }, { rate: 300 }, { rate: 1, hopLength: 0 }]) {
      expect(() => timeStretch(noise(100, 1), options)).toThrow(throwsCode('INVALID_OPTION'))
    }
    for (const samples of [new Float32Array(0), Float32Array.of(Number.NaN)]) {
      expect(() => timeStretch(samples, { rate: 1 })).toThrow(throwsCode('INVALID_INPUT'))
    }
  })
})

describe('pitchShift', () => {
  test.each([
    [12, 12, 2000],
    [-12, 12, 500],
    [7, 12, 1000 * 2 ** (7 / 12)],
    [1, 24, 1000 * 2 ** (1 / 24)],
    [-0.5, 12, 1000 * 2 ** (-0.5 / 12)],
  ])('by %d steps, with %d in an octave, turns 1000 Hz into %d Hz', (nSteps, binsPerOctave, hz) => {
    const tone = sine(1000, 44100, 22050)
    const out = pitchShift(tone, { nSteps, binsPerOctave })
    expect(out).toHaveLength(44100)
    expect(Math.abs(peakHz(out, 22050) - hz)).toBeLessThan(3)
    expect(levelDb(out)).toBeGreaterThan(-1.3)
    expect(levelDb(out)).toBeLessThan(0.1)
  })

  test('refuses bad options', () => {
    for (const options of [{ nSteps: Number.NaN }, { nSteps: 97 }, { nSteps: 1, binsPerOctave: 0 }]) {
      expect(() => pitchShift(noise(100, 1), options)).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})
