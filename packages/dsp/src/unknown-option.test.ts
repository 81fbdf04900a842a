import type { FeatureRecipe } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import * as dsp from './index.js'
import { optionCalls } from './test-support/option-calls.js'

function errorOf(call: () => unknown): Error | undefined {
  try {
    call()
  } catch (error) {
    return error as Error
  }
  return undefined
}

/** Exports that take no options. */
const withoutOptions = [
  'augmentFromSpec',
  'createResampleStream',
  'customAugment',
  'magnitude',
  'mixFromSpec',
  'oneHot',
  'padOrTruncate',
  'resample',
]

const presets: Readonly<Record<string, FeatureRecipe>> = {
  logmel64: dsp.logmel64,
  logmel128: dsp.logmel128,
  mfcc13: dsp.mfcc13,
  mfcc20: dsp.mfcc20,
  stm32: dsp.stm32,
  yamnet: dsp.yamnet,
}

/** Exports that take a recipe, by name. */
const recipeCalls: Readonly<Record<string, (recipe: FeatureRecipe) => unknown>> = {
  createExtractor: dsp.createExtractor,
  createFeatureStream: (recipe) => dsp.createFeatureStream(recipe),
  createWindowExtractor: (recipe) => dsp.createWindowExtractor(recipe, { windowSec: 1 }),
  framesOfWindow: (recipe) => dsp.framesOfWindow(recipe, { windowSec: 1 }),
  windowsOfClips: (recipe) => dsp.windowsOfClips(recipe, 431),
}

/** Exports that also take windows, by name. */
const windowCalls: Readonly<Record<string, (windows: { windowSec: number }) => unknown>> = {
  createWindowExtractor: (windows) => dsp.createWindowExtractor(dsp.mfcc13, windows),
  framesOfWindow: (windows) => dsp.framesOfWindow(dsp.mfcc13, windows),
}

test('the tables hold every export', () => {
  const names = [optionCalls, recipeCalls, presets].flatMap((table) => Object.keys(table))
  expect([...names, ...withoutOptions].sort()).toEqual(Object.keys(dsp).sort())
})

describe('options', () => {
  const entries = Object.entries(optionCalls)

  test.each(entries)(
    '%s accepts all its own, and no function that it calls refuses one',
    (_, { call, all }) => {
      expect(() => call(all)).not.toThrow()
    },
  )

  test.each(entries)('%s refuses another name, and lists its own names', (name, { call, all }) => {
    for (const unknown of ['n_fft', 'sr', 'NFFT', 'toString']) {
      const error = errorOf(() => call({ ...all, [unknown]: 1 }))
      expect(error).toEqual(throwsCode('INVALID_OPTION', `${name} has no option '${unknown}'`))
      const listed = error!.message.replace(/^.*; it has /, '').split(', ')
      expect(listed.sort()).toEqual(Object.keys(all).sort())
    }
  })

  test.each(entries)('%s refuses a value that is no object', (name, { call }) => {
    for (const [value, kind] of [
      [null, 'null'],
      [13, 'number'],
      ['hann', 'string'],
      [[], 'array'],
      [() => {}, 'function'],
    ]) {
      expect(() => call(value)).toThrow(
        throwsCode('INVALID_OPTION', `${name} takes an object of options, not ${kind}`),
      )
    }
  })

  test('suggest the option that was probably meant', () => {
    expect(() => optionCalls.mfcc!.call({ n_mfcc: 13 })).toThrow(
      throwsCode('INVALID_OPTION', "mfcc has no option 'n_mfcc' (write nMfcc); it has nFft"),
    )
  })
})

describe('recipes', () => {
  const denoise = {
    nStdThreshStationary: 1.5,
    propDecrease: 1,
    freqMaskSmoothHz: 500,
    timeMaskSmoothMs: 50,
    nFft: 1024,
  }
  /** Each step is used in one of them. */
  const recipes: FeatureRecipe[] = [{ ...dsp.mfcc13, denoise }, dsp.yamnet]
  const steps = ['denoise', 'trim', 'stft', 'mel', 'db', 'log', 'mfcc'] as const
  const calls = Object.entries(recipeCalls)

  test.each(calls)('%s refuses another name', (_, call) => {
    expect(() => call({ ...dsp.mfcc13, nMfcc: 20 } as FeatureRecipe)).toThrow(
      throwsCode('INVALID_OPTION', "recipe has no option 'nMfcc'; it has version, sampleRate, denoise"),
    )
  })

  test.each(calls)('%s refuses another name in each step', (_, call) => {
    for (const step of steps) {
      const recipe = recipes.find((candidate) => candidate[step] !== null)!
      for (const text of [`recipe.${step} has no option 'n_fft'`, ...Object.keys(recipe[step]!)]) {
        expect(() => call({ ...recipe, [step]: { ...recipe[step], n_fft: 1 } })).toThrow(
          throwsCode('INVALID_OPTION', text),
        )
      }
    }
  })

  test.each(calls)(
    '%s refuses a step that is no object, and a missing step that cannot be left out',
    (_, call) => {
      for (const step of steps) {
        expect(() => call({ ...dsp.mfcc13, [step]: 13 })).toThrow(
          throwsCode('INVALID_OPTION', `recipe.${step} takes an object of options, not number`),
        )
      }
      for (const step of ['stft', 'mel'] as const) {
        const { [step]: _, ...rest } = dsp.mfcc13
        expect(() => call(rest as FeatureRecipe)).toThrow(
          throwsCode('INVALID_OPTION', `recipe.${step} is missing`),
        )
        expect(() => call({ ...rest, [step]: null } as never)).toThrow(
          throwsCode('INVALID_OPTION', `recipe.${step} takes an object of options, not null`),
        )
      }
      expect(() => call(undefined as never)).toThrow(throwsCode('INVALID_OPTION', 'recipe is missing'))
      for (const [recipe, kind] of [
        [null, 'null'],
        [[], 'array'],
        ['mfcc13', 'string'],
      ]) {
        expect(() => call(recipe as never)).toThrow(
          throwsCode('INVALID_OPTION', `recipe takes an object of options, not ${kind}`),
        )
      }
    },
  )

  test.each(Object.entries(windowCalls))('%s refuses another name of the windows', (_, call) => {
    expect(() => call({ windowSec: 1, window_sec: 1 } as never)).toThrow(
      throwsCode('INVALID_OPTION', "windows has no option 'window_sec'"),
    )
  })

  test('accept no function, and no norm that the schema does not have', () => {
    const { createExtractor, mfcc13 } = dsp
    const spoilt = (change: object) => () => createExtractor({ ...mfcc13, ...change } as FeatureRecipe)
    expect(spoilt({ db: { ...mfcc13.db, ref: () => 1 } })).toThrow(
      throwsCode('INVALID_OPTION', 'recipe.db.ref must be a finite number'),
    )
    expect(spoilt({ normalize: 3 })).toThrow(
      throwsCode('INVALID_OPTION', 'recipe.normalize=3 must be one of inf, l1, l2'),
    )
    expect(spoilt({ mel: { ...mfcc13.mel, norm: 3 } })).toThrow(
      throwsCode('INVALID_OPTION', 'recipe.mel.norm=3 must be one of slaney'),
    )
  })
})
