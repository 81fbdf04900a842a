import {
  createRng,
  type DrawContext,
  type FeatureMatrix,
  type FeatureRecipe,
  type FeatureSet,
  featureSet,
} from '@esc/core'
import {
  type Augment,
  betweenClassMix,
  compose,
  createExtractor,
  createWindowExtractor,
  customAugment,
  frameShift,
  gain,
  logmel64,
  mixup,
  powerGain,
  timeMask,
} from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { SoundSource } from '../record.js'
import { augmentedSet } from './augmented-set.js'
import type { AnyMix, AugmentedSetOptions } from './options.js'

const sampleRate = 8000
const recipe: FeatureRecipe = {
  ...logmel64,
  sampleRate,
  durationSec: 0.5,
  stft: { ...logmel64.stft, nFft: 256, winLength: 256, hopLength: 128 },
  mel: { ...logmel64.mel, nMels: 32, fmax: 4000 },
}
const { bins, frames } = createExtractor(recipe) as { bins: number; frames: number }
const labels = ['low', 'high', 'noise']
const sounds = Array.from({ length: 9 }, (_, i) => toneOrNoise(i))

function toneOrNoise(i: number, seconds = 0.5): Float32Array {
  const rng = createRng(i)
  const hz = [300, 1500][i % 3]
  return Float32Array.from({ length: seconds * sampleRate }, (_, n) =>
    hz === undefined ? 0.2 * rng.normal() : 0.3 * Math.sin((2 * Math.PI * hz * n) / sampleRate + i),
  )
}

/** A source that keeps a list of the clips that were read. */
function sourceOf(clips: readonly Float32Array[] = sounds, read: number[] = []): SoundSource {
  const records = clips.map((_, i) => ({
    ...{ id: `clip${i}`, filename: `clip${i}.wav`, fold: null, group: `${i}` },
    labelIndex: i % 3,
    label: labels[i % 3]!,
  }))
  return {
    dataset: { name: 'test', synthetic: true, labels, records },
    read(index) {
      read.push(index)
      return { channels: [clips[index]!], sampleRate }
    },
  }
}

const train = Int32Array.of(0, 1, 2, 3, 4)
const contextOf = (index: number, epoch = 1, seed = 1): DrawContext => ({
  epoch,
  rng: createRng(seed).fork(`${epoch} ${index}`),
  train,
})
const draw = async (set: FeatureSet, index: number, epoch = 1, seed = 1) =>
  set.get(index, contextOf(index, epoch, seed))

const everything: AugmentedSetOptions = {
  timeScales: [0.8, 1, 1.25],
  waveform: gain({ minDb: -3, maxDb: 3 }),
  power: compose([powerGain(), frameShift({ fill: 0 })]),
  features: timeMask({ maxFrames: 5 }),
  mix: betweenClassMix({ on: 'power' }),
}

describe('outside training', () => {
  test('features are those of the extractor, to the bit', async () => {
    const set = await augmentedSet(sourceOf(), recipe, everything)
    const { extract } = createExtractor(recipe)
    for (const [i, samples] of sounds.entries()) {
      expect(await set.get(i)).toEqual({ features: extract({ samples, sampleRate }) })
    }
    expect(set.records.map(({ id, clipId, labelIndex }) => [id, clipId, labelIndex])).toEqual(
      sounds.map((_, i) => [`clip${i}`, `clip${i}`, i % 3]),
    )
    expect([set.recipe, set.windows, set.dataset]).toEqual([recipe, null, { name: 'test', synthetic: true }])
  })

  test('with windows, each window is an example', async () => {
    const windows = { windowSec: 0.2, hopSec: 0.1 }
    const set = await augmentedSet(sourceOf(), recipe, { ...everything, windows })
    const extractor = createWindowExtractor(recipe, windows)
    const all = sounds.flatMap((samples) => [...extractor.extract({ samples, sampleRate })])
    expect(set.records.length).toBe(all.length)
    expect(set.records.slice(0, 5).map(({ id }) => id)).toEqual([
      'clip0#0',
      'clip0#1',
      'clip0#2',
      'clip0#3',
      'clip1#0',
    ])
    for (const [i, features] of all.entries()) expect(await set.get(i)).toEqual({ features })
  })
})

