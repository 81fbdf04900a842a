import { type AudioClip, createRng, type FeatureMatrix } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { type Augment, compose, customAugment, oneOf, someOf } from './compose.js'
import { denoise } from './denoise.js'
import { frequencyMask, specAugment, timeMask } from './feature.js'
import { bandPass, highPass, lowPass } from './filter.js'
import { augmentFromSpec, mixFromSpec } from './from-spec.js'
import { betweenClassMix, mixup, oneHot } from './mix.js'
import { backgroundMix, coloredNoise } from './noise.js'
import { frameShift, powerGain } from './power.js'
import { reverb } from './reverb.js'
import type { AugmentSpec } from './spec.js'
import { clipping, gain, pitchShiftBy, polarity, timeShift, timeStretchBy } from './waveform.js'

const clip: AudioClip = { samples: noise(8000, 1), sampleRate: 22050 }
const matrix: FeatureMatrix = { data: noise(8 * 20, 2).map(Math.abs), bins: 8, frames: 20 }
const half = ({ samples, sampleRate }: AudioClip): AudioClip => ({
  samples: samples.map((x) => x / 2),
  sampleRate,
})

/** The same text that a file or a thread would get. */
const copied = (spec: AugmentSpec | undefined) => JSON.parse(JSON.stringify(spec)) as AugmentSpec

describe('an augmentation made again from its JSON gives the same bits', () => {
  const waveforms: Augment[] = [
    gain({ minDb: -3, p: 0.5 }),
    polarity(),
    timeShift({ rollover: false }),
    clipping({ maxShare: 0.2 }),
    timeStretchBy({ minRate: 0.9 }),
    pitchShiftBy({ maxSteps: 1 }),
    lowPass({ order: 4 }),
    highPass(),
    bandPass({ maxOctaves: 1 }),
    coloredNoise({ color: 'pink' }),
    reverb({ wet: 0.5, p: undefined }),
    denoise({ nFft: 512 }),
    compose([gain(), oneOf([polarity(), timeShift()], { p: 0.7 })], { p: 0.9 }),
    someOf([1, 2], [gain(), polarity(), clipping()]),
  ]
  test.each(waveforms.map((augment) => [augment.id!, augment] as const))('%s', (_, augment) => {
    const again = augmentFromSpec<AudioClip>(copied(augment.spec))
    expect(again.id).toBe(augment.id)
    for (let seed = 0; seed < 5; seed++) {
      expect(again(clip, createRng(seed))).toEqual(augment(clip, createRng(seed)))
    }
  })

  const matrices: Augment<FeatureMatrix>[] = [
    timeMask({ maxFrames: 3 }),
    frequencyMask({ fill: 0 }),
    specAugment({ maxBins: 2, maxFrames: 4, p: 0.8 }),
    powerGain({ maxDb: 6 }),
    frameShift({ maxFraction: 0.3, fill: 0 }),
    compose([powerGain(), frameShift()]),
  ]
  test.each(matrices.map((augment) => [augment.id!, augment] as const))('%s', (_, augment) => {
    const again = augmentFromSpec<FeatureMatrix>(copied(augment.spec))
    for (let seed = 0; seed < 5; seed++) {
      expect(again(matrix, createRng(seed))).toEqual(augment(matrix, createRng(seed)))
    }
  })

  test('mixes, too', () => {
    for (const mix of [mixup({ alpha: 0.4, on: 'power' }), betweenClassMix({ on: 'features' })]) {
      const again = mixFromSpec(copied(mix.spec))
      expect([again.id, again.on, again.betweenClasses]).toEqual([mix.id, mix.on, mix.betweenClasses])
      const [a, b] = [0, 1].map((label) => ({
        features: { ...matrix, data: matrix.data.map((x) => x + label) },
        label: oneHot(label, 2),
      })) as [never, never]
      expect(again(a, b, createRng(3))).toEqual(mix(a, b, createRng(3)))
    }
  })
})

test('options are in the JSON as they were given', () => {
  expect(gain().spec).toEqual({ name: 'gain' })
  expect(gain({ minDb: -3, p: undefined }).spec).toEqual({ name: 'gain', options: { minDb: -3 } })
  expect(oneOf([gain(), polarity()], { p: 0.5 }).spec).toEqual({
    name: 'someOf',
    count: 1,
    augments: [{ name: 'gain' }, { name: 'polarity' }],
    options: { p: 0.5 },
  })
})

describe('augmentations that are no JSON', () => {
  test('a function of your own has the id that it was given, and none without one', () => {
    const named = customAugment('half 1', half)
    expect([named.id, named.spec]).toEqual(['half 1', undefined])
    expect(named(clip, createRng(1))).toEqual(half(clip))
    const joined = compose([gain(), named])
    expect(joined.spec).toBeUndefined()
    expect(joined.id).toContain('half 1')
    expect(compose([gain(), half]).id).toBeUndefined()
    for (const id of ['', undefined, 1]) {
      expect(() => customAugment(id as string, half)).toThrow(throwsCode('INVALID_OPTION', /^id/))
    }
    expect(() => customAugment('x', 'y' as never)).toThrow(throwsCode('INVALID_OPTION', /^augment/))
  })

  test('recordings in options count by their samples', () => {
    const other = { ...clip, samples: clip.samples.with(100, 0.5) }
    const ids = [[clip], [other], [clip, other]].map((clips) => backgroundMix({ clips }).id)
    expect(new Set(ids).size).toBe(3)
    expect(backgroundMix({ clips: [clip] }).id).toBe(ids[0])
    expect(backgroundMix({ clips: [clip] }).spec).toBeUndefined()
    expect(denoise({ noise: clip.samples }).spec).toBeUndefined()
    expect(denoise({ noise: clip.samples }).id).not.toBe(denoise({ noise: other.samples }).id)
  })
})

test('JSON that is no augmentation of this package is refused', () => {
  const bad: [unknown, 'INVALID_INPUT' | 'INVALID_OPTION', RegExp][] = [
    [{ name: 'constructor' }, 'INVALID_INPUT', /^spec.name=.*constructor.* must be one of gain, /],
    [{ name: 'mixup' }, 'INVALID_INPUT', /must be one of/],
    [null, 'INVALID_INPUT', /^spec/],
    ['gain', 'INVALID_INPUT', /^spec/],
    [{ name: 'gain', options: { loud: 1 } }, 'INVALID_OPTION', /loud/],
    [{ name: 'gain', option: {} }, 'INVALID_OPTION', /option/],
    [{ name: 'compose' }, 'INVALID_OPTION', /augments/],
    [{ name: 'someOf', augments: [{ name: 'gain' }], count: 2 }, 'INVALID_OPTION', /count/],
  ]
  for (const [spec, code, text] of bad) {
    expect(() => augmentFromSpec(spec as AugmentSpec)).toThrow(throwsCode(code, text))
  }
  expect(() => mixFromSpec({ name: 'gain' })).toThrow(throwsCode('INVALID_INPUT', /mixup, betweenClassMix/))
})
