import { spawnSync } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '@esc/audio-io'
import { createRng, type FeatureRecipe, type FeatureSet } from '@esc/core'
import { betweenClassMix, customAugment, gain, logmel64, powerGain, timeMask, timeStretchBy } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { ClipRecord } from '../../record.js'
import { extractFeatures } from '../store/extract-features.js'
import { type AugmentedFilesOptions, augmentedSet } from './augmented-set.js'

const sampleRate = 8000
const recipe: FeatureRecipe = {
  ...logmel64,
  sampleRate,
  durationSec: 0.25,
  stft: { ...logmel64.stft, nFft: 256, winLength: 256, hopLength: 128 },
  mel: { ...logmel64.mel, nMels: 24, fmax: 4000 },
}
const records: ClipRecord[] = Array.from({ length: 6 }, (_, i) => ({
  ...{ id: `clip${i}`, filename: `clip${i}.wav`, fold: null, group: `${i}` },
  labelIndex: i % 2,
  label: ['a', 'b'][i % 2]!,
}))
const dataset = { name: 'test', synthetic: true, labels: ['a', 'b'], records }
let root = ''
const opened = { dataset, pathOf: ({ filename }: ClipRecord) => join(root, filename) }

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'esc-augmented-'))
  for (const [i, { filename }] of records.entries()) {
    const rng = createRng(i)
    const samples = Float32Array.from(
      { length: 2000 },
      (_, n) => 0.2 * rng.normal() + 0.3 * Math.sin(n * (i + 1) * 0.1),
    )
    await writeFile(join(root, filename), encodeWav({ samples, sampleRate }))
  }
})
afterAll(() => rm(root, { recursive: true }))

const options: AugmentedFilesOptions = {
  waveform: timeStretchBy(),
  power: powerGain(),
  features: timeMask({ maxFrames: 3 }),
  mix: betweenClassMix({ on: 'power' }),
}
const train = Int32Array.of(0, 1, 2, 3)
const drawAll = (set: FeatureSet) =>
  Promise.all(
    [...train].map((index) => set.get(index, { epoch: 1, rng: createRng(5).fork(`${index}`), train })),
  )

test('any number of threads makes the same bytes, and they do not keep the program alive', async () => {
  const here = await drawAll(await augmentedSet(opened, recipe, { ...options, workers: 0 }))
  for (const workers of [1, 2]) {
    const set = await augmentedSet(opened, recipe, { ...options, workers })
    expect(await drawAll(set)).toEqual(here)
    expect(await set.get(5)).toEqual(await (await extractFeatures(opened, recipe, { workers: 0 })).get(5))
  }
})

test('a program that has drawn examples in threads ends by itself', () => {
  const program = `
    import { augmentedSet } from '@esc/dataset/node'
    import { createRng } from '@esc/core'
    import { gain } from '@esc/dsp'
    const opened = { dataset: ${JSON.stringify(dataset)}, pathOf: ({ filename }) => ${JSON.stringify(root)} + '/' + filename }
    const set = await augmentedSet(opened, ${JSON.stringify(recipe)}, { waveform: gain(), workers: 1 })
    const { features } = await set.get(0, { epoch: 1, rng: createRng(1) })
    console.log(features.bins)
  `
  const { stdout, status, stderr } = spawnSync(
    process.execPath,
    ['--conditions=@esc/source', '--import', 'tsx', '--input-type=module', '-e', program],
    { encoding: 'utf8', timeout: 60_000 },
  )
  expect([stdout, status], stderr).toEqual(['24\n', 0])
})

test('features stand in a folder, and a function of the caller runs in its thread', async () => {
  let calls = 0
  const counting = customAugment('counting 1', (matrix: Parameters<ReturnType<typeof powerGain>>[0]) => {
    calls++
    return matrix
  })
  const set = await augmentedSet(opened, recipe, {
    dir: join(root, 'features'),
    waveform: gain(),
    power: counting,
    workers: 2,
  })
  await drawAll(set)
  expect(calls).toBe(4)
})

test('sounds of a program take the options of files, which say nothing about them', async () => {
  const silence = { dataset, read: () => ({ channels: [new Float32Array(2000)], sampleRate }) }
  const set = await augmentedSet(silence, recipe, { power: powerGain(), tolerant: true, workers: 2 })
  expect((await drawAll(set)).length).toBe(4)
  await expect(augmentedSet(silence, recipe, { threads: 1 } as never)).rejects.toThrow(
    throwsCode('INVALID_OPTION'),
  )
})

test('an unknown option, a missing file and a bad number of threads are refused', async () => {
  const missing = { ...opened, pathOf: () => join(root, 'nowhere.wav') }
  await expect(augmentedSet(missing, recipe)).rejects.toThrow(throwsCode('IO', /nowhere.wav/))
  for (const bad of [{ threads: 2 }, { workers: -1 }, { workers: 1.5 }]) {
    await expect(augmentedSet(opened, recipe, bad as never)).rejects.toThrow(throwsCode('INVALID_OPTION'))
  }
})
