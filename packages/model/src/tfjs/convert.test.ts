/** Conversion between networks and LayersModels of tfjs. */
import { createRng, type NetworkGraph, namedWeights, withWeights } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { floatData, lowerNetwork, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import { layerCases } from './fixtures/layer-cases.js'
import { fromLayersModel, toLayersModel } from './index.js'
import { layerSources } from './layer-sources.js'
import { toLayer } from './to-layers-model.js'

beforeAll(async () => {
  await tf.setBackend('cpu')
})

const rng = createRng(21)
const normal = (length: number) => Float32Array.from({ length }, () => rng.normal())

describe.each([
  ['audioCnn', audioCnn({ bins: 13, frames: 43, classes: 5 })],
  ['melCnn', withRunningAverages(melCnn({ bins: 32, frames: 27, classes: 5 }))],
])('%s', (_name, graph) => {
  test('converted there and back, every weight and every node is the same', async () => {
    const back = await fromLayersModel(toLayersModel(graph))
    expect(back.nodes.map(({ op, name, inputs }) => ({ op, name, inputs }))).toEqual(
      graph.nodes.map(({ op, name, inputs }) => ({ op, name, inputs })),
    )
    expect(namedWeights(back)).toEqual(namedWeights(graph))
    expect(back.input).toEqual(graph.input)
    expect(back.output).toBe(graph.output)
  })

  test('outputs equal those of the ONNX graph', async () => {
    const [, bins, frames] = graph.input.shape
    const data = normal(3 * bins * frames)
    const ours = await runOnnx(graph, data)
    const theirs = toLayersModel(graph).predict(tf.tensor4d(data, [3, bins, frames, 1])) as tf.Tensor
    expectClose(ours, await theirs.data(), 1e-5)
  })
})

describe('a model made with tfjs', () => {
  test('flattened channel-last, with activations inside layers, keeps its outputs', async () => {
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [9, 8, 2],
          filters: 4,
          kernelSize: 3,
          activation: 'relu',
          name: 'c1',
        }),
        tf.layers.batchNormalization({ name: 'b1' }),
        tf.layers.maxPooling2d({ poolSize: [2, 3], name: 'p1' }),
        tf.layers.conv2d({ filters: 3, kernelSize: [1, 1], useBias: false, name: 'c2' }),
        tf.layers.flatten({ name: 'f' }),
        tf.layers.dense({ units: 7, activation: 'relu', name: 'd1' }),
        tf.layers.dropout({ rate: 0.5, name: 'drop' }),
        tf.layers.dense({ units: 4, name: 'd2' }),
      ],
    })
    const graph = await fromLayersModel(model)
    expect(graph.input.shape).toEqual([2, 9, 8])
    const image = normal(2 * 9 * 8 * 2)
    const channelsLast = tf.tensor4d(image, [2, 9, 8, 2])
    const channelsFirst = (await channelsLast.transpose([0, 3, 1, 2]).data()) as Float32Array
    const expected = await (model.predict(channelsLast) as tf.Tensor).data()
    expectClose(await runOnnx(graph, channelsFirst), expected, 1e-5)
  })

  test.each([
    ['an unknown kind', tf.layers.upSampling2d({ inputShape: [8, 8, 1], name: 'odd' })],
    [
      'an unknown activation',
      tf.layers.conv2d({
        inputShape: [8, 8, 1],
        filters: 2,
        kernelSize: 3,
        activation: 'hardSigmoid',
        name: 'odd',
      }),
    ],
    ['normalised pixels', tf.layers.layerNormalization({ inputShape: [8, 8, 2], name: 'odd' })],
    ['another maximum', tf.layers.reLU({ inputShape: [8, 8, 1], maxValue: 5, name: 'odd' })],
  ])('%s: UNSUPPORTED_LAYER names the layer', async (_name, layer) => {
    const model = tf.sequential({ layers: [layer, tf.layers.flatten(), tf.layers.dense({ units: 2 })] })
    await expect(fromLayersModel(model)).rejects.toThrow(throwsCode('UNSUPPORTED_LAYER', "'odd'"))
  })
})

/** Names of the cases that cannot be converted to tfjs. All others are chains that tfjs computes, too. */
const refused =
  /groups|a group a channel|dilation and strides|DepthwiseConv2D dilation|LayerNorm over|of a matrix|Flatten of a vector|Hard|Attention|StatsPool|Reshape|Add|Multiply|Concatenate/
