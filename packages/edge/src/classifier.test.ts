import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import {
  type AudioClip,
  type Conv2DNode,
  createRng,
  type FeatureRecipe,
  type ModelManifest,
  type NetworkGraph,
} from '@esc/core'
import { createExtractor, logmel128 } from '@esc/dsp'
import { floatData, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createClassifier, exportModel, measureLatency } from './index.js'
import { openClassifier } from './node/index.js'

const rng = createRng(17)
const recipe: FeatureRecipe = {
  ...logmel128,
  durationSec: 0.5,
  stft: { ...logmel128.stft, nFft: 512, winLength: 512, hopLength: 256 },
  mel: { ...logmel128.mel, nMels: 16 },
}
const labels = ['dog', 'rain', 'sea']
const frames = createExtractor(recipe).frames!
const weight = (...shape: number[]) => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal() / 3),
})
const conv: Conv2DNode = {
  op: 'Conv2D',
  name: 'conv',
  inputs: ['input'],
  attributes: { padding: 'same' },
  weights: { kernel: weight(6, 1, 3, 3), bias: weight(6) },
}
const plain = { attributes: {}, weights: {} }
const graph: NetworkGraph = {
  name: 'tiny',
  input: { name: 'input', shape: [1, 16, frames] },
  nodes: [
    conv,
    { op: 'ReLU', name: 'relu', inputs: ['conv'], ...plain },
    { op: 'GlobalAveragePool', name: 'average', inputs: ['relu'], ...plain },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['average'],
      attributes: {},
      weights: { kernel: weight(3, 6), bias: weight(3) },
    },
  ],
  output: 'dense',
}
const normalizer = { mean: Array(16).fill(-40), std: Array(16).fill(20) }
const bytes = writeModel(exportModel(graph, { labels, recipe, normalizer }))
const manifest: ModelManifest = {
  version: 1,
  architecture: 'tiny',
  labels,
  recipe,
  inputShape: graph.input.shape,
  normalizer,
  dataset: { name: 'demo', synthetic: true, clips: 3, hash: '00' },
  split: {
    name: 'folds',
    seed: 1,
    testFold: 1,
    validationFold: 2,
    train: 1,
    validation: 1,
    test: 1,
    leakedTestClips: 0,
  },
  metrics: { accuracy: 0, macroF1: 0, int8Accuracy: null, agreement: null },
  files: { float: 'model.onnx', int8: null },
}
const clip: AudioClip = {
  samples: Float32Array.from({ length: 30_000 }, (_, i) => 0.3 * Math.sin(i / 7) + 0.1 * rng.normal()),
  sampleRate: 44100,
}

