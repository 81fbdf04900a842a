import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { bandPass, highPass, lowPass } from './filter.js'

const sampleRate = 16000

/** Computes the gain of a filter at a frequency in dB: the Fourier transform of its response to a click. */
function gainDb(augment: ReturnType<typeof lowPass>, hz: number): number {
  const samples = new Float32Array(16000)
  samples[0] = 1
  const response = augment({ samples, sampleRate }, createRng(1)).samples
  const angle = (2 * Math.PI * hz) / sampleRate
  const re = response.reduce((sum, value, i) => sum + value * Math.cos(angle * i), 0)
  const im = response.reduce((sum, value, i) => sum - value * Math.sin(angle * i), 0)
  return 10 * Math.log10(re * re + im * im)
}

/** Computes the frequency of the analogue filter that the bilinear transform moves to `hz`. */
const warp = (hz: number) => Math.tan((Math.PI * hz) / sampleRate)

const frequencies = [100, 250, 1000, 1700, 4000, 7000]

describe.each([2, 4, 8])('a filter of order %i', (order) => {
  const options = { minCutoffHz: 1000, maxCutoffHz: 1000, order }

  test.each(frequencies)("has Butterworth's response at %i Hz", (hz) => {
    const ratio = (warp(hz) / warp(1000)) ** (2 * order)
    const low = -10 * Math.log10(1 + ratio)
    const high = -10 * Math.log10(1 + 1 / ratio)
    // Below -100 dB, only errors of rounding to float32 are left.
    if (low > -100) expect(Math.abs(gainDb(lowPass(options), hz) - low)).toBeLessThan(0.01)
    if (high > -100) expect(Math.abs(gainDb(highPass(options), hz) - high)).toBeLessThan(0.01)
  })
})

test('bandPass has the response of a resonance, and weakens both ends by 3 dB', () => {
  const augment = bandPass({ minCenterHz: 1000, maxCenterHz: 1000, minOctaves: 2, maxOctaves: 2 })
  const [low, high] = [500, 2000]
  for (const hz of frequencies) {
    const width = warp(high) - warp(low)
    const detuning = (warp(hz) ** 2 - warp(low) * warp(high)) / (width * warp(hz))
    expect(Math.abs(gainDb(augment, hz) + 10 * Math.log10(1 + detuning ** 2))).toBeLessThan(0.01)
  }
  for (const hz of [low, high]) expect(gainDb(augment, hz)).toBeCloseTo(-3.0103, 2)
})

test('draws the cutoff evenly over the octaves', () => {
  const click = new Float32Array(8)
  click[0] = 1
  const rng = createRng(1)
  const middle = lowPass({ minCutoffHz: 400, maxCutoffHz: 400 })({ samples: click, sampleRate: 16000 }, rng)
  const draws = Array.from({ length: 500 }, () =>
    lowPass({ minCutoffHz: 100, maxCutoffHz: 1600 })({ samples: click, sampleRate: 16000 }, rng),
  )
  // The first sample grows with the cutoff. On the scale of octaves, 400 Hz is the middle of 100 to 1600 Hz.
  const below = draws.filter(({ samples }) => samples[0]! < middle.samples[0]!).length
  expect(Math.abs(below - 250)).toBeLessThan(40)
})

test('refuses bad options, and clips whose rate is too low', () => {
  const refused = throwsCode('INVALID_OPTION')
  for (const options of [
    { minCutoffHz: 0 },
    { minCutoffHz: 8000 },
    { order: 3 },
    { order: 0 },
    { order: 14 },
  ]) {
    expect(() => lowPass(options)).toThrow(refused)
    expect(() => highPass(options)).toThrow(refused)
  }
  expect(() => bandPass({ minOctaves: 0 })).toThrow(refused)
  expect(() => bandPass({ minCenterHz: Number.NaN })).toThrow(refused)
  const clip = { samples: noise(10, 1), sampleRate: 8000 }
  expect(() => lowPass({ maxCutoffHz: 4000 })(clip, createRng(1))).toThrow(refused)
  expect(() => highPass({ maxCutoffHz: 4000 })(clip, createRng(1))).toThrow(refused)
  expect(() => bandPass({ maxCenterHz: 3000 })(clip, createRng(1))).toThrow(refused)
})