describe('an example in training', () => {
  test('depends on seed, example and epoch alone: not on what was drawn before, nor on the memory', async () => {
    for (const mix of [mixup({ on: 'waveform' }), betweenClassMix({ on: 'power' }), mixup(), null]) {
      const options = { ...everything, mix }
      const first = await augmentedSet(sourceOf(), recipe, options)
      const made = await draw(first, 3, 2)
      expect(await draw(first, 3, 2)).toEqual(made)
      const late = await augmentedSet(sourceOf(), recipe, { ...options, memoryMiB: 1e-3 })
      await Promise.all([0, 1, 2, 3].map((index) => draw(late, index)))
      expect(await draw(late, 3, 2)).toEqual(made)
      expect(await draw(first, 3, 1)).not.toEqual(made)
      expect(await draw(first, 0, 2)).not.toEqual(made)
      expect(await draw(first, 3, 2, 7)).not.toEqual(made)
      expect(made.features.data.every(Number.isFinite)).toBe(true)
    }
  })

  test('without changes it is the example itself', async () => {
    const set = await augmentedSet(sourceOf(), recipe, { timeScales: [1] })
    for (let i = 0; i < sounds.length; i++) {
      expect((await draw(set, i)).features).toEqual((await set.get(i)).features)
    }
  })

  test('samples of 16 bits change it by their rounding alone', async () => {
    const set = await augmentedSet(sourceOf(), recipe, { timeScales: [1], clips: 'int16' })
    const { features } = await draw(set, 2)
    const { features: exact } = await set.get(2)
    const errors = features.data.map((value, i) => Math.abs(value - exact.data[i]!))
    expect(Math.max(...errors)).toBeGreaterThan(0)
    // Noise of -14 dB, and rounding noise of -101 dB.
    expect(Math.max(...errors)).toBeLessThan(0.1)
  })

  test('a speed moves a tone and changes its length', async () => {
    const set = await augmentedSet(sourceOf([toneOrNoise(1)]), recipe, { timeScales: [1.25] })
    const [faster, recorded] = [(await draw(set, 0)).features, (await set.get(0)).features]
    const loudest = ({ data, bins, frames }: FeatureMatrix, frame: number) =>
      Array.from({ length: bins }, (_, bin) => data[bin * frames + frame]!).reduce(
        (best, value, bin, all) => (value > all[best]! ? bin : best),
        0,
      )
    const melOf = (hz: number) => {
      const power = createExtractor(recipe).extract({
        samples: Float32Array.from({ length: 4000 }, (_, n) => Math.sin((2 * Math.PI * hz * n) / sampleRate)),
        sampleRate,
      })
      return loudest(power, 10)
    }
    expect(loudest(recorded, 10)).toBe(melOf(1500))
    expect(loudest(faster, 10)).toBe(melOf(1875))
    // 0.4 s of 0.5 s: the last fifth is silence.
    const last = faster.data.subarray(faster.frames - 5, faster.frames)
    expect([...last]).toEqual(Array(5).fill(-100))
  })

  test('of a slower clip, a piece is drawn', async () => {
    const set = await augmentedSet(sourceOf(), recipe, { timeScales: [0.5] })
    const starts = new Set<string>()
    for (let epoch = 1; epoch <= 20; epoch++) {
      const { features } = await draw(set, 2, epoch)
      expect([features.bins, features.frames]).toEqual([bins, frames])
      starts.add(features.data.subarray(0, 4).join())
    }
    expect(starts.size).toBeGreaterThan(10)
  })

  test('the place of a window in its clip is drawn, and a clip shorter than a window is padded', async () => {
    const windows = { windowSec: 0.2, hopSec: 0.2 }
    const clips = [toneOrNoise(2), toneOrNoise(2, 0.05)]
    const set = await augmentedSet(sourceOf(clips), recipe, { timeScales: [1], windows })
    const seen = new Set<string>()
    for (let epoch = 1; epoch <= 20; epoch++) seen.add((await draw(set, 0, epoch)).features.data.join())
    expect(seen.size).toBeGreaterThan(10)
    const short = set.records.findIndex(({ clipId }) => clipId === 'clip1')
    const { features } = await draw(set, short)
    expect(features.data.subarray(features.frames - 4, features.frames).join()).toBe('-100,-100,-100,-100')
  })
})

test('features that are computed already are taken over, with their windows', async () => {
  const windows = { windowSec: 0.2 }
  const { augmentation: _, ...base } = await augmentedSet(sourceOf(), recipe, { windows })
  const read: number[] = []
  const set = await augmentedSet(sourceOf(sounds, read), recipe, { ...everything, base })
  expect(read).toEqual([])
  const whole = await augmentedSet(sourceOf(), recipe, { ...everything, windows })
  expect(set.records).toEqual(whole.records)
  expect(await draw(set, 3)).toEqual(await draw(whole, 3))
  for (const [options, other, message] of [
    [{ base, windows }, recipe, /^windows and base do not go together/],
    [
      { base },
      { ...recipe, mel: { ...recipe.mel, fmin: 50 } },
      /^base was made by another recipe: its mel differs/,
    ],
  ] as const) {
    await expect(augmentedSet(sourceOf(), other, options)).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
  }
})

