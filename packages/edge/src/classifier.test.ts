import { sha256 } from '@esc/core'
import { createExtractor, createWindowExtractor } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { floatData, type OnnxRuntime, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { calibration, frames, labels, makeClip, model, recipe } from './fixtures/tiny-model.js'
import { createClassifier, exportModel, type ModelFiles, packModel } from './index.js'
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

  test("the temperature divides the logits of each window, and then the windows' scores are averaged", async () => {
    const temperature = 2.5
    const classifier = await createClassifier(await packModel({ ...model, temperature }, { runtime }), {
      runtime,
    })
    const long = makeClip(3.1)
    const windows = [...createWindowExtractor(recipe, model.windows!).extract(long)]
    const rows = await Promise.all(
      windows.map(async ({ data }) => {
        const powers = (await scoresOf(data)).map((score) => score ** (1 / temperature))
        const sum = powers.reduce((a, b) => a + b)
        return powers.map((power) => power / sum)
      }),
    )
    for (const { label, score } of await classifier.classify(long)) {
      const at = labels.indexOf(label)
      expect(score).toBeCloseTo(rows.reduce((sum, row) => sum + row[at]!, 0) / rows.length, 5)
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
