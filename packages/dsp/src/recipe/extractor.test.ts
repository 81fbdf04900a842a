import type { AudioClip, FeatureMatrix, FeatureRecipe } from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { spectralGate } from '../effects/spectral-gate.js'
import { trim } from '../effects/trim.js'
import { melSpectrogram } from '../mel/mel.js'
import { mfccFromLogMel } from '../mel/mfcc.js'
import { resample } from '../resample/resample.js'
import { powerToDb, stabilizedLog } from '../scaling/db.js'
import { normalize, padOrTruncate } from '../scaling/normalize.js'
import { noise } from '../test-support/signals.js'
import { createExtractor } from './extractor.js'
import { logmel64, logmel128, mfcc13, mfcc20, stm32, yamnet } from './presets.js'

/** A clip of silence, decaying noise, and silence. */
function bark(length: number, sampleRate: number, seed = 1): AudioClip {
  const samples = new Float32Array(length)
  const start = length >> 2
  noise(length >> 1, seed, 0.3).forEach((value, i) => {
    samples[start + i] = value * Math.exp((-8 * i) / length)
  })
  return { samples, sampleRate }
}

/** The first half of a recipe, from clip to waveform, in plain functions. */
function prepare(recipe: FeatureRecipe, clip: AudioClip): AudioClip {
  const { sampleRate, durationSec } = recipe
  let { samples } = clip
  if (clip.sampleRate !== sampleRate) samples = resample(samples, clip.sampleRate, sampleRate)
  if (recipe.denoise) ({ samples } = spectralGate({ samples, sampleRate }, recipe.denoise))
  if (recipe.trim) samples = trim(samples, recipe.trim).samples
  samples = normalize(samples, { norm: recipe.normalize })
  if (durationSec !== null) samples = padOrTruncate(samples, Math.round(durationSec * sampleRate))
  return { samples, sampleRate }
}

function compose(recipe: FeatureRecipe, clip: AudioClip): FeatureMatrix {
  const mel = melSpectrogram(prepare(recipe, clip), { ...recipe.stft, ...recipe.mel })
  const logMel = recipe.db ? powerToDb(mel, recipe.db) : stabilizedLog(mel, recipe.log!)
  return recipe.mfcc ? mfccFromLogMel(logMel, recipe.mfcc) : logMel
}

/** Compares all bits. `toEqual` takes seconds for so many numbers. */
function expectSame(actual: Float32Array, expected: Float32Array): void {
  expect(actual).toHaveLength(expected.length)
  expect(actual.findIndex((value, i) => !Object.is(value, expected[i]))).toBe(-1)
}

const odd: FeatureRecipe = {
  version: 1,
  sampleRate: 16000,
  denoise: null,
  trim: { topDb: 30, frameLength: 400, hopLength: 160 },
  normalize: 'l2',
  durationSec: null,
  stft: { nFft: 400, hopLength: 160, winLength: 320, window: 'hamming', center: false, padMode: 'reflect' },
  mel: { nMels: 40, fmin: 50, fmax: 7600, htk: true, norm: null, power: 1 },
  db: { ref: 0.5, amin: 1e-6, topDb: null },
  log: null,
  mfcc: { nMfcc: 20, dctType: 3, norm: null, lifter: 22 },
}

const denoise = {
  nStdThreshStationary: 1.5,
  propDecrease: 0.8,
  freqMaskSmoothHz: 500,
  timeMaskSmoothMs: 50,
  nFft: 1024,
}

