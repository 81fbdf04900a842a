import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { istft } from '../stft/istft.js'
import { stft } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { type SpectralGateOptions, spectralGate } from './spectral-gate.js'

const sampleRate = 16000
const hiss = noise(32000, 1, 0.1)
const tone = sine(1000, 32000, sampleRate).map((value, i) => (i >= 12000 && i < 20000 ? 0.3 * value : 0))
const noisy = { samples: tone.map((value, i) => value + hiss[i]!), sampleRate }

const energyOf = (values: Float32Array) => values.reduce((sum, value) => sum + value * value, 0)

/**
 * Computes the signal-to-noise ratio in dB: the tone, at the level that it has in the signal, against all the
 * rest.
 */
function snrDb(samples: Float32Array): number {
  const gain = samples.reduce((sum, value, i) => sum + value * tone[i]!, 0) / energyOf(tone)
  return (
    10 *
    Math.log10((gain * gain * energyOf(tone)) / energyOf(samples.map((value, i) => value - gain * tone[i]!)))
  )
}

/** The algorithm of noisereduce on whole matrices, with the two-dimensional average written as a sum. */
function naiveGate(
  samples: Float32Array,
  options: { nFft: number; bins: number; frames: number },
): Float32Array {
  const spectrum = stft(samples, { nFft: options.nFft })
  const { re, im, bins, frames } = spectrum
  const level = (bin: number, t: number) =>
    20 * Math.log10(Math.hypot(re[bin * frames + t]!, im[bin * frames + t]!))
  const open = Array.from({ length: bins }, (_, bin) => {
    const row = Array.from({ length: frames }, (_, t) => level(bin, t))
    const floored = row.map((value) => Math.max(value, Math.max(...row) - 80))
    const mean = floored.reduce((a, b) => a + b) / frames
    const std = Math.sqrt(floored.reduce((sum, value) => sum + (value - mean) ** 2, 0) / frames)
    return floored.map((value) => value > mean + 1.5 * std)
  })
  for (let bin = 0; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) {
      let sum = 0
      let total = 0
      for (let y = -options.bins; y <= options.bins; y++) {
        for (let x = -options.frames; x <= options.frames; x++) {
          const gate = open[bin + y]?.[t + x]
          if (gate === undefined) continue
          const weight = (1 - Math.abs(y) / (options.bins + 1)) * (1 - Math.abs(x) / (options.frames + 1))
          total += weight
          if (gate) sum += weight
        }
      }
      re[bin * frames + t]! *= sum / total
      im[bin * frames + t]! *= sum / total
    }
  }
  return istft(spectrum, { nFft: options.nFft, length: samples.length })
}

describe('spectralGate', () => {
  test('agrees with the definition', () => {
    const clip = { samples: noisy.samples.subarray(10000, 13000), sampleRate }
    // The reach is 4 bins (500 Hz by bins of 62.5 Hz, halved) and 12 frames (50 ms by hops of 4 ms).
    const naive = naiveGate(clip.samples, { nFft: 256, bins: 4, frames: 12 })
    const { samples } = spectralGate(clip, { nFft: 256 })
    samples.forEach((value, i) => {
      expect(Math.abs(value - naive[i]!)).toBeLessThan(1e-5)
    })
  })

  test('raises the signal-to-noise ratio of a tone in noise', () => {
    const before = snrDb(noisy.samples)
    const profile = noisy.samples.subarray(0, 10000)
    const after = (options: SpectralGateOptions) =>
      snrDb(spectralGate(noisy, { noise: profile, ...options }).samples)
    expect(before).toBeLessThan(6)
    expect(after({ freqMaskSmoothHz: null })).toBeGreaterThan(before + 14)
    expect(after({ freqMaskSmoothHz: 100 })).toBeGreaterThan(before + 12)
    // Within 500 Hz of the tone, its open gates let noise pass, and the closed gates of the noise make the
    // tone softer.
    expect(after({})).toBeGreaterThan(before + 2)
    expect(after({ noise: null })).toBeGreaterThan(before + 2)
  })

  test('does nothing with propDecrease 0, and half as much with 0.5', () => {
    const samples = (propDecrease: number) => spectralGate(noisy, { propDecrease }).samples
    const [none, half, all] = [samples(0), samples(0.5), samples(1)]
    const worst = (error: (i: number) => number) =>
      half.reduce((max, _, i) => Math.max(max, Math.abs(error(i))), 0)
    expect(worst((i) => none[i]! - noisy.samples[i]!)).toBeLessThan(1e-6)
    expect(worst((i) => half[i]! - 0.5 * (none[i]! + all[i]!))).toBeLessThan(1e-6)
  })

  test('works without smoothing, for silence, and for one sample', () => {
    const rough = spectralGate(noisy, { freqMaskSmoothHz: null, timeMaskSmoothMs: null })
    expect(rough.samples).not.toEqual(spectralGate(noisy).samples)
    const silence = { samples: new Float32Array(3000), sampleRate }
    expect(spectralGate(silence)).toEqual(silence)
    expect(spectralGate({ samples: Float32Array.of(1), sampleRate }).samples).toHaveLength(1)
  })

  test('refuses bad options and signals', () => {
    const bad: SpectralGateOptions[] = [
      { propDecrease: 1.1 },
      { nStdThreshStationary: Number.NaN },
      { freqMaskSmoothHz: 0 },
      { timeMaskSmoothMs: -1 },
      { nFft: 0 },
    ]
    for (const options of bad) {
      expect(() => spectralGate(noisy, options)).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => spectralGate(noisy, { noise: new Float32Array(0) })).toThrow(throwsCode('INVALID_INPUT'))
  })
})
