import type { FeatureMatrix, FeatureRecipe } from '@esc/core'
import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { createExtractor } from './extractor.js'
import { createFeatureStream } from './feature-stream.js'
import { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './presets.js'

const mfccOfFrames: FeatureRecipe = {
  ...logmel64,
  mfcc: { nMfcc: 13, dctType: 2, norm: 'ortho', lifter: 22 },
}
/** A recipe whose frames do not touch each other. */
const sparse: FeatureRecipe = { ...stm32, stft: { ...stm32.stft, nFft: 256, winLength: 256, hopLength: 700 } }

/** Joins the columns of several matrices. */
function joined(parts: readonly FeatureMatrix[], bins: number): FeatureMatrix {
  const frames = parts.reduce((sum, part) => sum + part.frames, 0)
  const data = new Float32Array(bins * frames)
  let at = 0
  for (const part of parts) {
    for (let bin = 0; bin < bins; bin++) {
      data.set(part.data.subarray(bin * part.frames, (bin + 1) * part.frames), bin * frames + at)
    }
    at += part.frames
  }
  return { data, bins, frames }
}

function streamed(recipe: FeatureRecipe, rate: number, samples: Float32Array, cuts: readonly number[]) {
  const stream = createFeatureStream(recipe, rate)
  const parts: FeatureMatrix[] = []
  let at = 0
  for (const length of cuts) {
    parts.push(stream.push(samples.subarray(at, at + length)))
    at = Math.min(samples.length, at + length)
  }
  parts.push(stream.push(samples.subarray(at)), stream.end())
  return joined(parts, stream.bins)
}

const denoise = {
  nStdThreshStationary: 1.5,
  propDecrease: 1,
  freqMaskSmoothHz: 500,
  timeMaskSmoothMs: 50,
  nFft: 512,
}

describe('createFeatureStream', () => {
  test.each([
    ['logmel64', logmel64],
    ['stm32', stm32],
    ['yamnet', yamnet],
    ['MFCCs', mfccOfFrames],
    ['frames that do not touch', sparse],
  ])('%s: frames equal those of the whole clip, to the bit, for any blocks', (_, recipe) => {
    const whole = new Map(
      [recipe.sampleRate, 44100].map((rate) => {
        const samples = noise(12_000, rate, 0.4)
        return [rate, { samples, features: createExtractor(recipe).extract({ samples, sampleRate: rate }) }]
      }),
    )
    const sizes = fc.array(fc.integer({ min: 0, max: 5000 }), { maxLength: 12 })
    fc.assert(
      fc.property(fc.constantFrom(...whole.keys()), sizes, (rate, cuts) => {
        const { samples, features } = whole.get(rate)!
        expect(streamed(recipe, rate, samples, cuts)).toEqual(features)
      }),
      { numRuns: 15 },
    )
  })

  test('returns each frame as soon as its last sample has arrived', () => {
    const stream = createFeatureStream(stm32)
    expect(stream.push(noise(511, 1)).frames).toBe(0)
    expect(stream.push(noise(1, 2)).frames).toBe(1)
    expect(stream.push(noise(159, 3)).frames).toBe(0)
    expect(stream.push(noise(161, 4)).frames).toBe(2)
  })

  test.each<[string, FeatureRecipe, RegExp]>([
    [
      'mfcc13',
      mfcc13,
      /trim .*; recipe.normalize .*; recipe.durationSec .*; recipe.stft.center .*; recipe.db.topDb/,
    ],
    [
      'a recipe with noise reduction',
      { ...stm32, denoise },
      /recipe.denoise measures the noise in the whole clip/,
    ],
    ['mfcc20', mfcc20, /recipe.durationSec .*; recipe.stft.center .*; recipe.db.topDb/],
    ['logmel128', logmel128, /recipe.normalize .* recipe.db.ref 'max'/],
  ])('refuses %s, and says why', (_, recipe, message) => {
    expect(() => createFeatureStream(recipe)).toThrow(throwsCode('INVALID_OPTION', message))
  })

  test('refuses samples that are not finite, and all calls after its end', () => {
    const stream = createFeatureStream(logmel64)
    const refused = throwsCode('INVALID_INPUT')
    expect(() => stream.push(Float32Array.of(Number.NaN))).toThrow(refused)
    stream.end()
    expect(() => stream.push(new Float32Array(1))).toThrow(refused)
    expect(() => stream.end()).toThrow(refused)
  })
})
