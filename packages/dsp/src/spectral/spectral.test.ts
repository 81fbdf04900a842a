import type { FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { spectrogram } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { fftFrequencies } from '../units.js'
import {
  spectralBandwidth,
  spectralBandwidthFromSpectrogram,
  spectralCentroid,
  spectralCentroidFromSpectrogram,
  spectralFlatness,
  spectralFlatnessFromSpectrogram,
  spectralRolloff,
  spectralRolloffFromSpectrogram,
} from './spectral.js'

const sampleRate = 22050
const binHz = sampleRate / 2048
const tone = { samples: sine(3000, sampleRate, sampleRate), sampleRate }
const hiss = { samples: noise(sampleRate, 1), sampleRate }
const silence = { samples: new Float32Array(4000), sampleRate }
// The first and the last frames contain the ends of the tone.
const inner = ({ data }: FeatureMatrix) => [...data.subarray(4, -4)]

/** Magnitudes with the frequencies of a 16 kHz clip; some are 0. */
const spectra = fc
  .record({ bins: fc.integer({ min: 2, max: 23 }), frames: fc.integer({ min: 1, max: 5 }) })
  .chain(({ bins, frames }) =>
    fc
      .array(fc.oneof(fc.constant(0), fc.float({ min: 0, max: 1000, noNaN: true })), {
        minLength: bins * frames,
        maxLength: bins * frames,
      })
      .map((values) => ({ data: Float32Array.from(values), bins, frames })),
  )

const column = ({ data, bins, frames }: FeatureMatrix, frame: number) =>
  Array.from({ length: bins }, (_, bin) => data[bin * frames + frame]!)
const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0)

describe('a pure tone', () => {
  test('has its centroid and its rolloff at its frequency, a small bandwidth, and a small flatness', () => {
    for (const hz of inner(spectralCentroid(tone))) expect(Math.abs(hz - 3000)).toBeLessThan(binHz / 4)
    for (const hz of inner(spectralRolloff(tone))) expect(Math.abs(hz - 3000)).toBeLessThanOrEqual(2 * binHz)
    for (const hz of inner(spectralBandwidth(tone))) expect(hz).toBeLessThan(4 * binHz)
    for (const value of inner(spectralFlatness(tone))) expect(value).toBeLessThan(1e-6)
  })
})

describe('a tone', () => {
  test.each([440, 1000, 2756.25, 3000, 9000])('of %d Hz has its centroid there', (hz) => {
    const centroid = spectralCentroid({ samples: sine(hz, sampleRate, sampleRate), sampleRate })
    for (const value of inner(centroid)) expect(Math.abs(value - hz)).toBeLessThan(binHz / 4)
  })
})

describe('white noise', () => {
  test('has its centroid at a quarter of the sample rate, its rolloff in proportion, and is flat', () => {
    for (const hz of inner(spectralCentroid(hiss))) expect(hz / sampleRate).toBeCloseTo(0.25, 1)
    for (const hz of inner(spectralRolloff(hiss))) expect(hz / sampleRate).toBeCloseTo(0.425, 1)
    // The standard deviation of a uniform distribution is its width divided by √12.
    for (const hz of inner(spectralBandwidth(hiss)))
      expect(hz / sampleRate).toBeCloseTo(0.5 / Math.sqrt(12), 1)
    // For powers of Gaussian noise, the geometric mean divided by the arithmetic mean is exp(-γ) = 0.56.
    for (const value of inner(spectralFlatness(hiss))) expect(value).toBeCloseTo(0.56, 1)
  })
})

describe('silence', () => {
  test('has the flatness 1, and all its frequencies are 0 Hz', () => {
    for (const feature of [spectralCentroid, spectralBandwidth, spectralRolloff]) {
      expect(feature(silence)).toEqual({ data: new Float32Array(8), bins: 1, frames: 8 })
    }
    for (const value of spectralFlatness(silence).data) expect(value).toBeCloseTo(1, 6)
  })
})

