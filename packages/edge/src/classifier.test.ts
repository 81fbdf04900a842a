import { type EscErrorCode, featureSet, sha256 } from '@esc/core'
import { createExtractor, createWindowExtractor } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { floatData, type OnnxRuntime, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { calibration, frames, labels, makeClip, model, otherModel, recipe } from './fixtures/tiny-model.js'
import {
  createClassifier,
  exportModel,
  type ModelFiles,
  measureLatency,
  packModel,
  unpackModel,
  withEvaluation,
} from './index.js'
import { encodeManifest, readManifest } from './manifest.js'
import { fileNames } from './model-files.js'

const runtime = ortRuntime
const bytes = writeModel(exportModel(model))
const clip = makeClip(0.5)

/** The scores, computed step by step: features, session, softmax. */
async function scoresOf(features: Float32Array): Promise<number[]> {
  const session = await runtime.createSession(bytes)
  const input = { type: 'float32' as const, dims: [1, 1, 16, frames], data: features }
  const logits = floatData(await session.run({ input }), 'logits')
  await session.release()
  const sum = logits.reduce((total, value) => total + Math.exp(value), 0)
  return Array.from(logits, (value) => Math.exp(value) / sum)
}

describe('createClassifier', () => {
  test('scores are the softmax of the logits of the recipe’s features, best first', async () => {
    const scores = await scoresOf(createExtractor(recipe).extract(clip).data)
    const expected = labels
      .map((label, i) => ({ label, score: scores[i]! }))
      .sort((a, b) => b.score - a.score)
    const classifier = await createClassifier(await packModel(model, { runtime }), { runtime })
    const predictions = await classifier.classify(clip)
    expect(predictions.map(({ label }) => label)).toEqual(expected.map(({ label }) => label))
    predictions.forEach(({ score }, i) => {
      expect(score).toBeCloseTo(expected[i]!.score, 5)
    })
    expect(await classifier.classify(clip, { topK: 1 })).toEqual(predictions.slice(0, 1))
    await classifier.release()
  })

  test('a long clip gets the mean of the scores of all its windows', async () => {
    const classifier = await createClassifier(await packModel(model, { runtime }), { runtime })
    const long = makeClip(7.3)
    const windows = [...createWindowExtractor(recipe, model.windows!).extract(long)]
    expect(windows.length).toBe(29)
    const rows = await Promise.all(windows.map(({ data }) => scoresOf(data)))
    for (const { label, score } of await classifier.classify(long)) {
      const at = labels.indexOf(label)
      expect(score).toBeCloseTo(
        rows.reduce((sum, row) => sum + row[at]! / rows.length, 0),
        5,
      )
    }
    await classifier.release()
  })

  test('the scores of a sigmoid model do not sum to 1', async () => {
    const sigmoid = await createClassifier(
      await packModel({ ...model, activation: 'sigmoid' }, { runtime }),
      { runtime },
    )
    const softmax = await createClassifier(await packModel(model, { runtime }), { runtime })
    const sum = (predictions: { score: number }[]) =>
      predictions.reduce((total, { score }) => total + score, 0)
    expect(sum(await softmax.classify(clip))).toBeCloseTo(1, 9)
    expect(sum(await sigmoid.classify(clip))).not.toBeCloseTo(1, 2)
  })

  test('the float file is the default, and precision: int8 opens the int8 file', async () => {
    const files = await packModel(model, { runtime, int8: { calibrateOn: calibration } })
    const float = await createClassifier(files, { runtime })
    const int8 = await createClassifier(files, { runtime, precision: 'int8' })
    const [a, b] = [await float.classify(clip), await int8.classify(clip)]
    expect(a).toEqual(await (await createClassifier(files, { runtime, precision: 'float' })).classify(clip))
    expect(b).not.toEqual(a)
    for (const { label, score } of b)
      expect(score).toBeCloseTo(a.find((one) => one.label === label)!.score, 1)
  })

  test('refuses wrong options, what is not a clip, and calls after or during release', async () => {
    const classifier = await createClassifier(await packModel(model, { runtime }), { runtime })
    for (const topK of [0, -1, Number.NaN]) {
      await expect(classifier.classify(clip, { topK })).rejects.toThrow(throwsCode('INVALID_OPTION', /topK=/))
    }
    await expect(classifier.classify(clip, { top_k: 1 } as never)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /classify has no option 'top_k' \(write topK\)/),
    )
    const empty = { samples: new Float32Array(), sampleRate: 44100 }
    await expect(classifier.classify(empty)).rejects.toThrow(throwsCode('INVALID_INPUT', /samples.length=0/))
    for (const sound of [undefined, clip.samples, new Uint8Array(8)]) {
      await expect(classifier.classify(sound as never)).rejects.toThrow(
        throwsCode('INVALID_INPUT', /clip is .*; it must be a clip, \{ samples: Float32Array, sampleRate \}/),
      )
    }
    await expect(classifier.classify(makeClip(3), { signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
    await expect(classifier.classify(clip, { signal: 'stop' as never })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /signal is of type string/),
    )
    const running = classifier.classify(makeClip(20)).catch((failure) => failure)
    await classifier.release()
    const cause = /^release\(\) was called while classify was still running; write "await classifier.classify/
    expect(await running).toEqual(throwsCode('INVALID_STATE', cause))
    await classifier.release()
    await expect(classifier.classify(clip)).rejects.toThrow(
      throwsCode('INVALID_STATE', /was released; open it again/),
    )
  })

  test('refuses a file with two inputs, and releases its session', async () => {
    const files = await packModel(model, { runtime })
    let released = 0
    const twoInputs: OnnxRuntime = {
      name: 'two inputs',
      async createSession() {
        const release = async () => void released++
        return { inputNames: ['a', 'b'], outputNames: ['logits'], run: async () => ({}), release }
      },
    }
    await expect(createClassifier(files, { runtime: twoInputs })).rejects.toThrow(
      throwsCode('INCOMPATIBLE_MODEL', /the model takes 2 inputs, 'a' and 'b'; it must take one input/),
    )
    expect(released).toBe(1)
  })

  test('refuses a logit that is not a number', async () => {
    const [files, good] = [await packModel(model, { runtime }), exportModel(model)]
    const initializers = new Map(good.graph.initializers)
    const [name] = [...initializers].findLast(([, { dims }]) => dims.length === 1 && dims[0] === 3)!
    initializers.set(name, { type: 'float32', dims: [3], data: new Float32Array(3).fill(Number.NaN) })
    const onnx = writeModel({ ...good, graph: { ...good.graph, initializers } })
    const manifest = readManifest(files)
    const float = { name: 'model.onnx', sha256: await sha256(onnx) }
    const broken = {
      'model.onnx': onnx,
      'model.json': encodeManifest({ ...manifest, files: { ...manifest.files, float } }),
    }
    const classifier = await createClassifier(broken, { runtime })
    await expect(classifier.classify(clip)).rejects.toThrow(
      throwsCode('INCOMPATIBLE_MODEL', /output 0 \(a logit\) for this clip is NaN/),
    )
    await classifier.release()
  })

  test('a manifest that does not fit the ONNX file is INCOMPATIBLE_MODEL', async () => {
    const files = await packModel(model, { runtime })
    const changed = (change: object): ModelFiles => {
      const manifest = { ...readManifest(files), ...change }
      return { ...files, [fileNames.manifest]: new TextEncoder().encode(JSON.stringify(manifest)) }
    }
    const fewer = await createClassifier(changed({ labels: ['dog'] }), { runtime })
    await expect(fewer.classify(clip)).rejects.toThrow(
      throwsCode('INCOMPATIBLE_MODEL', /3 outputs, but the manifest has 1 labels/),
    )
    for (const inputShape of [
      [1, 16, 9],
      [2, 16, frames],
    ]) {
      await expect(createClassifier(changed({ inputShape }), { runtime })).rejects.toThrow(
        throwsCode(
          'INCOMPATIBLE_MODEL',
          /the recipe makes features of 1 × 16 × \d+, but inputShape of the manifest is/,
        ),
      )
    }
    const narrow = {
      recipe: { ...recipe, mel: { ...recipe.mel, nMels: 8 } },
      inputShape: [1, 8, frames],
      normalizer: null,
    }
    const consistent = await createClassifier(changed(narrow), { runtime })
    await expect(consistent.classify(clip)).rejects.toThrow(
      throwsCode('INCOMPATIBLE_MODEL', /could not run the model/),
    )
  })

  test('a model without a recipe takes no clips, and the error says how to get a model that does', async () => {
    const files = await packModel({ ...model, recipe: null, windows: null }, { runtime })
    await expect(createClassifier(files, { runtime })).rejects.toThrow(
      throwsCode(
        'INCOMPATIBLE_MODEL',
        /has no recipe, so it takes features and not clips. Call predict of @esc\/model .* or train it on a set that has a recipe/,
      ),
    )
  })
})

describe('packModel', () => {
  test('unpackModel gives the same model back, to the last bit', async () => {
    for (const given of [
      model,
      { ...model, recipe: null, windows: null, normalizer: null, dataset: null, history: [], bestEpoch: 0 },
    ]) {
      expect(await unpackModel(await packModel(given, { runtime }))).toEqual(given)
    }
  })

  test('the manifest holds what is known, and null for what is not', async () => {
    const { files, ...manifest } = readManifest(await packModel(model, { runtime }))
    expect(manifest).toEqual({
      version: 2,
      architecture: 'tiny',
      labels,
      recipe,
      windows: model.windows,
      inputShape: [1, 16, frames],
      activation: 'softmax',
      normalizer: model.normalizer,
      dataset: { name: 'demo', synthetic: true, clips: null, hash: null },
      split: null,
      metrics: null,
    })
    expect(Object.values(files).map((entry) => entry?.name)).toEqual([
      'network.safetensors',
      'model.onnx',
      undefined,
    ])
    const packed = await packModel(model, {
      runtime,
      int8: { calibrateOn: calibration, indices: [0, 1] },
      split: { train: [0, 1], validation: Int32Array.of(2), test: [3, 4], seed: 42, name: 'folds' },
      dataset: { name: 'dogs', clips: 5 },
      evaluation: { accuracy: 0.5, macro: { f1: 0.4 } },
    })
    const known = readManifest(packed)
    expect(known.files.int8!.name).toBe('model.int8.onnx')
    expect(known.split).toEqual({
      ...{ train: 2, validation: 1, test: 2, seed: 42, name: 'folds' },
      ...{ testFold: null, validationFold: null, leakedTestClips: null },
    })
    expect(known.dataset).toEqual({ name: 'dogs', synthetic: true, clips: 5, hash: null })
    expect(known.metrics).toEqual({ accuracy: 0.5, macroF1: 0.4, int8Accuracy: null, agreement: null })
    const verified = readManifest(
      withEvaluation(packed, {
        float: { accuracy: 1, macro: { f1: 1 } },
        int8: { accuracy: 0.75, macro: { f1: 1 } },
        agreement: 0.8,
      }),
    )
    expect(verified).toEqual({
      ...known,
      metrics: { accuracy: 1, macroF1: 1, int8Accuracy: 0.75, agreement: 0.8 },
    })
  })

  test('the classifier and the model both use labels that were edited in model.json', async () => {
    const files = await packModel(model, { runtime })
    const manifest = { ...readManifest(files), labels: ['Hund', 'Regen', 'Meer'] }
    const edited = { ...files, [fileNames.manifest]: new TextEncoder().encode(JSON.stringify(manifest)) }
    expect((await unpackModel(edited)).labels).toEqual(manifest.labels)
    expect((await createClassifier(edited, { runtime })).labels).toEqual(manifest.labels)
  })

  test('the same model gives the same bytes', async () => {
    const options = { runtime, int8: { calibrateOn: calibration } }
    expect(await packModel(model, options)).toEqual(await packModel(structuredClone(model), options))
  })

  const other = featureSet(
    [{ id: 'a', features: { data: new Float32Array(16), bins: 16, frames: 1 }, labelIndex: 0 }],
    { labels },
  )
  test.each<[string, () => Promise<unknown>, EscErrorCode, RegExp]>([
    [
      'labels of another model',
      () => packModel({ ...model, labels: ['dog'] }, { runtime }),
      'INVALID_INPUT',
      /1 labels for 3 outputs/,
    ],
    [
      'windows of another length',
      () => packModel({ ...model, windows: { windowSec: 1, hopSec: 0.5 } }, { runtime }),
      'INVALID_INPUT',
      /windows of 1 s make 87 frames, but the network reads 44/,
    ],
    [
      'calibration examples of another shape',
      () => packModel(model, { runtime, int8: { calibrateOn: other } }),
      'INVALID_INPUT',
      /'a' has features 16 × 1/,
    ],
    [
      'an index outside',
      () => packModel(model, { runtime, int8: { calibrateOn: calibration, indices: [5] } }),
      'INVALID_INPUT',
      /int8.indices\[0\]=5/,
    ],
    [
      'nothing to calibrate on',
      () => packModel(model, { runtime, int8: { calibrateOn: calibration, indices: [] } }),
      'INVALID_INPUT',
      /at least one batch/,
    ],
    [
      'no set',
      () => packModel(model, { runtime, int8: { calibrateOn: [] as never } }),
      'INVALID_INPUT',
      /int8\.calibrateOn is of type array/,
    ],
    [
      'an unknown option',
      () => packModel(model, { runtime, int_8: null } as never),
      'INVALID_OPTION',
      /no option 'int_8' \(write int8\)/,
    ],
    [
      'an unknown fact',
      () => packModel(model, { runtime, dataset: { name: 'a', labels: [] } } as never),
      'INVALID_OPTION',
      /dataset has no option 'labels'/,
    ],
    [
      'an accuracy of percents',
      () => packModel(model, { runtime, evaluation: { accuracy: 75, macro: { f1: 0 } } }),
      'INVALID_INPUT',
      /evaluation.accuracy=75 must be in/,
    ],
    [
      'an evaluation that is none',
      () => packModel(model, { runtime, evaluation: { accuracy: 0.5 } as never }),
      'INVALID_INPUT',
      /evaluation.macroF1=undefined/,
    ],
    [
      'a hash that is none',
      () => packModel(model, { runtime, dataset: { name: 'a', hash: 'not a hash' } }),
      'INVALID_INPUT',
      /manifest.dataset.hash/,
    ],
    [
      'a part that is not there',
      () => packModel(model, { runtime, int8: { calibrateOn: calibration, indices: undefined } }),
      'INVALID_INPUT',
      /int8.indices is undefined/,
    ],
    [
      'figures of another name',
      async () => withEvaluation(await packModel(model, { runtime }), { accuracy: 1 } as never),
      'INVALID_OPTION',
      /withEvaluation has no option 'accuracy'/,
    ],
    [
      'no model',
      () => packModel(undefined as never, { runtime }),
      'INVALID_INPUT',
      /the model is of type undefined/,
    ],
  ])('refuses %s', async (_, call, code, text) => {
    await expect(call()).rejects.toThrow(throwsCode(code, text))
  })

  test('throws the reason of an aborted signal', async () => {
    await expect(packModel(model, { runtime, signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
    const int8 = { calibrateOn: calibration }
    await expect(packModel(model, { runtime, int8, signal: AbortSignal.abort('stop') })).rejects.toBe('stop')
  })
})

describe('a file that is not the one that the manifest names', () => {
  const changed = async (change: (files: Record<string, Uint8Array>, other: ModelFiles) => void) => {
    const files = { ...(await packModel(model, { runtime })) }
    change(files, await packModel(otherModel, { runtime }))
    return files
  }
  test.each<[string, (files: Record<string, Uint8Array>, other: ModelFiles) => void, EscErrorCode, RegExp]>([
    [
      'no manifest',
      (files) => delete files['model.json'],
      'INVALID_INPUT',
      /there is no model.json among the model's files \(network.safetensors, model.onnx\)/,
    ],
    [
      'no network',
      (files) => delete files['network.safetensors'],
      'INVALID_INPUT',
      /network.safetensors is missing; copy the whole folder/,
    ],
    [
      'another network',
      (files, other) => Object.assign(files, { 'network.safetensors': other['network.safetensors'] }),
      'CORRUPT_DATA',
      /network.safetensors is not the file that model.json names/,
    ],
    [
      'a manifest that is not JSON',
      (files) => Object.assign(files, { 'model.json': Uint8Array.of(123) }),
      'INVALID_INPUT',
      /model.json is not JSON/,
    ],
    [
      'a manifest of a newer version',
      (files) => Object.assign(files, { 'model.json': new TextEncoder().encode('{"version": 7}') }),
      'UNSUPPORTED_FORMAT',
      /version=7 .* update/,
    ],
  ])('%s', async (_, change, code, text) => {
    await expect(changed(change).then(unpackModel)).rejects.toThrow(throwsCode(code, text))
  })

  test('createClassifier refuses the ONNX file of another model, and files that are missing', async () => {
    const swapped = await changed((files, other) =>
      Object.assign(files, { 'model.onnx': other['model.onnx'] }),
    )
    await expect(createClassifier(swapped, { runtime })).rejects.toThrow(
      throwsCode('CORRUPT_DATA', /model.onnx is not the file/),
    )
    const missing = await changed((files) => delete files['model.onnx'])
    await expect(createClassifier(missing, { runtime })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /model.onnx is missing/),
    )
    const files = await packModel(model, { runtime })
    await expect(createClassifier(files, { runtime, precision: 'int8' })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /has no int8 file; open it with precision 'float', or save it with int8/),
    )
    await expect(createClassifier(undefined as never, { runtime })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /files is of type undefined; it must be files by name/),
    )
  })
})

test('measureLatency times every run, and the median is at most the 95th percentile', async () => {
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
  const two = { ...session, inputNames: ['a', 'b'] }
  await expect(measureLatency(two, [input])).rejects.toThrow(
    throwsCode('INCOMPATIBLE_MODEL', /the model takes 2 inputs, 'a' and 'b'; it must take one input/),
  )
  await expect(measureLatency(session, [])).rejects.toThrow(throwsCode('INVALID_OPTION'))
  for (const warmup of [0.5, -5, Number.NaN]) {
    await expect(measureLatency(session, [input], { warmup })).rejects.toThrow(throwsCode('INVALID_OPTION'))
  }
  await session.release()
})
