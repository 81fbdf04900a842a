import type { FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { powerToDb } from '../scaling/db.js'
import { spectrogram } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { fftFrequencies } from '../units.js'
import { type ContrastOptions, spectralContrast, spectralContrastFromSpectrogram } from './contrast.js'

const sampleRate = 22050

/** The steps of librosa: mark the bins of each band, sort them, and take the means of both ends. */
function naive(magnitude: FeatureMatrix, options: Required<ContrastOptions>): Float32Array {
  const { data, bins, frames } = magnitude
  const { fmin, nBands, quantile, linear } = options
  const freq = [...fftFrequencies({ sampleRate, nFft: 2 * (bins - 1) })]
  const edges = [0, ...Array.from({ length: nBands + 1 }, (_, k) => fmin * 2 ** k)]
  const shape = { bins: nBands + 1, frames }
  const peak = { ...shape, data: new Float32Array((nBands + 1) * frames) }
  const valley = { ...shape, data: new Float32Array((nBands + 1) * frames) }
  for (let k = 0; k <= nBands; k++) {
    const marked = freq.map((hz) => hz >= edges[k]! && hz <= edges[k + 1]!)
    if (k > 0) marked[marked.indexOf(true) - 1] = true
    if (k === nBands) marked.fill(true, marked.lastIndexOf(true) + 1)
    const rows = freq.flatMap((_, bin) => (marked[bin] ? [bin] : []))
    const exact = quantile * rows.length
    const even = 2 * Math.round(exact / 2)
    const take = Math.max(1, Math.abs(exact % 1) === 0.5 ? even : Math.round(exact))
    if (k < nBands) rows.pop()
    for (let t = 0; t < frames; t++) {
      const sorted = rows.map((bin) => data[bin * frames + t]!).sort((a, b) => a - b)
      const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
      valley.data[k * frames + t] = mean(sorted.slice(0, take))
      peak.data[k * frames + t] = mean(sorted.slice(-take))
    }
  }
  const [high, low] = linear ? [peak, valley] : [powerToDb(peak), powerToDb(valley)]
  return high.data.map((value, i) => value - low.data[i]!)
}

describe('spectralContrast', () => {
  test('equals a sort of each band, for bands with few and with many peaks', () => {
    const options = fc.record({
      fmin: fc.constantFrom(100, 200, 333.3),
      nBands: fc.integer({ min: 1, max: 5 }),
      quantile: fc.constantFrom(0.001, 0.02, 0.1, 0.5, 0.99),
      linear: fc.boolean(),
    })
    fc.assert(
      fc.property(options, fc.integer({ min: 1, max: 9 }), fc.integer(), (chosen, frames, seed) => {
        const bins = 1025
        // A falling, a rising or a level spectrum with steps, so that many bins have the same value.
        const slope = ((seed % 3) * 4) / bins
        const data = noise(bins * frames, seed >>> 0).map((value, i) => {
          const level = Math.exp(-slope * Math.floor(i / frames))
          return Math.abs(i % 5 === 0 ? Math.round(4 * value) : value) * level
        })
        const magnitude = { data, bins, frames }
        const { data: contrast, ...shape } = spectralContrastFromSpectrogram(magnitude, {
          ...chosen,
          sampleRate,
        })
        expect(shape).toEqual({ bins: chosen.nBands + 1, frames })
        const expected = naive(magnitude, chosen)
        const worst = contrast.reduce((max, value, i) => Math.max(max, Math.abs(value - expected[i]!)), 0)
        expect(worst).toBeLessThan(1e-4)
      }),
      { numRuns: 60 },
    )
  })

  test('is high in the band of a tone, low in noise, and 0 in silence', () => {
    const clip = (samples: Float32Array) => ({ samples, sampleRate })
    const mixed = sine(2500, sampleRate, sampleRate).map((value, i) => value + 0.01 * noiseAt[i]!)
    const { data, frames } = spectralContrast(clip(mixed))
    // Bands start at 0, 200, 400, 800, 1600, 3200, 6400 Hz. The tone is in the fifth.
    const middle = Array.from({ length: 7 }, (_, k) => data[k * frames + (frames >> 1)]!)
    expect(middle.indexOf(Math.max(...middle))).toBe(4)
    expect(middle[4]).toBeGreaterThan(middle[2]! + 10)
    const silent = spectralContrast(clip(new Float32Array(4000)))
    expect(silent.data.every((value) => value === 0)).toBe(true)
  })

  const noiseAt = noise(sampleRate, 4)

  test('of a clip equals that of its spectrogram', () => {
    const samples = noise(5000, 5)
    const transform = { nFft: 1024, hopLength: 200 }
    const magnitude = spectrogram(samples, transform)
    expect(spectralContrast({ samples, sampleRate }, { ...transform, nBands: 4 })).toEqual(
      spectralContrastFromSpectrogram(magnitude, { sampleRate, nBands: 4 }),
    )
  })

  test.each([
    ['no octaves', { nBands: 0 }],
    ['a quantile of 0', { quantile: 0 }],
    ['a quantile of 1', { quantile: 1 }],
    ['fmin=0', { fmin: 0 }],
    ['fmin=NaN', { fmin: Number.NaN }],
    ['an octave beyond half the sample rate', { nBands: 7 }],
    ['an octave between two bins', { fmin: 5, nFft: 2048 }],
    ['a lowest band of a single bin', { fmin: 60, nFft: 128 }],
  ])('refuses %s', (_, options) => {
    expect(() => spectralContrast({ samples: new Float32Array(4000), sampleRate }, options)).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })

  test('refuses clips and spectrograms without values, and negative magnitudes', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => spectralContrast({ samples: new Float32Array(0), sampleRate })).toThrow(refused)
    const data = new Float32Array(1025).fill(-1)
    expect(() => spectralContrastFromSpectrogram({ data, bins: 1025, frames: 1 }, { sampleRate })).toThrow(
      refused,
    )
  })
})