describe('createExtractor', () => {
  test.each([
    ['mfcc13', mfcc13, 13, 431],
    ['logmel128', logmel128, 128, 216],
    ['mfcc20', mfcc20, 20, 216],
    ['logmel64', logmel64, 64, null],
    ['stm32', stm32, 64, null],
    ['yamnet', yamnet, 64, null],
    ['a recipe of its own', odd, 20, null],
    ['a cleaned clip', { ...mfcc13, denoise }, 13, 431],
  ] as const)(
    'runs %s as the plain functions do, at any rate, again and again',
    (_, recipe, bins, frames) => {
      const extractor = createExtractor(recipe)
      expect([extractor.bins, extractor.frames]).toEqual([bins, frames])
      const clips = [bark(44100, 44100), bark(22050, 22050, 2), bark(50000, 44100, 3), bark(16000, 16000)]
      const first = clips.map((clip) => extractor.extract(clip))
      first.forEach((features, i) => {
        const expected = compose(recipe, clips[i]!)
        expectSame(features.data, expected.data)
        expect([features.bins, features.frames]).toEqual([bins, frames ?? expected.frames])
      })
      const prepared = clips.map((clip) => extractor.prepare(clip))
      prepared.forEach(({ samples, sampleRate }, i) => {
        expectSame(samples, prepare(recipe, clips[i]!).samples)
        expect(sampleRate).toBe(recipe.sampleRate)
      })
      // Results keep their values when the work buffers are used again, and later results are the same.
      const kept = first.map(({ data }) => data.slice())
      clips.forEach((clip, i) => {
        expectSame(extractor.extract(clip).data, kept[i]!)
      })
      first.forEach(({ data }, i) => {
        expectSame(data, kept[i]!)
      })
    },
  )

  test('computes the norm of all samples, also of those that it cuts off, and then forgets them', () => {
    const short: FeatureRecipe = { ...logmel128, durationSec: 0.5, db: { ...logmel128.db, ref: 1 } }
    const extractor = createExtractor(short)
    const long = bark(30000, 22050)
    long.samples[29000] = 0.9
    const clips = [long, bark(4000, 22050, 2), bark(40000, 44100, 3)]
    for (const clip of clips) expect(extractor.extract(clip)).toEqual(compose(short, clip))
  })

  test('does not change the clip, and ignores later changes of the recipe', () => {
    const recipe = structuredClone<FeatureRecipe>(logmel128)
    const extractor = createExtractor(recipe)
    recipe.normalize = null
    recipe.mel.nMels = 1
    const clip = bark(22050, 22050)
    expect(extractor.extract(clip)).toEqual(compose(logmel128, bark(22050, 22050)))
    expect(clip).toEqual(bark(22050, 22050))
    expect(extractor.recipe).toEqual(logmel128)
  })

  test('returns finite features for silence and for a single sample', () => {
    for (const recipe of [mfcc13, logmel128]) {
      for (const samples of [new Float32Array(3000), Float32Array.of(0.5)]) {
        const { data } = createExtractor(recipe).extract({ samples, sampleRate: recipe.sampleRate })
        expect(data.every(Number.isFinite)).toBe(true)
      }
    }
    const silent = createExtractor(logmel128).extract({ samples: new Float32Array(9), sampleRate: 22050 })
    expect(silent.data.every((value) => value === 0)).toBe(true)
  })

  test.each<[string, (recipe: FeatureRecipe) => void]>([
    ['a version it does not know', (recipe) => Object.assign(recipe, { version: 2 })],
    ['a sample rate that is no number', (recipe) => Object.assign(recipe, { sampleRate: Number.NaN })],
    ['a duration of 0', (recipe) => Object.assign(recipe, { durationSec: 0 })],
    ['nFft 0', (recipe) => Object.assign(recipe.stft, { nFft: 0 })],
    ['a window longer than nFft', (recipe) => Object.assign(recipe.stft, { winLength: 4096 })],
    ['fmax above half the sample rate', (recipe) => Object.assign(recipe.mel, { fmax: 30000 })],
    ['amin 0', (recipe) => Object.assign(recipe.db!, { amin: 0 })],
    ['more coefficients than mel bins', (recipe) => Object.assign(recipe.mfcc!, { nMfcc: 129 })],
    ['more than all noise', (recipe) => Object.assign(recipe, { denoise: { ...denoise, propDecrease: 2 } })],
    ['two logarithms', (recipe) => Object.assign(recipe, { log: { offset: 1 } })],
    ['no logarithm', (recipe) => Object.assign(recipe, { db: null })],
    ['a logarithm of 0', (recipe) => Object.assign(recipe, { db: null, log: { offset: 0 } })],
    ['a negative lifter', (recipe) => Object.assign(recipe.mfcc!, { lifter: -1 })],
    ['an unknown norm', (recipe) => Object.assign(recipe, { normalize: 'max' })],
    ['trim.hopLength 0', (recipe) => Object.assign(recipe.trim!, { hopLength: 0 })],
    ['trim.topDb NaN', (recipe) => Object.assign(recipe.trim!, { topDb: Number.NaN })],
    [
      'a duration below one frame',
      (recipe) => {
        recipe.stft.center = false
        recipe.durationSec = 0.01
      },
    ],
  ])('refuses %s', (_, spoil) => {
    const recipe = structuredClone<FeatureRecipe>(mfcc13)
    spoil(recipe)
    expect(() => createExtractor(recipe)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test.each([
    ['no samples', { samples: new Float32Array(0), sampleRate: 44100 }],
    ['a sample that is no number', { samples: Float32Array.of(0, Number.NaN), sampleRate: 44100 }],
    ['a sample rate that is no number', { samples: new Float32Array(100), sampleRate: Number.NaN }],
  ])('refuses a clip with %s', (_, clip) => {
    expect(() => createExtractor(mfcc13).extract(clip)).toThrow(throwsCode('INVALID_INPUT'))
  })

  test('refuses a clip shorter than a frame if no step pads it', () => {
    expect(() => createExtractor(odd).extract({ samples: noise(399, 1), sampleRate: 16000 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })
})

describe('presets', () => {
  test('are recipes that pass the schema', () => {
    expect(parseRecipe(JSON.parse(JSON.stringify(mfcc13)))).toEqual(mfcc13)
    expect(parseRecipe(JSON.parse(JSON.stringify(logmel128)))).toEqual(logmel128)
  })
})
