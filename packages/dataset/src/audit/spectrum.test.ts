import { createRng } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { measureSpectrum } from './spectrum.js'

/** White noise of 0.1 rms. */
function noise(length: number, seed = 1): Float32Array {
  const rng = createRng(seed)
  return Float32Array.from({ length }, () => 0.1 * rng.normal())
}

/** A windowed sinc of 801 taps: 90 dB down within 220 Hz at 44.1 kHz. */
function lowPassed(samples: Float32Array, cutoffHz: number, sampleRate: number): Float32Array {
  const half = 400
  const taps = Float64Array.from({ length: 2 * half + 1 }, (_, i) => {
    const x = (2 * cutoffHz * (i - half)) / sampleRate
    const sinc = x === 0 ? 1 : Math.sin(Math.PI * x) / (Math.PI * x)
    const turn = (2 * Math.PI * i) / (2 * half)
    // Blackman-Harris.
    const window =
      0.35875 - 0.48829 * Math.cos(turn) + 0.14128 * Math.cos(2 * turn) - 0.01168 * Math.cos(3 * turn)
    return (2 * cutoffHz * sinc * window) / sampleRate
  })
  return samples.map((_, at) => {
    let sum = 0
    for (let k = Math.max(0, at - samples.length + 1 + half); k <= 2 * half && at - k + half >= 0; k++) {
      sum += taps[k]! * samples[at - k + half]!
    }
    return sum
  })
}

describe('bandwidthHz', () => {
  test.each([
    [44100, 3000],
    [44100, 8000],
    [44100, 16000],
    [48000, 11025],
    [22050, 4000],
    [8000, 1500],
  ])(
    'at %i Hz finds a low-pass at %i Hz, at any level of sound and under 16-bit noise',
    (sampleRate, cutoff) => {
      const clip = lowPassed(noise(sampleRate), cutoff, sampleRate)
      const rng = createRng(2)
      const dithered = clip.map((value) => Math.round(value * 32768 + rng.uniform() - rng.uniform()) / 32768)
      for (const samples of [clip, clip.map((value) => value / 10), dithered]) {
        expect(Math.abs(measureSpectrum(samples, sampleRate).bandwidthHz - cutoff)).toBeLessThan(300)
      }
    },
  )

  test('is all of it for white noise, though most of the clip be silent', () => {
    expect(measureSpectrum(noise(44100), 44100).bandwidthHz).toBe(22050)
    const burst = new Float32Array(441000)
    burst.set(noise(4410), 200000)
    expect(measureSpectrum(burst, 44100).bandwidthHz).toBe(22050)
  })

  test('takes no notice of a lone whistle', () => {
    const clip = lowPassed(noise(44100), 8000, 44100).map(
      (value, i) => value + 0.001 * Math.sin((2 * Math.PI * 15734 * i) / 44100),
    )
    expect(Math.abs(measureSpectrum(clip, 44100).bandwidthHz - 8000)).toBeLessThan(300)
  })

  test('is 0 for silence', () => {
    expect(measureSpectrum(new Float32Array(44100), 44100)).toMatchObject({ bandwidthHz: 0 })
    expect(measureSpectrum(new Float32Array(44100).fill(0.5), 44100)).toMatchObject({ bandwidthHz: 0 })
  })
})

describe('fingerprint', () => {
  test('has a word for each 20 ms at any rate, and does not depend on where a spectrogram ends', () => {
    for (const rate of [8000, 16000, 22050, 44100, 48000, 96000]) {
      const { fingerprint } = measureSpectrum(noise(12 * rate), rate)
      expect(Math.abs(fingerprint.length - 12 * 50), String(rate)).toBeLessThan(25)
      expect(fingerprint.every((word) => Number.isInteger(word) && word > 0 && word < 2 ** 32)).toBe(true)
      // 600 frames are more than one spectrogram holds.
      const later = measureSpectrum(noise(12 * rate).subarray(8 * rate), rate).fingerprint
      expect(later).toEqual(fingerprint.slice(400, 400 + later.length))
    }
  })

  test('marks silence, and is empty where there is too little to go by', () => {
    const clip = new Float32Array(44100)
    clip.set(noise(11025), 0)
    const { fingerprint } = measureSpectrum(clip, 44100)
    expect(fingerprint.slice(0, 10)).not.toContain(0)
    expect(new Set(fingerprint.slice(13))).toEqual(new Set([0]))
    expect(measureSpectrum(noise(100), 44100).fingerprint).toEqual([])
    expect(measureSpectrum(noise(8000), 4000).fingerprint).toEqual([])
    expect(measureSpectrum(noise(3), 4)).toMatchObject({ fingerprint: [] })
  })
})
