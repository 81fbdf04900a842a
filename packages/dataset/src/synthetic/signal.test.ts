import { createRng } from '@esc/core'
import { describe, expect, test } from 'vitest'
import { addInto, bandpass, harmonicTone, highpass, interpolate, lowpass, whiteNoise } from './signal.js'

const sampleRate = 44100

/** Gain of a filter for a tone, once it has settled. */
function gainAt(hz: number, filter: (tone: Float32Array) => Float32Array): number {
  const tone = Float32Array.from({ length: sampleRate }, (_, i) =>
    Math.sin((2 * Math.PI * hz * i) / sampleRate),
  )
  const settled = filter(tone).subarray(sampleRate / 2)
  return Math.sqrt((2 * settled.reduce((sum, value) => sum + value * value, 0)) / settled.length)
}

describe('filters', () => {
  test('low-pass: passes lows, -3 dB at the cutoff, 6 dB per octave above', () => {
    const filter = (tone: Float32Array) => lowpass(tone, sampleRate, 500)
    expect(gainAt(20, filter)).toBeCloseTo(1, 2)
    expect(gainAt(500, filter)).toBeCloseTo(Math.SQRT1_2, 1)
    expect(gainAt(2000, filter)).toBeCloseTo(1 / Math.sqrt(1 + 4 ** 2), 2)
  })

  test('high-pass: stops lows, passes highs', () => {
    const filter = (tone: Float32Array) => highpass(tone, sampleRate, 500)
    expect(gainAt(20, filter)).toBeLessThan(0.05)
    expect(gainAt(8000, filter)).toBeGreaterThan(0.9)
  })

  test('band-pass: gain 1 at the centre, -3 dB where the quality says', () => {
    const filter = (tone: Float32Array) => bandpass(tone, sampleRate, 1000, 2)
    expect(gainAt(1000, filter)).toBeCloseTo(1, 3)
    // Band edges of Q = 2: the centre times sqrt(1 + 1/16) ± 1/4.
    expect(gainAt(1000 * (Math.sqrt(1 + 1 / 16) - 0.25), filter)).toBeCloseTo(Math.SQRT1_2, 2)
    expect(gainAt(1000 * (Math.sqrt(1 + 1 / 16) + 0.25), filter)).toBeCloseTo(Math.SQRT1_2, 2)
  })
})

describe('sources', () => {
  test('white noise: mean 0, power 1/3, no memory', () => {
    const noise = whiteNoise(createRng(1), 100_000)
    const mean = (of: (i: number) => number) => {
      let sum = 0
      for (let i = 0; i < noise.length - 1; i++) sum += of(i)
      return sum / noise.length
    }
    expect(mean((i) => noise[i]!)).toBeCloseTo(0, 2)
    expect(mean((i) => noise[i]! ** 2)).toBeCloseTo(1 / 3, 2)
    expect(mean((i) => noise[i]! * noise[i + 1]!)).toBeCloseTo(0, 2)
  })

  test('harmonic tone: the sum of its harmonics', () => {
    for (const rolloff of [0, 0.5, 0.9]) {
      for (const phase of [0.1, 1, 2.5, 4]) {
        let sum = 0
        for (let k = 1; k <= 400; k++) sum += rolloff ** (k - 1) * Math.sin(k * phase)
        expect(harmonicTone(phase, rolloff)).toBeCloseTo((1 - rolloff ** 2) * sum, 9)
      }
    }
  })
})

describe('arithmetic', () => {
  test('interpolates between evenly spaced points, ends included', () => {
    expect([0, 0.25, 0.5, 0.75, 1].map((t) => interpolate([0, 10, 0], t))).toEqual([0, 5, 10, 5, 0])
  })

  test('adds what fits', () => {
    const target = new Float32Array(4)
    addInto(target, Float32Array.of(1, 2, 3), 2, 10)
    addInto(target, Float32Array.of(1, 2, 3), -2, 1)
    addInto(target, Float32Array.of(1), 9, 1)
    expect(Array.from(target)).toEqual([3, 0, 10, 20])
  })
})