describe('layer by layer', () => {
  test.each(layerCases.filter(({ name }) => !refused.test(name)))('$name', async ({ graph }) => {
    const model = toLayersModel(graph)
    const data = normal(2 * 4 * 7 * 9)
    const input = tf.tensor4d(data, [2, 4, 7, 9]).transpose<tf.Tensor4D>([0, 2, 3, 1])
    const theirs = await (model.predict(input) as tf.Tensor).data()
    expectClose(await runOnnx(graph, data), theirs, 1e-5)
    const back = await fromLayersModel(model)
    expect(namedWeights(back)).toEqual(namedWeights(graph))
    expectClose(await runOnnx(back, data), theirs, 1e-5)
  })

  test.each(layerCases.filter(({ name }) => refused.test(name)))('$name: UNSUPPORTED_LAYER', ({ graph }) => {
    expect(() => toLayersModel(graph)).toThrow(throwsCode('UNSUPPORTED_LAYER', "'layer"))
  })

  test('a norm between a channel-last Flatten and its Dense: UNSUPPORTED_LAYER', async () => {
    for (const norm of [tf.layers.batchNormalization, tf.layers.layerNormalization]) {
      const layers = [
        tf.layers.flatten({ inputShape: [4, 4, 2] }),
        norm({ name: 'odd' }),
        tf.layers.dense({ units: 2 }),
      ]
      await expect(fromLayersModel(tf.sequential({ layers }))).rejects.toThrow(
        throwsCode('UNSUPPORTED_LAYER', "'odd'"),
      )
    }
  })
})

test('a model that ends in a channel-last Flatten: UNSUPPORTED_LAYER', async () => {
  const layers = [
    tf.layers.conv2d({ inputShape: [4, 4, 1], filters: 2, kernelSize: 3 }),
    tf.layers.flatten({ name: 'last' }),
  ]
  await expect(fromLayersModel(tf.sequential({ layers }))).rejects.toThrow(
    throwsCode('UNSUPPORTED_LAYER', "'last'"),
  )
})

test('a BatchNormalization of another axis: UNSUPPORTED_LAYER', async () => {
  const layers = [
    tf.layers.batchNormalization({ inputShape: [4, 4, 2], axis: 1, name: 'odd' }),
    tf.layers.globalAveragePooling2d({}),
  ]
  await expect(fromLayersModel(tf.sequential({ layers }))).rejects.toThrow(throwsCode('UNSUPPORTED_LAYER'))
})

test('a network that branches: UNSUPPORTED_LAYER', () => {
  const graph = audioCnn({ bins: 8, frames: 8, classes: 2 })
  // The pool reads the convolution and skips the ReLU. Every shape still fits.
  const nodes = graph.nodes.map((node) => (node.name === 'pool1' ? { ...node, inputs: ['conv1'] } : node))
  expect(() => toLayersModel({ ...graph, nodes })).toThrow(throwsCode('UNSUPPORTED_LAYER', "'pool1'"))
})

async function runOnnx(graph: NetworkGraph, data: Float32Array): Promise<Float32Array> {
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  const size = graph.input.shape.reduce((a, b) => a * b, 1)
  const outputs = await session.run({
    [graph.input.name]: { type: 'float32', dims: [data.length / size, ...graph.input.shape], data },
  })
  await session.release()
  return floatData(outputs, 'logits')
}

function withRunningAverages(graph: NetworkGraph): NetworkGraph {
  const data = namedWeights(graph)
    .filter(({ name }) => name.startsWith('norm'))
    .map(({ name, weight }) => [name, weight.data.map(() => 0.5 + rng.uniform())] as const)
  return withWeights(graph, Object.fromEntries(data))
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  let worst = 0
  for (let i = 0; i < expected.length; i++) worst = Math.max(worst, Math.abs(actual[i]! - expected[i]!))
  expect(worst).toBeLessThan(tolerance)
}

test('the same layers are converted in both directions', () => {
  const supported = (table: object) =>
    Object.entries(table)
      .filter(([, entry]) => !('unsupported' in entry))
      .map(([op]) => op)
  expect(supported(layerSources)).toEqual(supported(toLayer))
})
