/** Predictions and evaluation by clip, and sets or models that do not fit. */
import {
  createRng,
  type EscErrorCode,
  type Example,
  featureSet,
  scoresOf,
  type TrainedModel,
} from '@esc/core'
import { logmel128 } from '@esc/dsp'
import { throwsCode } from '@esc/expect'
import { lowerNetwork, type ValueInfo, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { audioCnn, evaluateSession, evaluate as portableEvaluate } from '../index.js'
import { evaluate, predict, withTemperature } from '../node/index.js'

const graph = audioCnn({ bins: 8, frames: 12, classes: 3 })
const rng = createRng(4)
const labels = ['dog', 'rain', 'sea']
const examples: Example[] = Array.from({ length: 7 }, (_, i) => ({
  id: `${i}`,
  features: { data: Float32Array.from({ length: 96 }, () => 3 + 2 * rng.normal()), bins: 8, frames: 12 },
  labelIndex: i % 3,
}))
const set = featureSet(examples, { labels })
const model: TrainedModel = {
  graph,
  labels,
  recipe: null,
  normalizer: { mean: Array(8).fill(3), std: Array(8).fill(2) },
  activation: 'softmax',
  temperature: 1,
  windows: null,
  dataset: null,
  history: [],
  bestEpoch: 0,
  stoppedEarly: false,
}

test('scores do not depend on the batch size', async () => {
  const all = await predict(model, set)
  const single = await predict(model, set, null, { batchSize: 1 })
  expect(all.length).toBe(7)
  for (const [i, { scores }] of all.entries()) {
    for (const [label, score] of scores.entries()) {
      expect(Math.abs(score - single[i]!.scores[label]!)).toBeLessThan(1e-5)
    }
  }
})

test('a report counts what the predictions say', async () => {
  const report = await evaluate(model, set, [6, 2, 3])
  expect(report.clips.map(({ clipId }) => clipId)).toEqual(['6', '2', '3'])
  const hits = report.clips.filter(({ labelIndex, predictedIndex }) => labelIndex === predictedIndex).length
  expect(report.accuracy).toBeCloseTo(hits / 3, 12)
  const losses = report.clips.map(({ labelIndex, scores }) => -Math.log(scores[labelIndex]!))
  expect(report.loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 3, 6)
  for (const { scores, predictedIndex } of report.clips) {
    expect(scores.reduce((a, b) => a + b)).toBeCloseTo(1, 9)
    expect(scores[predictedIndex]).toBe(Math.max(...scores))
  }
})

test.each(['softmax', 'sigmoid'] as const)('%s: windows of one clip are averaged', async (activation) => {
  const windows = examples.map((example, i) => ({
    ...example,
    clipId: i < 4 ? 'long' : `short ${i}`,
    labelIndex: i < 4 ? 1 : 2,
  }))
  const long = featureSet(windows, { labels })
  const each = await predict({ ...model, activation }, set)
  const clips = (await evaluate({ ...model, activation }, long)).clips
  expect(clips.map(({ clipId, labelIndex }) => [clipId, labelIndex])).toEqual([
    ['long', 1],
    ['short 4', 2],
    ['short 5', 2],
    ['short 6', 2],
  ])
  for (const label of labels.keys()) {
    const mean = each.slice(0, 4).reduce((sum, { scores }) => sum + scores[label]! / 4, 0)
    expect(clips[0]!.scores[label]).toBeCloseTo(mean, 6)
    expect(clips[1]!.scores[label]).toBeCloseTo(each[4]!.scores[label]!, 6)
  }
})

test('the temperature divides the logits of each window; then the scores are averaged', async () => {
  const windows = examples.map((example, i) => ({
    ...example,
    clipId: i < 4 ? 'long' : `short ${i}`,
    labelIndex: 1,
  }))
  const warm = { ...model, temperature: 2.5 }
  const each = await predict(warm, set)
  const plain = await predict(model, set)
  for (const [i, { scores, predictedIndex }] of each.entries()) {
    const powers = plain[i]!.scores.map((score) => score ** (1 / 2.5))
    const sum = powers.reduce((a, b) => a + b)
    for (const [label, score] of scores.entries()) expect(score).toBeCloseTo(powers[label]! / sum, 6)
    expect(predictedIndex).toBe(plain[i]!.predictedIndex)
  }
  const { clips, logits, loss } = await evaluate(warm, featureSet(windows, { labels }))
  for (const label of labels.keys()) {
    const mean = each.slice(0, 4).reduce((sum, { scores }) => sum + scores[label]! / 4, 0)
    expect(clips[0]!.scores[label]).toBeCloseTo(mean, 6)
  }
  expect(scoresOf(logits, 3, 'softmax')).toEqual(clips.map(({ scores }) => scores))
  const losses = clips.map(({ scores }) => -Math.log(scores[1]!))
  expect(loss).toBeCloseTo(losses.reduce((a, b) => a + b) / 4, 6)
})

test.each(['softmax', 'sigmoid'] as const)(
  '%s: withTemperature lowers the loss of its clips',
  async (activation) => {
    const windows = examples.map((example, i) => ({ ...example, clipId: `${i >> 1}`, labelIndex: i >> 2 }))
    const two = featureSet(windows, { labels })
    const given = { ...model, activation, temperature: 7 }
    const calibrated = await withTemperature(given, two, [0, 1, 2, 3, 4, 5])
    expect(calibrated).toEqual({ ...given, temperature: calibrated.temperature })
    const lossAt = async (temperature: number) =>
      (await evaluate({ ...given, temperature }, two, [0, 1, 2, 3, 4, 5])).loss
    const best = await lossAt(calibrated.temperature)
    expect(best).toBeLessThan(await lossAt(1))
    for (const factor of [0.9, 1.1]) {
      const other = calibrated.temperature * factor
      if (other > 0.05 && other < 20) expect(await lossAt(other)).toBeGreaterThan(best)
    }
  },
)

test('withTemperature refuses what evaluate refuses', async () => {
  await expect(withTemperature(model, set, [])).rejects.toThrow(
    throwsCode('INVALID_INPUT', /indices is empty/),
  )
  await expect(withTemperature(model, set, undefined as never)).rejects.toThrow(
    throwsCode('INVALID_INPUT', /indices is undefined: does the split have that part\?/),
  )
  for (const temperature of [0, -1, Number.NaN]) {
    await expect(evaluate({ ...model, temperature }, set)).rejects.toThrow(
      throwsCode('INVALID_OPTION', /model.temperature=\S+ must be a finite number > 0/),
    )
    await expect(
      evaluateSession({ run() {}, inputNames: ['x'] } as never, set, [0], { temperature }),
    ).rejects.toThrow(throwsCode('INVALID_OPTION', /temperature=\S+ must be a finite number > 0/))
  }
})

test('a session gives the same results as its model', async () => {
  const bytes = writeModel(lowerNetwork(graph, { normalizer: model.normalizer }))
  const session = await ortRuntime.createSession(bytes)
  expect(await evaluateSession(session, set, [1, 2])).toEqual(await evaluate(model, set, [1, 2]))
  for (const activation of ['softmax', 'sigmoid'] as const) {
    const options = { activation, temperature: 0.6 }
    expect(await evaluateSession(session, set, [1, 2], options)).toEqual(
      await evaluate({ ...model, ...options }, set, [1, 2]),
    )
  }
  await expect(
    evaluateSession(session, featureSet(examples, { labels: [...labels, 'wind'] })),
  ).rejects.toThrow(throwsCode('INCOMPATIBLE_MODEL', /3 outputs for 4 labels/))
  await expect(evaluateSession(session, set, [1], { activation: 'relu' as never })).rejects.toThrow(
    throwsCode('INVALID_OPTION', /activation=relu/),
  )
  await session.release()
})

test('a session with two inputs is refused by their names; weights do not count as inputs', async () => {
  const plain = lowerNetwork(graph, { normalizer: model.normalizer })
  const [input] = plain.graph.inputs
  const withInputs = (more: ValueInfo[]) => {
    return ortRuntime.createSession(writeModel({ ...plain, graph: { ...plain.graph, inputs: more } }))
  }
  const listed = [...plain.graph.initializers].map(([name, { type, dims }]) => ({ name, type, dims }))
  const weighty = await withInputs([...listed, input!])
  expect((await evaluateSession(weighty, set)).accuracy).toBe((await evaluate(model, set)).accuracy)
  await weighty.release()
  const two = await withInputs([{ name: 'lengths', type: 'int64', dims: ['N'] }, input!])
  await expect(evaluateSession(two, set)).rejects.toThrow(
    throwsCode(
      'INCOMPATIBLE_MODEL',
      /takes 2 inputs, 'lengths' and 'input'; it must take one input, the features/,
    ),
  )
  await two.release()
})

describe('what does not fit is refused', () => {
  const { data, bins, frames } = examples[5]!.features
  const broken = { ...examples[5]!, features: { data: data.with(14, Number.NaN), bins, frames } }
  const wide = { ...examples[5]!, features: { data: new Float32Array(104), bins, frames: 13 } }
  test.each<[string, () => Promise<unknown>, EscErrorCode, RegExp]>([
    [
      'NaN, which max pooling of ONNX Runtime would swallow',
      () => predict(model, featureSet(examples.with(5, broken), { labels })),
      'INVALID_INPUT',
      /^example '5' has features that are not finite: NaN at bin 1, frame 2/,
    ],
    [
      'mixed shapes',
      () => predict(model, featureSet(examples.with(5, wide), { labels })),
      'INVALID_INPUT',
      /^example '5' has features 8 × 13 .* need windows/,
    ],
    ['no examples', () => evaluate(model, set, []), 'INVALID_INPUT', /indices is empty/],
    ['an index outside', () => evaluate(model, set, [7]), 'INVALID_INPUT', /indices\[0\]=7 is not an index/],
    [
      'labels in another order',
      () => evaluate(model, featureSet(examples, { labels: ['dog', 'sea', 'rain'] })),
      'INCOMPATIBLE_MODEL',
      /label 1 is 'sea' in the set, 'rain' in the model/,
    ],
    [
      'more labels',
      () => evaluate(model, featureSet(examples, { labels: [...labels, 'wind'] })),
      'INCOMPATIBLE_MODEL',
      /label 3 is 'wind' in the set, 'undefined' in the model/,
    ],
    [
      'a broken model',
      () => evaluate({ ...model, labels: ['dog'] }, set),
      'INVALID_INPUT',
      /1 labels for 3 outputs/,
    ],
    ['a graph for a model', () => evaluate(graph as never, set), 'INVALID_INPUT', /the model has no graph/],
    ['no set', () => evaluate(model, examples as never), 'INVALID_INPUT', /the set is of type array/],
    [
      'an unknown option',
      () => evaluate(model, set, [1], { batch_size: 1 } as never),
      'INVALID_OPTION',
      /no option 'batch_size' \(write batchSize\)/,
    ],
    [
      'no runtime',
      () => portableEvaluate(model, set, [1], {} as never),
      'INVALID_OPTION',
      /use predict and evaluate of @esc\/model\/node/,
    ],
    ['a batch of none', () => evaluate(model, set, [1], { batchSize: 0 }), 'INVALID_OPTION', /batchSize=0/],
  ])('%s', async (_, call, code, text) => {
    await expect(call()).rejects.toThrow(throwsCode(code, text))
  })

  test('features of another recipe are refused', async () => {
    const small = { ...logmel128, mel: { ...logmel128.mel, nMels: 8 } }
    const here = { ...model, recipe: small, windows: { windowSec: 1, hopSec: 0.5 } }
    const same = featureSet(examples, { labels, recipe: structuredClone(small) })
    expect((await predict(here, same)).length).toBe(7)
    const other = featureSet(examples, { labels, recipe: { ...small, normalize: null } })
    await expect(predict(here, other)).rejects.toThrow(
      throwsCode(
        'INCOMPATIBLE_MODEL',
        /made by another recipe than the model's; extract them with model.recipe/,
      ),
    )
  })
})

test('a part that the split does not have is refused, and does not mean the whole set', async () => {
  const part = undefined as number[] | undefined
  for (const call of [
    () => evaluate(model, set, part),
    () => predict(model, set, part, { batchSize: 2 }),
    () => evaluateSession({} as never, set, part),
  ]) {
    await expect(call()).rejects.toThrow(
      throwsCode('INVALID_INPUT', /indices is undefined: does the split have that part\?/),
    )
  }
  expect((await evaluate(model, set, null)).clips.length).toBe(7)
  expect((await evaluate(model, set)).clips.length).toBe(7)
})
