/** The classifier gives the same numbers as `predict` and `evaluate` of training. */

import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { encodeWav } from '@esc/audio-io'
import { loadAudio, writeWav } from '@esc/audio-io/node'
import { type AudioClip, createRng, type FeatureRecipe, featureSet, type TrainedModel } from '@esc/core'
import { createExtractor, createWindowExtractor, logmel64, mfcc13, stm32, yamnet } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { audioCnn, type ClipPrediction, melCnn, type Network } from '@esc/model'
import { evaluate, fit, predict } from '@esc/model/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClassifier, openClassifier, packModel, saveModel } from './index.js'

const labels = ['low', 'high']
const clips = Array.from({ length: 12 }, (_, i): AudioClip => {
  const rng = createRng(i)
  const pitch = i % 2 === 0 ? 300 : 3000
  const length = 22_050 + (i % 3)
  const samples = Float32Array.from({ length }, (_, t) => {
    return 0.4 * Math.sin((2 * Math.PI * pitch * t) / 22_050) + 0.05 * rng.normal()
  })
  return { samples, sampleRate: 22_050 }
})

const cases: [string, FeatureRecipe, Network][] = [
  ['mfcc13, cut to a second, audioCnn', { ...mfcc13, durationSec: 1 }, audioCnn],
  ['logmel64 without a duration, melCnn', logmel64, melCnn],
  ['stm32 without a duration, melCnn', stm32, melCnn],
  [
    'yamnet, longer than the clips',
    { ...yamnet, durationSec: 1.5 },
    (input) => melCnn({ ...input, filters: [8, 8, 16] }),
  ],
]

describe.each(cases)('%s', (_, recipe, network) => {
  let model: TrainedModel
  const extractor = createExtractor(recipe)
  const set = featureSet(
    clips.map((clip, i) => ({ id: `${i}`, features: extractor.extract(clip), labelIndex: i % 2 })),
    { labels, recipe },
  )
  beforeAll(async () => {
    model = await fit(network, set, { train: [0, 1, 2, 3, 4, 5, 6, 7] }, { epochs: 3, batchSize: 4 })
  })

  test('predict, evaluate and classify give equal bits on clips of one window', async () => {
    const classifier = await createClassifier(await packModel(model))
    const predicted = await predict(model, set, null, { batchSize: 1 })
    const evaluated = await evaluate(model, set, null, { batchSize: 1 })
    for (const [i, clip] of clips.entries()) {
      const answers = await classifier.classify(clip)
      const scores = labels.map((label) => answers.find((answer) => answer.label === label)!.score)
      expect(scores).toEqual(predicted[i]!.scores)
      expect(scores).toEqual(evaluated.clips[i]!.scores)
    }
    await classifier.release()
  })

  test('in larger batches, and with several windows, the scores differ by less than 1e-5', async () => {
    const classifier = await createClassifier(await packModel(model))
    const long: AudioClip = {
      samples: Float32Array.from(clips.flatMap(({ samples }) => [...samples])),
      sampleRate: 22_050,
    }
    const windows = [...createWindowExtractor(recipe, model.windows!).extract(long)]
    expect(windows.length).toBeGreaterThan(10)
    const examples = windows.map((features, i) => ({
      id: `long ${i}`,
      clipId: 'long',
      features,
      labelIndex: 0,
    }))
    const cut = featureSet(examples, { labels, recipe, windows: model.windows })
    const [{ scores }] = (await predict(model, cut)) as [ClipPrediction]
    for (const { label, score } of await classifier.classify(long)) {
      expect(Math.abs(score - scores[labels.indexOf(label)]!)).toBeLessThan(1e-5)
    }
    const all = await predict(model, set, null, { batchSize: 5 })
    for (const [i, clip] of clips.entries()) {
      for (const { label, score } of await classifier.classify(clip)) {
        expect(Math.abs(score - all[i]!.scores[labels.indexOf(label)]!)).toBeLessThan(1e-5)
      }
    }
    await classifier.release()
  })
})

describe('a sound file', () => {
  let dir = ''
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'esc-classify-'))
    const recipe = { ...mfcc13, durationSec: 1 }
    const extractor = createExtractor(recipe)
    const examples = clips.map((clip, i) => ({
      id: `${i}`,
      features: extractor.extract(clip),
      labelIndex: i % 2,
    }))
    const set = featureSet(examples, { labels, recipe })
    await saveModel(join(dir, 'model'), await fit(audioCnn, set, { train: [0, 1, 2, 3] }, { epochs: 2 }))
  })
  afterAll(() => rm(dir, { recursive: true }))

  test('is decoded at its own rate, from a path or a URL', async () => {
    const path = join(dir, 'tone.wav')
    const samples = Float32Array.from({ length: 48_000 }, (_, t) => 0.5 * Math.sin(t / 3))
    await writeWav(path, { samples, sampleRate: 48_000 })
    const classifier = await openClassifier(join(dir, 'model'))
    const expected = await classifier.classify(await loadAudio(path, { sampleRate: null }))
    expect(await classifier.classify(path)).toEqual(expected)
    expect(await classifier.classify(new URL(`file://${path}`), { topK: 1 })).toEqual(expected.slice(0, 1))
    // Loaded at 22,050 Hz, the sound would lack what a recipe of 44,100 Hz uses.
    expect(await classifier.classify(await loadAudio(path))).not.toEqual(expected)
    await classifier.release()
  })

  test('that is missing or damaged is an error', async () => {
    const classifier = await openClassifier(join(dir, 'model'))
    await expect(classifier.classify(join(dir, 'nowhere.wav'))).rejects.toThrow(throwsCode('IO'))
    await writeFile(
      join(dir, 'cut.wav'),
      encodeWav({ samples: new Float32Array(100), sampleRate: 8000 }).subarray(0, 30),
    )
    await expect(classifier.classify(join(dir, 'cut.wav'))).rejects.toThrow(throwsCode('CORRUPT_DATA'))
    await classifier.release()
  })
})