describe('the features of any spectrogram', () => {
  const options = { sampleRate: 16000 }
  const freqOf = ({ bins }: FeatureMatrix) => [...fftFrequencies({ sampleRate: 16000, nFft: 2 * (bins - 1) })]
  const expectClose = (actual: number, expected: number) =>
    expect(Math.abs(actual - expected)).toBeLessThanOrEqual(1e-5 * Math.max(1, Math.abs(expected)))

  test('equal their definitions, frame by frame', () => {
    fc.assert(
      fc.property(spectra, fc.constantFrom(1, 2, 2.5, 3), fc.boolean(), (matrix, p, norm) => {
        const freq = freqOf(matrix)
        const centroid = spectralCentroidFromSpectrogram(matrix, options)
        const bandwidth = spectralBandwidthFromSpectrogram(matrix, { ...options, p, norm })
        for (let t = 0; t < matrix.frames; t++) {
          const values = column(matrix, t)
          const total = sum(values)
          const center = total > 0 ? sum(values.map((value, i) => value * freq[i]!)) / total : 0
          const spread = sum(values.map((value, i) => value * Math.abs(freq[i]! - center) ** p))
          expectClose(centroid.data[t]!, center)
          expectClose(bandwidth.data[t]!, (norm && total > 0 ? spread / total : spread) ** (1 / p))
        }
      }),
    )
  })

  test('have a rolloff at the first bin where the sum reaches the share', () => {
    fc.assert(
      fc.property(spectra, fc.constantFrom(0.1, 0.5, 0.85, 1 - 2 ** -53), (matrix, rollPercent) => {
        const { data } = spectralRolloffFromSpectrogram(matrix, { ...options, rollPercent })
        const freq = freqOf(matrix)
        data.forEach((hz, t) => {
          const values = column(matrix, t)
          const bin = freq.findIndex((value) => Math.abs(value - hz) <= 1e-6 * value)
          const slack = 1e-12 * sum(values)
          expect(sum(values.slice(0, bin + 1))).toBeGreaterThanOrEqual(rollPercent * sum(values) - slack)
          expect(sum(values.slice(0, bin))).toBeLessThanOrEqual(rollPercent * sum(values) + slack)
          if (sum(values) === 0) expect(hz).toBe(0)
        })
      }),
    )
  })

  test('have the quotient of the means as flatness, also for products far beyond the range of float64', () => {
    const check = (matrix: FeatureMatrix, amin: number, power: number) => {
      const { data } = spectralFlatnessFromSpectrogram(matrix, { amin, power })
      data.forEach((value, t) => {
        const powers = column(matrix, t).map((magnitude) => Math.max(amin, magnitude ** power))
        const geometric = Math.exp(sum(powers.map(Math.log)) / powers.length)
        expectClose(value, (geometric * powers.length) / sum(powers))
        expect(value).toBeLessThanOrEqual(1 + 1e-6)
      })
    }
    fc.assert(fc.property(spectra, fc.constantFrom(1e-10, 1e-3, 2), fc.constantFrom(0.5, 1, 2, 3), check))
    for (const scale of [1e-30, 1, 1e30]) {
      const data = noise(1025, 3).map((value) => scale * Math.abs(value))
      check({ data, bins: 1025, frames: 1 }, 1e-80, 2)
    }
  })

  test('of a clip equal those of its spectrogram, also for odd lengths of the transform', () => {
    const clip = { samples: hiss.samples.subarray(0, 3000), sampleRate }
    for (const nFft of [512, 375]) {
      const magnitude = spectrogram(clip.samples, { nFft, hopLength: 100 })
      const source = { sampleRate, nFft }
      const stft = { nFft, hopLength: 100 }
      expect(spectralCentroid(clip, stft)).toEqual(spectralCentroidFromSpectrogram(magnitude, source))
      expect(spectralBandwidth(clip, stft)).toEqual(spectralBandwidthFromSpectrogram(magnitude, source))
      expect(spectralRolloff(clip, stft)).toEqual(spectralRolloffFromSpectrogram(magnitude, source))
      expect(spectralFlatness(clip, stft)).toEqual(spectralFlatnessFromSpectrogram(magnitude))
    }
  })

  test('use the frequencies and centres of the caller', () => {
    const matrix = { data: Float32Array.of(1, 3), bins: 2, frames: 1 }
    const freq = [100, 500]
    expect(spectralCentroidFromSpectrogram(matrix, { ...options, freq }).data[0]).toBe(400)
    const centroid = { data: Float32Array.of(100), bins: 1, frames: 1 }
    expect(spectralBandwidthFromSpectrogram(matrix, { ...options, freq, centroid, p: 1 }).data[0]).toBe(300)
    expect(spectralRolloffFromSpectrogram(matrix, { ...options, freq, rollPercent: 0.2 }).data[0]).toBe(100)
  })
})