describe('mixing', () => {
  test('partners come from the training part alone, and between classes they have another label', async () => {
    for (const on of ['waveform', 'power', 'features'] as const) {
      for (const mix of [mixup({ on }), betweenClassMix({ on })] as AnyMix[]) {
        const read: number[] = []
        // Nothing fits into this memory, so each use of a sound is seen.
        const set = await augmentedSet(sourceOf(sounds, read), recipe, {
          timeScales: [1],
          mix,
          memoryMiB: 1e-6,
        })
        read.length = 0
        const partners = new Set<number>()
        for (let epoch = 1; epoch <= 25; epoch++) {
          for (const index of train) {
            read.length = 0
            const { target } = await draw(set, index, epoch)
            for (const used of read) expect(train).toContain(used)
            const others = read.filter((used) => used !== index)
            for (const other of others) partners.add(other)
            if (mix.betweenClasses) expect(others.map((other) => other % 3)).not.toContain(index % 3)
            expect(target!.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 6)
            for (const [label, share] of target!.entries()) {
              if (share > 0) expect([index, ...others].map((used) => used % 3)).toContain(label)
            }
          }
        }
        expect([...partners].sort()).toEqual([...train])
      }
    }
  })

  test('mixup on power adds powers by the share of the label', async () => {
    const mix = mixup({ on: 'power', alpha: 1 })
    const set = await augmentedSet(sourceOf(), recipe, { mix })
    const extractor = createExtractor(recipe)
    const power = (i: number) => extractor.melPower({ samples: sounds[i]!, sampleRate }).data
    const two = Int32Array.of(0, 1)
    for (let epoch = 1; epoch < 9; epoch++) {
      const { features, target } = await set.get(0, { ...contextOf(0, epoch), train: two })
      const [a, b] = [power(0), power(1)]
      // The partner may be the example itself.
      const share = target![1] === 0 ? 1 : target![0]!
      const data = a.map((value, i) => share * value + (1 - share) * b[i]!)
      const expected = extractor.fromMelPower({ data, bins, frames })
      for (const [i, value] of expected.data.entries()) expect(features.data[i]).toBeCloseTo(value, 3)
    }
  })

  test('a set without sounds mixes features, and keeps targets of its own', async () => {
    const base = featureSet(
      [0, 1, 2, 3].map((i) => ({
        id: `${i}`,
        features: { data: new Float32Array(6).fill(i), bins: 2, frames: 3 },
        labelIndex: i % 2,
        ...(i === 3 ? { target: Float32Array.of(0.5, 0.5) } : {}),
      })),
      { labels: ['a', 'b'] },
    )
    const set = await augmentedSet(base, { mix: mixup({ alpha: 1 }) })
    const part = Int32Array.of(2, 3)
    for (let epoch = 1; epoch < 20; epoch++) {
      const { features, target } = await set.get(2, { ...contextOf(2, epoch), train: part })
      // Between example 2, of label 0, and example 3, of half of each.
      const share = features.data[0]! - 2
      expect(target![1]).toBeCloseTo(share / 2, 5)
      expect(share).toBeGreaterThanOrEqual(0)
      expect(share).toBeLessThanOrEqual(1)
    }
    expect(await set.get(3)).toEqual(await base.get(3))
  })

  test('needs the training part, and two classes between classes', async () => {
    const set = await augmentedSet(sourceOf(), recipe, { mix: betweenClassMix() })
    const { rng } = contextOf(0)
    await expect(set.get(0, { epoch: 1, rng })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /^mix needs the training part: .*context.train/),
    )
    await expect(set.get(0, { epoch: 1, rng, train: Int32Array.of(0, 3, 6) })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /^mix wants examples of two classes, .*use mixup/),
    )
    await expect(set.get(0, { epoch: 1, rng, train: Int32Array.of(99) })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /^context.train has 99, not an index of the set's 9 examples$/),
    )
  })
})

describe('the id of an augmentation', () => {
  const idOf = async (options: AugmentedSetOptions) =>
    (await augmentedSet(sourceOf(), recipe, options)).augmentation!.id

  test('is equal for equal options, and another one for others', async () => {
    const id = await idOf(everything)
    expect(await idOf({ ...everything, waveform: gain({ minDb: -3, maxDb: 3 }) })).toBe(id)
    const others = [
      { waveform: gain() },
      { timeScales: [0.8, 1] },
      { clips: 'int16' as const },
      { mix: mixup({ on: 'power' }) },
      { mix: betweenClassMix({ on: 'features' }) },
      { features: null },
    ]
    const ids = await Promise.all(others.map((other) => idOf({ ...everything, ...other })))
    expect(new Set([id, ...ids]).size).toBe(others.length + 1)
  })

  test('is not known if a function has none', async () => {
    const plain = (matrix: FeatureMatrix) => matrix
    expect(await idOf({ features: plain })).toBeNull()
    expect(await idOf({ features: customAugment('nothing 1', plain) })).toContain('nothing 1')
  })
})

