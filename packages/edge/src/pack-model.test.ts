import { type EscErrorCode, featureSet } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { calibration, frames, labels, model, otherModel, recipe } from './fixtures/tiny-model.js'
import { createClassifier, type ModelFiles, packModel, unpackModel, withEvaluation } from './index.js'
import { readManifest } from './manifest.js'
import { fileNames } from './model-files.js'

const runtime = ortRuntime

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
      temperature: 1,
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

  test('keeps the temperature, and model.json has the last word on it', async () => {
    const files = await packModel({ ...model, temperature: 1.75 }, { runtime })
    expect(readManifest(files).temperature).toBe(1.75)
    expect((await unpackModel(files)).temperature).toBe(1.75)
    const withManifest = (change: object) => {
      const json = JSON.stringify({ ...readManifest(files), ...change })
      return { ...files, [fileNames.manifest]: new TextEncoder().encode(json) }
    }
    expect((await unpackModel(withManifest({ temperature: 0.5 }))).temperature).toBe(0.5)
    expect((await unpackModel(withManifest({ temperature: undefined }))).temperature).toBe(1)
    for (const temperature of [0, -1, '2']) {
      await expect(unpackModel(withManifest({ temperature }))).rejects.toThrow(
        throwsCode('INVALID_INPUT', /^manifest\.temperature: /),
      )
    }
    await expect(packModel({ ...model, temperature: Number.NaN }, { runtime })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /model\.temperature=NaN must be a finite number > 0/),
    )
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
