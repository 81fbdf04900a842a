/** The ONNX training step against tfjs's CPU autograd: loss, logits and the gradient of every weight. */
import { createRng, inferShapes, type NetworkGraph, namedWeights, type Rng, withWeights } from '@esc/core'
import { buildGradientModel, floatData, type Tensor, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import { fromLayersModel, toLayersModel } from './index.js'

const batch = 2
const tolerance = 1e-5
const cases: [name: string, graph: NetworkGraph][] = [
  ['audioCnn 13 × 43', randomised(audioCnn({ bins: 13, frames: 43, classes: 5 }))],
  ['melCnn 32 × 27', randomised(melCnn({ bins: 32, frames: 27, classes: 5 }))],
]

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe.each(cases)('%s', (_name, graph) => {
  test('loss and every gradient agree with tfjs autograd', async () => {
    const data = drawBatch(graph, createRng(7))
    const expected = await tfjsGradients(graph, data)
    const session = await ortRuntime.createSession(writeModel(buildGradientModel(graph)))
    const outputs = await session.run({ ...weightFeeds(graph), ...data.feeds })
    expect(relativeError(floatData(outputs, 'loss'), expected.loss)).toBeLessThanOrEqual(tolerance)
    expect(relativeError(floatData(outputs, 'logits'), expected.logits)).toBeLessThanOrEqual(tolerance)

    const trainable = namedWeights(graph).filter((weight) => weight.trainable)
    expect([...expected.gradients.keys()].sort()).toEqual(trainable.map(({ name }) => name).sort())
    const scale = Math.max(...[...expected.gradients.values()].map(norm))
    for (const [name, gradient] of expected.gradients) {
      const ours = floatData(outputs, `gradient/${name}`)
      // A bias before BatchNorm has no effect: its true gradient is 0, and what is left is rounding.
      const vanishes = graph.name === 'mel-cnn' && /^conv\d\.bias$/.test(name)
      if (vanishes) expect(norm(ours), name).toBeLessThanOrEqual(tolerance * scale)
      else expect(relativeError(ours, gradient), name).toBeLessThanOrEqual(tolerance)
    }
    await session.release()
  })
})

interface BatchData {
  input: Float32Array
  target: Float32Array
  masks: Map<string, Float32Array>
  feeds: Record<string, Tensor>
}

/** Random features, soft targets and dropout masks. */
function drawBatch(graph: NetworkGraph, rng: Rng): BatchData {
  const shapes = inferShapes(graph)
  const classes = shapes.get(graph.output)![0]!
  const size = graph.input.shape.reduce((a, b) => a * b, batch)
  const input = Float32Array.from({ length: size }, () => rng.normal())
  const target = new Float32Array(batch * classes)
  for (let n = 0; n < batch; n++) {
    const row = Array.from({ length: classes }, () => rng.uniform())
    const sum = row.reduce((a, b) => a + b, 0)
    row.forEach((value, c) => {
      target[n * classes + c] = value / sum
    })
  }
  const masks = new Map<string, Float32Array>()
  const feeds: Record<string, Tensor> = {
    input: { type: 'float32', dims: [batch, ...graph.input.shape], data: input },
    target: { type: 'float32', dims: [batch, classes], data: target },
  }
  for (const node of graph.nodes) {
    if (node.op !== 'Dropout') continue
    const { rate } = node.attributes
    const shape = shapes.get(node.inputs[0]!)!
    const length = shape.reduce((a, b) => a * b, batch)
    const mask = Float32Array.from({ length }, () => (rng.uniform() < rate ? 0 : 1 / (1 - rate)))
    masks.set(node.name, mask)
    feeds[`${node.name}.mask`] = { type: 'float32', dims: [batch, ...shape], data: mask }
  }
  return { input, target, masks, feeds }
}

/** The network as tfjs layers in training mode, with the same dropout masks, differentiated by tfjs. */
async function tfjsGradients(graph: NetworkGraph, { input, target, masks }: BatchData) {
  const model = toLayersModel(graph)
  const shapes = inferShapes(graph)
  const [channels, bins, frames] = graph.input.shape
  const x = tf.tensor4d(input, [batch, channels, bins, frames]).transpose([0, 2, 3, 1])
  const y = tf.tensor2d(target, [batch, target.length / batch])
  let logits = tf.zeros([1])
  const lossOf = () => {
    let value: tf.Tensor = x
    for (const layer of model.layers) {
      const mask = masks.get(layer.name)
      if (mask) {
        const [c, h, w] = shapes.get(layer.name) as [number, number, number]
        value = value.mul(tf.tensor4d(mask, [batch, c, h, w]).transpose([0, 2, 3, 1]))
      } else if (layer.getClassName() !== 'InputLayer') {
        value = layer.apply(value, { training: true }) as tf.Tensor
      }
    }
    logits = tf.keep(value)
    return tf.losses.softmaxCrossEntropy(y, value).asScalar()
  }
  const { value, grads } = tf.variableGrads(lossOf)
  // Each gradient goes back through the weight conversion, by way of a model that has the gradients as weights.
  for (const layer of model.layers) {
    const weights = layer.trainableWeights.map((weight) => grads[weight.originalName] ?? grads[weight.name]!)
    if (weights.length > 0) layer.setWeights([...weights, ...layer.getWeights().slice(weights.length)])
  }
  const asGraph = await fromLayersModel(model)
  const gradients = new Map(
    namedWeights(asGraph)
      .filter((weight) => weight.trainable)
      .map(({ name, weight }) => [name, weight.data]),
  )
  return {
    loss: Float32Array.of(value.dataSync()[0]!),
    logits: Float32Array.from(logits.dataSync()),
    gradients,
  }
}

function weightFeeds(graph: NetworkGraph): Record<string, Tensor> {
  return Object.fromEntries(
    namedWeights(graph).map(({ name, weight }) => [
      name,
      { type: 'float32', dims: weight.shape, data: weight.data },
    ]),
  )
}

/** Every weight random, BatchNorm's too, so that no gradient is right by a special value. */
function randomised(graph: NetworkGraph): NetworkGraph {
  const rng = createRng(11)
  const data = namedWeights(graph)
    .filter(({ name }) => name.startsWith('norm'))
    .map(({ name, weight }) => [name, weight.data.map(() => 0.5 + rng.uniform())] as const)
  return withWeights(graph, Object.fromEntries(data))
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

/** ‖a - b‖ / ‖b‖. */
function relativeError(actual: Float32Array, expected: Float32Array): number {
  expect(actual.length).toBe(expected.length)
  return norm(actual.map((value, i) => value - expected[i]!)) / norm(expected)
}