describe('createClassifier', () => {
  test('scores are the softmax of the logits of the recipe’s features, best first', async () => {
    const session = await ortRuntime.createSession(bytes)
    const { data } = createExtractor(recipe).extract(clip)
    const logits = floatData(
      await session.run({ input: { type: 'float32', dims: [1, 1, 16, frames], data } }),
      'logits',
    )
    await session.release()
    const sum = logits.reduce((total, value) => total + Math.exp(value), 0)
    const expected = labels
      .map((label, i) => ({ label, score: Math.exp(logits[i]!) / sum }))
      .sort((a, b) => b.score - a.score)

    const classifier = await createClassifier(bytes, manifest, { runtime: ortRuntime })
    const predictions = await classifier.classify(clip)
    expect(predictions.map(({ label }) => label)).toEqual(expected.map(({ label }) => label))
    predictions.forEach(({ score }, i) => {
      expect(score).toBeCloseTo(expected[i]!.score, 5)
    })
    expect(await classifier.classify(clip, { topK: 1 })).toEqual(predictions.slice(0, 1))
    await classifier.release()
  })

  test('a manifest of another model: INCOMPATIBLE_MODEL', async () => {
    const fewer = await createClassifier(bytes, { ...manifest, labels: ['dog'] }, { runtime: ortRuntime })
    await expect(fewer.classify(clip)).rejects.toMatchObject({ code: 'INCOMPATIBLE_MODEL' })
    const incompatible = { code: 'INCOMPATIBLE_MODEL' }
    for (const inputShape of [
      [1, 16, 9],
      [1, 8, frames],
      [2, 16, frames],
    ] as [number, number, number][]) {
      const wrong = { ...manifest, inputShape }
      await expect(createClassifier(bytes, wrong, { runtime: ortRuntime })).rejects.toMatchObject(
        incompatible,
      )
    }
    const narrow = { ...recipe, mel: { ...recipe.mel, nMels: 8 } }
    const consistent = { ...manifest, recipe: narrow, inputShape: [1, 8, frames] as [number, number, number] }
    const classifier = await createClassifier(bytes, consistent, { runtime: ortRuntime })
    await expect(classifier.classify(clip)).rejects.toMatchObject(incompatible)
    await classifier.release()
  })

  test('topK below 1: INVALID_OPTION', async () => {
    const classifier = await createClassifier(bytes, manifest, { runtime: ortRuntime })
    for (const topK of [0, -1, Number.NaN]) {
      await expect(classifier.classify(clip, { topK })).rejects.toMatchObject({ code: 'INVALID_OPTION' })
    }
    await classifier.release()
  })

  test('a clip that is none: INVALID_INPUT', async () => {
    const classifier = await createClassifier(bytes, manifest, { runtime: ortRuntime })
    const empty = { samples: new Float32Array(), sampleRate: 44100 }
    await expect(classifier.classify(empty)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await classifier.release()
  })
})

describe('openClassifier', () => {
  let dir: string
  beforeAll(async () => {
    dir = await mkdtemp(join(tmpdir(), 'esc-edge-'))
    await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
    await writeFile(join(dir, 'model.onnx'), bytes)
  })
  afterAll(() => rm(dir, { recursive: true }))

  test('reads a folder', async () => {
    const classifier = await openClassifier(dir)
    expect(classifier.manifest).toEqual(manifest)
    expect((await classifier.classify(clip)).length).toBe(3)
    await classifier.release()
  })

  test('what is missing or broken has a code and a name', async () => {
    await expect(openClassifier(join(dir, 'nowhere'))).rejects.toMatchObject({
      code: 'IO',
      message: expect.stringContaining('nowhere'),
    })
    await expect(openClassifier(dir, { precision: 'int8' })).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await writeFile(join(dir, 'model.json'), '{')
    await expect(openClassifier(dir)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    await writeFile(join(dir, 'model.json'), JSON.stringify(manifest))
    await writeFile(join(dir, 'model.onnx'), bytes.slice(0, 100))
    await expect(openClassifier(dir)).rejects.toMatchObject({ code: 'INCOMPATIBLE_MODEL' })
  })
})

test('measureLatency times every run, the median below the 95th percentile', async () => {
  const session = await ortRuntime.createSession(bytes, { threads: 1 })
  let runs = 0
  const counted: typeof session = {
    ...session,
    run(feeds) {
      runs++
      return session.run(feeds)
    },
  }
  const input = { type: 'float32' as const, dims: [1, 1, 16, frames], data: new Float32Array(16 * frames) }
  const latency = await measureLatency(counted, [input], { runs: 30, warmup: 5 })
  expect(runs).toBe(35)
  expect(latency.runs).toBe(30)
  expect(latency.p50Ms).toBeGreaterThan(0)
  expect(latency.p95Ms).toBeGreaterThanOrEqual(latency.p50Ms)
  await expect(measureLatency(session, [])).rejects.toMatchObject({ code: 'INVALID_OPTION' })
  for (const warmup of [0.5, -5, Number.NaN]) {
    await expect(measureLatency(session, [input], { warmup })).rejects.toMatchObject({
      code: 'INVALID_OPTION',
    })
  }
  await session.release()
})
