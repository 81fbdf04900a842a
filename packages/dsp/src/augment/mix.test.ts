import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { noise, sine } from '../test-support/signals.js'
import { betweenClassMix, type LabeledClip, mixup, oneHot } from './mix.js'
import { drawBeta, drawNormal } from './random.js'

const moments = (draw: () => number, count: number) => {
  const values = Array.from({ length: count }, draw)
  const mean = values.reduce((a, b) => a + b) / count
  return { mean, variance: values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count, values }
}

describe('random numbers', () => {
  test('normally distributed ones have mean 0, variance 1 and the tails of the normal distribution', () => {
    const rng = createRng(1)
    const { mean, variance, values } = moments(() => drawNormal(rng), 40000)
    expect(Math.abs(mean)).toBeLessThan(0.02)
    expect(Math.abs(variance - 1)).toBeLessThan(0.03)
    expect(Math.abs(values.filter((value) => Math.abs(value) > 1.96).length / 40000 - 0.05)).toBeLessThan(
      0.005,
    )
  })

  test.each([0.001, 0.2, 0.5, 1, 2, 30])('Beta(%d, %d) has mean 1/2 and its variance', (alpha) => {
    const rng = createRng(1)
    const { mean, variance, values } = moments(() => drawBeta(rng, alpha), 20000)
    expect(values.every((value) => value >= 0 && value <= 1)).toBe(true)
    expect(Math.abs(mean - 0.5)).toBeLessThan(0.015)
    expect(Math.abs(variance * (8 * alpha + 4) - 1)).toBeLessThan(0.05)
  })
})

test('oneHot marks one class', () => {
  expect([...oneHot(1, 3)]).toEqual([0, 1, 0])
  for (const index of [-1, 3, 0.5, Number.NaN]) {
    expect(() => oneHot(index, 3)).toThrow(throwsCode('INVALID_OPTION'))
  }
})

describe('mixup', () => {
  const a = { features: { data: new Float32Array(12).fill(1), bins: 3, frames: 4 }, label: oneHot(0, 3) }
  const b = { features: { data: new Float32Array(12).fill(3), bins: 3, frames: 4 }, label: oneHot(2, 3) }

  test('mixes features and labels by the same share', () => {
    for (let seed = 0; seed < 50; seed++) {
      const { features, label } = mixup({ alpha: 0.5 })(a, b, createRng(seed))
      expect(label.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6)
      for (const value of features.data) expect(value).toBeCloseTo(label[0]! + 3 * label[2]!, 5)
      expect(mixup({ alpha: 0.5 })(a, b, createRng(seed))).toEqual({ features, label })
    }
    expect(a.features.data.every((value) => value === 1)).toBe(true)
  })

  test('mixes labels that are already mixed', () => {
    const soft = { ...b, label: Float32Array.of(0.5, 0.5, 0) }
    const { label } = mixup({ alpha: 1 })(a, soft, createRng(3))
    expect(label.reduce((sum, value) => sum + value, 0)).toBeCloseTo(1, 6)
  })

  test('refuses bad options, and examples that do not fit together', () => {
    for (const alpha of [0, -1, Number.NaN, 101]) {
      expect(() => mixup({ alpha })).toThrow(throwsCode('INVALID_OPTION'))
    }
    const others = [
      { ...b, features: { ...b.features, bins: 4, frames: 3 } },
      { ...b, features: { ...b.features, bins: 2 } },
      { ...b, label: oneHot(0, 4) },
      { ...b, label: Float32Array.of(1, 1, 0) },
      { ...b, label: Float32Array.of(2, -1, 0) },
      { ...b, label: Float32Array.of(Number.NaN, 0, 1) },
    ]
    for (const other of others) {
      expect(() => mixup()(a, other, createRng(1))).toThrow(throwsCode('INVALID_INPUT'))
    }
  })
})

describe('betweenClassMix', () => {
  const labeled = (samples: Float32Array, labelIndex: number): LabeledClip => ({
    clip: { samples, sampleRate: 16000 },
    label: oneHot(labelIndex, 2),
  })
  const tone = sine(1000, 6400, 16000)
  // It has another frequency, so that the share of each in a mix can be measured.
  const other = sine(3000, 6400, 16000)
  const part = (samples: Float32Array, of: Float32Array) =>
    samples.reduce((sum, value, i) => sum + value * of[i]!, 0) /
    of.reduce((sum, value) => sum + value * value, 0)

  test.each([1, 0.01, 30])('mixes by loudness, with the second sound %d times as strong', (factor) => {
    const a = labeled(tone, 0)
    const b = labeled(
      other.map((value) => factor * value),
      1,
    )
    for (let seed = 1; seed < 12; seed++) {
      const { clip, label } = betweenClassMix()(a, b, createRng(seed))
      expect(label[0]! + label[1]!).toBeCloseTo(1, 6)
      const [first, second] = [part(clip.samples, a.clip.samples), part(clip.samples, b.clip.samples)]
      expect(first * first + second * second).toBeCloseTo(1, 4)
      // The A-weighting is 0 dB at 1 kHz and 1.2 dB at 3 kHz. The weighted shares must be those of the label.
      const loudness = [first, second * factor * 10 ** (1.2 / 20)]
      expect(Math.abs(loudness[0]! / (loudness[0]! + loudness[1]!) - label[0]!)).toBeLessThan(0.005)
      expect(betweenClassMix()(a, b, createRng(seed))).toEqual({ clip, label })
    }
  })

  test('accepts silence, and clips shorter than a frame', () => {
    const silence = labeled(new Float32Array(6400), 1)
    const { clip } = betweenClassMix()(labeled(tone, 0), silence, createRng(1))
    expect(clip.samples.every(Number.isFinite)).toBe(true)
    const short = betweenClassMix()(labeled(noise(10, 1), 0), labeled(noise(10, 2), 1), createRng(1))
    expect(short.clip.samples.every(Number.isFinite)).toBe(true)
  })

  test('refuses clips of another rate or length, and bad labels', () => {
    const a = labeled(tone, 0)
    const others = [
      { ...a, clip: { samples: tone, sampleRate: 8000 } },
      labeled(tone.subarray(1), 0),
      labeled(new Float32Array(0), 0),
      { ...a, label: oneHot(0, 3) },
    ]
    for (const b of others) {
      expect(() => betweenClassMix()(a, b, createRng(1))).toThrow(throwsCode('INVALID_INPUT'))
    }
  })
})