describe('refused', () => {
  const matrix = { data: new Float32Array(bins * frames), bins, frames }
  const bad: [string, AugmentedSetOptions, RegExp][] = [
    [
      'a promise',
      { features: (async () => matrix) as never },
      /^the features augmentation of example 'clip0' returned a promise/,
    ],
    [
      'another shape',
      { power: () => ({ ...matrix, bins: frames, frames: bins }) },
      /^the power augmentation of example 'clip0' returned a matrix of 30 × 32 for a matrix of 32 × 30/,
    ],
    [
      'NaN',
      { power: () => ({ ...matrix, data: matrix.data.map(() => Number.NaN) }) },
      /^the power augmentation of example 'clip0' made no matrix: .*NaN/,
    ],
    [
      'nothing',
      { waveform: (() => undefined) as never },
      /^the waveform augmentation of example 'clip0' made no (clip|matrix): its result is of type undefined/,
    ],
    [
      'another rate',
      { waveform: ({ samples }) => ({ samples, sampleRate: 4000 }) },
      /returned a clip of 4000 Hz for a clip of 8000 Hz/,
    ],
    [
      'NaN in a clip',
      { waveform: ({ samples }) => ({ samples: samples.with(7, Number.NaN), sampleRate }) },
      /^the waveform augmentation of example 'clip0' made no clip: .*NaN/,
    ],
    [
      'a mix of nothing',
      { mix: Object.assign((() => undefined) as never, { on: 'features' as const }) },
      /^the mix of example 'clip0' made no (clip|matrix): its result is of type undefined/,
    ],
    [
      'a mix without a label',
      { mix: Object.assign((() => ({ features: matrix })) as never, { on: 'features' as const }) },
      /^the label that mix made of 'clip0'/,
    ],
    [
      'a mix to other classes',
      {
        mix: Object.assign(() => ({ features: matrix, label: new Float32Array(2) }), {
          on: 'features' as const,
        }),
      },
      /^the mix of example 'clip0' made a label of 2 classes, not 3/,
    ],
  ]
  test.each(bad)('what a function returns: %s', async (_, options, message) => {
    const set = await augmentedSet(sourceOf(), recipe, options)
    await expect(draw(set, 0)).rejects.toThrow(throwsCode('INVALID_INPUT', message))
  })

  const magnitude = { ...recipe, mel: { ...recipe.mel, power: 1 as const } }
  test.each<[string, object, RegExp, FeatureRecipe?]>([
    ['an unknown name', { augment: gain() }, /augmentedSet has no option 'augment'/],
    ['a list', { waveform: [gain()] }, /^waveform .*an augmentation, such as gain\(\) or compose/],
    ['a mix that says not what it mixes', { mix: () => ({}) }, /^mix does not say what it mixes/],
    ['a mix of something else', { mix: Object.assign(() => ({}), { on: 'image' }) }, /^mix.on/],
    ['no speeds', { timeScales: [] }, /^timeScales/],
    ['a speed out of range', { timeScales: [1, 0.1] }, /^timeScales\[1\]=0.1/],
    ['samples of 8 bits', { clips: 'int8' }, /^clips/],
    ['no memory', { memoryMiB: 0 }, /^memoryMiB=0/],
    [
      'power of magnitudes',
      { power: powerGain() as Augment<FeatureMatrix> },
      /mel.power is 1; power needs/,
      magnitude,
    ],
    [
      'a mix of magnitudes',
      { mix: mixup({ on: 'power' }) },
      /mel.power is 1; a mix on power needs/,
      magnitude,
    ],
  ])('options: %s', async (_, options, message, other = recipe) => {
    const read: number[] = []
    await expect(augmentedSet(sourceOf(sounds, read), other, options as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', message),
    )
    expect(read).toEqual([])
  })

  test('sounds where there are features alone, and a second augmentation', async () => {
    const base = await augmentedSet(sourceOf(), recipe, {})
    const plain: FeatureSet = { ...base, augmentation: null }
    await expect(augmentedSet(plain, { waveform: gain() } as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /no option 'waveform'/),
    )
    await expect(augmentedSet(plain, { mix: mixup({ on: 'power' }) })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /^mix.on='power' needs sounds/),
    )
    await expect(augmentedSet(base, { features: timeMask() })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /augmented already/),
    )
    await expect(augmentedSet({ dataset: base } as never, recipe)).rejects.toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })

  test('a sound that is none names its clip, and an abort ends the reading', async () => {
    const source = { ...sourceOf(), read: () => ({}) as never }
    await expect(augmentedSet(source, recipe)).rejects.toThrow(
      throwsCode('INVALID_INPUT', /^read made no sound for 'clip0'/),
    )
    const signal = AbortSignal.abort('enough')
    await expect(augmentedSet(sourceOf(), recipe, { signal })).rejects.toBe('enough')
  })
})
