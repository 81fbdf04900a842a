/** Training graphs in ONNX Runtime against tfjs's CPU autograd: loss, logits, running averages and all gradients. */
import { createRng, type NetworkGraph, namedWeights, withWeights } from '@esc/core'
import { type Blocking, buildGradientModel, floatData, type Tensor, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import * as tf from '@tensorflow/tfjs'
import { beforeAll, describe, expect, test } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import { createDropoutMasks } from '../engine/dropout.js'
import { separableCnn } from '../fixtures/separable.js'
import * as layers from '../network/layers.js'
import { sequential } from '../network/network.js'
import { trainingLoss } from './differentiate.js'
import { type LayerCase, layerCases } from './fixtures/layer-cases.js'

const batch = 4
/** Of ‖ours - tfjs’s‖ / ‖tfjs’s‖, for every array. */
const tolerance = 1e-5
/** Channels of a block, where the processor has the blocked layout. */
const channels = (await ortRuntime.channelBlock?.()) ?? 1

const networks: LayerCase[] = [
  { name: 'audioCnn 13 × 43', graph: audioCnn({ bins: 13, frames: 43, classes: 5 }), vanishing: [] },
  {
    name: 'melCnn 16 × 19',
    graph: withRandomNorms(melCnn({ bins: 16, frames: 19, classes: 5 })),
    vanishing: ['conv1.bias', 'conv2.bias', 'conv3.bias'],
  },
  {
    name: 'depthwise-separable with a residual, 15 × 20',
    graph: withRandomNorms(separableCnn({ bins: 15, frames: 20, classes: 5 })),
    vanishing: [1, 2, 3, 4].flatMap((i) => [`conv${i}.bias`, `depthwise${i}.bias`]),
  },
  ...[
    { strides: [2, 2], padding: 'same' },
    { strides: [1, 2], padding: 'valid' },
    { dilations: [2, 1], padding: 'same' },
    { dilations: [1, 2], padding: 'valid' },
  ].map(
    (options): LayerCase => ({
      name: `depthwise ${JSON.stringify(options)} of 12 channels`,
      graph: sequential(
        [
          layers.conv2d({ filters: 12, kernel: 3 }),
          layers.relu(),
          layers.depthwiseConv2d({ kernel: [3, 2], ...(options as object) }),
          layers.sigmoid(),
          layers.separableConv2d({ filters: 20, kernel: 3, ...(options as object) }),
          layers.globalAveragePool(),
          layers.dense({ units: 5 }),
        ],
        { bins: 11, frames: 14 },
      ),
      vanishing: [],
    }),
  ),
]

beforeAll(async () => {
  await tf.setBackend('cpu')
})

describe('gradients are tfjs’s', () => {
  test.each([...layerCases, ...networks])('$name', async ({ graph, vanishing }) => {
    const feeds = drawFeeds(graph)
    const expected = await tfjsValues(graph, feeds)
    const gradients = Object.entries(expected).filter(([name]) => name.startsWith('gradient/'))
    const largest = Math.max(...gradients.map(([, values]) => norm(values)))
    for (const blocking of [null, ...(channels > 1 ? [{ channels, clips: batch }] : [])]) {
      const actual = await onnxValues(graph, feeds, blocking)
      expect(Object.keys(actual).sort()).toEqual(Object.keys(expected).sort())
      for (const [name, values] of Object.entries(expected)) {
        // A bias before BatchNorm has no effect: its true gradient is 0, and what is left is rounding.
        const zero = vanishing.includes(name.replace('gradient/', ''))
        const error = distance(actual[name]!, values) / (zero ? largest : norm(values))
        expect(error, `${name}, ${blocking ? 'blocked' : 'plain'}`).toBeLessThanOrEqual(tolerance)
      }
    }
  })
})

/** A batch, its dropout masks and the graph's weights, as the training graph takes them. */
function drawFeeds(graph: NetworkGraph): Record<string, Tensor & { type: 'float32' }> {
  const rng = createRng(7)
  const classes = namedWeights(graph).at(-1)!.weight.data.length
  const float = (dims: readonly number[], value: () => number) => {
    const length = dims.reduce((a, b) => a * b, 1)
    return { type: 'float32' as const, dims, data: Float32Array.from({ length }, value) }
  }
  const target = float([batch, classes], () => rng.uniform())
  for (let n = 0; n < batch; n++) {
    const row = target.data.subarray(n * classes, (n + 1) * classes)
    const sum = row.reduce((a, b) => a + b, 0)
    row.forEach((value, c) => {
      row[c] = value / sum
    })
  }
  const weights = namedWeights(graph).map(
    ({ name, weight }) =>
      [name, { type: 'float32' as const, dims: weight.shape, data: weight.data }] as const,
  )
  return {
    input: float([batch, ...graph.input.shape], () => rng.normal()),
    target,
    ...createDropoutMasks(graph)(batch, rng),
    ...Object.fromEntries(weights),
  }
}

async function onnxValues(graph: NetworkGraph, feeds: Record<string, Tensor>, blocking: Blocking | null) {
  const model = buildGradientModel(graph, { blocking })
  const session = await ortRuntime.createSession(writeModel(model), { threads: 1, training: true })
  const outputs = await session.run(feeds)
  await session.release()
  return Object.fromEntries(Object.keys(outputs).map((name) => [name, floatData(outputs, name)]))
}

async function tfjsValues(graph: NetworkGraph, feeds: Record<string, Tensor & { type: 'float32' }>) {
  const tensors = Object.fromEntries(
    Object.entries(feeds).map(([name, { data, dims }]) => [name, tf.tensor(data, [...dims])]),
  )
  const { value, logits, gradients, updates } = tf.tidy(() => {
    const [input, target] = [tensors.input as tf.Tensor4D, tensors.target as tf.Tensor2D]
    return { ...trainingLoss(graph, tensors, { input, target, teacherLogits: null, masks: tensors }) }
  })
  const renamed = (prefix: string, values: Readonly<Record<string, tf.Tensor>>) =>
    Object.entries(values).map(([name, tensor]) => [`${prefix}/${name}`, tensor] as const)
  const all = {
    loss: value,
    logits,
    ...Object.fromEntries([...renamed('gradient', gradients), ...renamed('next', updates)]),
  }
  const values: Record<string, Float32Array> = {}
  for (const [name, tensor] of Object.entries(all)) values[name] = Float32Array.from(await tensor.data())
  tf.dispose([tensors, all])
  return values
}

/** BatchNorm's weights random, too, so that no gradient is right by a special value. */
function withRandomNorms(graph: NetworkGraph): NetworkGraph {
  const rng = createRng(11)
  const data = namedWeights(graph)
    .filter(({ name }) => name.startsWith('norm'))
    .map(({ name, weight }) => [name, weight.data.map(() => 0.5 + rng.uniform())] as const)
  return withWeights(graph, Object.fromEntries(data))
}

function norm(values: Float32Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value * value, 0))
}

function distance(a: Float32Array, b: Float32Array): number {
  expect(a.length).toBe(b.length)
  return norm(a.map((value, i) => value - b[i]!))
}
