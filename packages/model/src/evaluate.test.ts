import { createRng, type Example } from '@esc/core'
import { lowerNetwork, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { expect, test } from 'vitest'
import { audioCnn, evaluate, predictLogits } from './index.js'

const graph = audioCnn({ bins: 8, frames: 12, classes: 3 })
const rng = createRng(4)
const examples: Example[] = Array.from({ length: 7 }, (_, i) => ({
  id: `${i}`,
  features: { data: Float32Array.from({ length: 96 }, () => rng.normal()), bins: 8, frames: 12 },
  labelIndex: i % 3,
  group: `${i}`,
  fold: null,
}))

test('logits do not depend on the batch size', async () => {
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  const all = await predictLogits(session, examples, { inputShape: graph.input.shape })
  const single = await predictLogits(session, examples, { inputShape: graph.input.shape, batchSize: 1 })
  expect(all.length).toBe(21)
  all.forEach((value, i) => {
    expect(Math.abs(value - single[i]!)).toBeLessThan(1e-5)
  })
  const report = await evaluate(session, examples, ['a', 'b', 'c'], { inputShape: graph.input.shape })
  const hits = report.predictions.filter((predicted, i) => predicted === examples[i]!.labelIndex).length
  expect(report.accuracy).toBeCloseTo(hits / 7, 12)
  await session.release()
})

test('features that are not finite are refused: max pooling of ONNX Runtime would swallow NaN', async () => {
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  const { data, bins, frames } = examples[5]!.features
  const broken = { ...examples[5]!, features: { data: data.with(14, Number.NaN), bins, frames } }
  const given = examples.with(5, broken)
  await expect(predictLogits(session, given, { inputShape: graph.input.shape })).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message: expect.stringMatching(/^example '5' has features that are not finite: NaN at bin 1, frame 2/),
  })
  await session.release()
})

test('no examples: INVALID_INPUT; labels of another model: INCOMPATIBLE_MODEL', async () => {
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  const options = { inputShape: graph.input.shape }
  await expect(evaluate(session, [], ['a'], options)).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  await expect(evaluate(session, examples, ['a', 'b'], options)).rejects.toMatchObject({
    code: 'INCOMPATIBLE_MODEL',
  })
  await session.release()
})