describe('refusals', () => {
  const matrix = { data: Float32Array.of(1, 2, 3, 4, 5, 6), bins: 3, frames: 2 }
  const centroid = { data: Float32Array.of(1), bins: 1, frames: 1 }
  const options = { sampleRate: 8000 }

  test.each([
    ['p=0', () => spectralBandwidthFromSpectrogram(matrix, { ...options, p: 0 })],
    ['a centroid of other frames', () => spectralBandwidthFromSpectrogram(matrix, { ...options, centroid })],
    ['rollPercent=1', () => spectralRolloff(tone, { rollPercent: 1 })],
    ['rollPercent=NaN', () => spectralRolloff(tone, { rollPercent: Number.NaN })],
    ['amin=0', () => spectralFlatness(tone, { amin: 0 })],
    ['power=0', () => spectralFlatness(tone, { power: 0 })],
    ['an amin beyond float32', () => spectralFlatness(tone, { amin: 1e-100 })],
    ['another nFft', () => spectralCentroidFromSpectrogram(matrix, { ...options, nFft: 6 })],
    ['a sample rate of 0', () => spectralCentroidFromSpectrogram(matrix, { sampleRate: 0 })],
    ['too few frequencies', () => spectralCentroid(tone, { freq: [1, 2] })],
    ['frequencies that fall', () => spectralCentroidFromSpectrogram(matrix, { ...options, freq: [1, 3, 2] })],
    ['a hop of 0', () => spectralCentroid(tone, { hopLength: 0 })],
  ])('of %s', (_, run) => {
    expect(run).toThrow(throwsCode('INVALID_OPTION'))
  })

  test.each([
    ['an empty clip', () => spectralCentroid({ samples: new Float32Array(0), sampleRate })],
    ['NaN', () => spectralFlatness({ samples: Float32Array.of(1, Number.NaN), sampleRate })],
    ['a clip without a sample rate', () => spectralFlatness({ samples: Float32Array.of(1), sampleRate: 0 })],
    ...[-1, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].flatMap((value) =>
      // The wrong value is at every place in a group of four, and in the rest after the groups.
      [0, 1, 2, 3, 4, 5].map((place): [string, () => FeatureMatrix] => [
        `a magnitude of ${value} at ${place}`,
        () => spectralCentroidFromSpectrogram({ ...matrix, data: matrix.data.with(place, value) }, options),
      ]),
    ),
    ['a matrix of another size', () => spectralFlatnessFromSpectrogram({ ...matrix, bins: 4 })],
  ])('of %s', (_, run) => {
    expect(run).toThrow(throwsCode('INVALID_INPUT'))
  })

  test('do not include -0', () => {
    const data = matrix.data.with(2, -0)
    expect(spectralCentroidFromSpectrogram({ ...matrix, data }, options).frames).toBe(2)
  })
})
