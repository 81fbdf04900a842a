import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { spectrogram } from '../stft/stft.js'
import { noise, sine } from '../test-support/signals.js'
import { chromaFilterbank, chromaStft, chromaStftFromSpectrogram } from './chroma.js'
import { estimateTuning } from './tuning.js'

const sampleRate = 22050
const names = ['C', 'C#', 'D', 'D#', 'E', 'F', 'F#', 'G', 'G#', 'A', 'A#', 'B']
const toneOf = (hz: number) => ({ samples: sine(hz, sampleRate, sampleRate), sampleRate })

/** Returns the strongest class of the middle frame. */
function strongest({ data, bins, frames }: { data: Float32Array; bins: number; frames: number }): number {
  const column = Array.from({ length: bins }, (_, k) => data[k * frames + (frames >> 1)]!)
  return column.indexOf(Math.max(...column))
}

describe('chromaStft', () => {
  test.each([
    ['A', 440],
    ['A', 1760],
    ['C', 523.25],
    ['E', 659.26],
    ['G#', 830.61],
  ])('finds %s in a tone of %f Hz', (name, hz) => {
    expect(names[strongest(chromaStft(toneOf(hz), { tuning: 0 }))]).toBe(name)
    expect(names[(strongest(chromaStft(toneOf(hz), { tuning: 0, baseC: false })) + 9) % 12]).toBe(name)
  })

  test('estimates the tuning unless the caller gives it', () => {
    // 44 cents above A. With its own tuning it is a clear A, with A = 440 Hz it is nearly between A and A#.
    const clip = toneOf(440 * 2 ** (0.44 / 12))
    const power = spectrogram(clip.samples, { power: 2 })
    const tuning = estimateTuning(power, { sampleRate })
    expect(Math.abs(tuning - 0.44)).toBeLessThanOrEqual(0.03)
    expect(chromaStft(clip)).toEqual(chromaStft(clip, { tuning }))
    expect(chromaStft(clip)).toEqual(chromaStftFromSpectrogram(power, { sampleRate }))
    expect(chromaStft(clip)).not.toEqual(chromaStft(clip, { tuning: 0 }))
  })

  test('has the given norm in every frame, and 0 in silence', () => {
    const samples = noise(6000, 1)
    for (const [norm, length] of [
      ['inf', (values: number[]) => Math.max(...values)],
      ['l1', (values: number[]) => values.reduce((sum, value) => sum + value, 0)],
      ['l2', (values: number[]) => Math.hypot(...values)],
      [3, (values: number[]) => Math.cbrt(values.reduce((sum, value) => sum + value ** 3, 0))],
    ] as const) {
      const { data, frames } = chromaStft({ samples, sampleRate }, { norm, tuning: 0 })
      for (let t = 0; t < frames; t++) {
        expect(length(Array.from({ length: 12 }, (_, k) => data[k * frames + t]!))).toBeCloseTo(1, 5)
      }
    }
    expect(
      chromaStft({ samples: new Float32Array(3000), sampleRate }).data.every((value) => value === 0),
    ).toBe(true)
  })

  test('refuses options, clips and spectrograms that do not fit', () => {
    const badOption = throwsCode('INVALID_OPTION')
    const badInput = throwsCode('INVALID_INPUT')
    const clip = toneOf(440)
    for (const options of [
      { nChroma: 0 },
      { tuning: Number.NaN },
      { octwidth: 0 },
      { ctroct: Number.NaN },
      { norm: 'max' as 'inf' },
      { nFft: 1 },
    ]) {
      expect(() => chromaStft(clip, options)).toThrow(badOption)
    }
    expect(() => chromaStft({ samples: new Float32Array(0), sampleRate })).toThrow(badInput)
    const power = spectrogram(clip.samples, { power: 2 })
    for (const tuning of [0, null]) {
      expect(() => chromaStftFromSpectrogram(power, { sampleRate, nFft: 1024, tuning })).toThrow(badOption)
    }
  })
})

describe('chromaFilterbank', () => {
  test('has weights of norm 1 over the classes in every bin, before the weights of the octaves', () => {
    const { data, bins, frames } = chromaFilterbank({ sampleRate, nFft: 512, nChroma: 24, octwidth: null })
    expect([bins, frames]).toEqual([24, 257])
    for (let bin = 0; bin < frames; bin++) {
      const column = Array.from({ length: 24 }, (_, k) => data[k * frames + bin]!)
      expect(Math.hypot(...column)).toBeCloseTo(1, 5)
    }
  })

  test('accepts any norm > 0', () => {
    const { data, bins, frames } = chromaFilterbank({ sampleRate, nFft: 512, octwidth: null, norm: 0.5 })
    for (let bin = 0; bin < frames; bin++) {
      const column = Array.from({ length: bins }, (_, k) => Math.sqrt(data[k * frames + bin]!))
      expect(column.reduce((sum, root) => sum + root, 0) ** 2).toBeCloseTo(1, 5)
    }
  })

  test('moves by one class with a tuning of 1', () => {
    const plain = chromaFilterbank({ sampleRate, nFft: 512, octwidth: null, baseC: false })
    const tuned = chromaFilterbank({ sampleRate, nFft: 512, octwidth: null, baseC: false, tuning: 1 })
    // A pitch is one class less above A = 440 Hz · 2^(1/12) than above A = 440 Hz.
    for (let k = 0; k < 12; k++) {
      const row = tuned.data.subarray(k * 257, (k + 1) * 257)
      const next = plain.data.subarray(((k + 1) % 12) * 257, (((k + 1) % 12) + 1) * 257)
      row.forEach((value, bin) => {
        expect(value).toBeCloseTo(next[bin]!, 5)
      })
    }
  })
})

describe('estimateTuning', () => {
  test.each([-0.4, -0.13, 0, 0.25, 0.38])('finds a deviation of %f classes', (deviation) => {
    const samples = new Float32Array(sampleRate)
    for (const pitch of [0, 4, 7, 12, 19, 24]) {
      const hz = 440 * 2 ** ((pitch + deviation) / 12)
      sine(hz, sampleRate, sampleRate).forEach((value, i) => {
        samples[i]! += value / 6
      })
    }
    // The parabola has an error of a few cents for low tones.
    const magnitude = spectrogram(samples, { nFft: 8192 })
    const found = estimateTuning(magnitude, { sampleRate })
    expect(Math.abs(found - deviation)).toBeLessThanOrEqual(0.04)
    expect(
      Math.abs(estimateTuning(magnitude, { sampleRate, resolution: 0.1 }) - deviation),
    ).toBeLessThanOrEqual(0.11)
  })

  test('is 0 without a peak, and refuses an impossible resolution', () => {
    const silence = { data: new Float32Array(1025), bins: 1025, frames: 1 }
    expect(estimateTuning(silence, { sampleRate })).toBe(0)
    for (const options of [{ resolution: 0 }, { resolution: 1 }, { binsPerOctave: 0 }, { nFft: 100 }]) {
      expect(() => estimateTuning(silence, { sampleRate, ...options })).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})
