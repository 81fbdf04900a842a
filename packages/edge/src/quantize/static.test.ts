import { createRng, type NetworkGraph } from '@esc/core'
import { throwsCode } from '@esc/expect'
import {
  createGraphBuilder,
  floatData,
  floatTensor,
  lowerNetwork,
  type OnnxModel,
  type Tensor,
  writeModel,
} from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { ortRuntime } from '@esc/onnx/node'
import { beforeAll, describe, expect, test } from 'vitest'
import { compareLogits } from '../compare-logits.js'
import { fusedOps } from '../node/fixtures/fused-ops.js'
import { calibrate } from './calibrate.js'
import type { Range } from './int8-activations.js'
import { quantizeStatic } from './static.js'

const rng = createRng(31)
const weight = (...shape: number[]) => {
  const fan = shape.slice(1).reduce((a, b) => a * b, 1)
  const size = shape[0]! * fan
  return { shape, data: Float32Array.from({ length: size }, () => rng.normal() / Math.sqrt(fan)) }
}
const plain = { attributes: {}, weights: {} }
const network: NetworkGraph = {
  name: 'both kinds of pooling',
  input: { name: 'input', shape: [1, 12, 20] },
  nodes: [
    {
      op: 'Conv2D',
      name: 'conv1',
      inputs: ['input'],
      attributes: { padding: 'same' },
      weights: { kernel: weight(8, 1, 3, 3), bias: weight(8) },
    },
    { op: 'ReLU', name: 'relu1', inputs: ['conv1'], ...plain },
    { op: 'MaxPool', name: 'pool1', inputs: ['relu1'], attributes: { size: [2, 2] }, weights: {} },
    {
      op: 'Conv2D',
      name: 'conv2',
      inputs: ['pool1'],
      attributes: { padding: 'same' },
      weights: { kernel: weight(16, 8, 3, 3), bias: weight(16) },
    },
    { op: 'ReLU', name: 'relu2', inputs: ['conv2'], ...plain },
    { op: 'GlobalAveragePool', name: 'average', inputs: ['relu2'], ...plain },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['average'],
      attributes: {},
      weights: { kernel: weight(5, 16), bias: weight(5) },
    },
  ],
  output: 'dense',
}
const normalizer = { mean: Array(12).fill(2), std: Array(12).fill(3) }
const model = lowerNetwork(network, { normalizer })
const batch = (count: number): Tensor => ({
  type: 'float32',
  dims: [count, 1, 12, 20],
  data: Float32Array.from({ length: count * 240 }, () => 2 + 3 * rng.normal()),
})
const inputs = batch(64)
let ranges: Map<string, Range>

beforeAll(async () => {
  ranges = await calibrate(model, [inputs], { runtime: ortRuntime })
})

async function logits(of: OnnxModel, feed = inputs): Promise<Float32Array> {
  const session = await ortRuntime.createSession(writeModel(of))
  const outputs = await session.run({ input: feed })
  await session.release()
  return floatData(outputs, 'logits')
}

describe('quantizeStatic', () => {
  test('gives a model that stays close to the float model in ONNX Runtime', async () => {
    const int8 = quantizeStatic(model, ranges)
    checkModel(int8)
    const [float, quantized] = [await logits(model), await logits(int8)]
    const spread = Math.sqrt(float.reduce((sum, value) => sum + value ** 2, 0) / float.length)
    expect(compareLogits(float, quantized, 5).maxLogitError / spread).toBeLessThan(0.15)
    expect(compareLogits(float, quantized, 5).agreement).toBeGreaterThan(0.9)
  })

  test('one scale per channel is closer than one per tensor', async () => {
    // If all filters share one scale, a loud filter makes it too coarse for the others.
    const loud = {
      ...network,
      nodes: network.nodes.map((node) => (node.name === 'conv2' ? louder(node) : node)),
    } as NetworkGraph
    const loudModel = lowerNetwork(loud, { normalizer })
    const loudRanges = await calibrate(loudModel, [inputs], { runtime: ortRuntime })
    const float = await logits(loudModel)
    const error = async (perChannel: boolean) =>
      compareLogits(float, await logits(quantizeStatic(loudModel, loudRanges, { perChannel })), 5)
        .meanLogitError
    expect(await error(true)).toBeLessThan(await error(false))
  })

  test('stores weights in one byte and keeps float inputs and logits', () => {
    const int8 = quantizeStatic(model, ranges)
    const types = new Map([...int8.graph.initializers].map(([name, { type }]) => [name, type]))
    expect(types.get('conv2.kernel_quantized')).toBe('int8')
    expect(types.get('conv2.bias_quantized')).toBe('int32')
    expect(types.has('conv2.kernel')).toBe(false)
    expect(int8.graph.inputs).toEqual(model.graph.inputs)
    expect(int8.graph.outputs).toEqual(model.graph.outputs)
  })

  test('a max pool keeps the scale of its input', () => {
    const { nodes } = quantizeStatic(model, ranges).graph
    const after = nodes.find(({ name }) => name === 'pool1_quantized')!
    expect(after.inputs.slice(1)).toEqual(['relu1_scale', 'relu1_zero_point'])
  })

  test('a channel whose weights are nearly 0 still contributes its bias', async () => {
    const dead = {
      ...network,
      nodes: network.nodes.map((node) => (node.name === 'conv2' ? faded(node) : node)),
    } as NetworkGraph
    const deadModel = lowerNetwork(dead, { normalizer })
    const deadRanges = await calibrate(deadModel, [inputs], { runtime: ortRuntime })
    const float = await logits(deadModel)
    const int8 = await logits(quantizeStatic(deadModel, deadRanges))
    expect(compareLogits(float, int8, 5).maxLogitError).toBeLessThan(0.05)
  })

  test('two operators may share weight and bias, and Gemm may spell out its defaults', async () => {
    const g = createGraphBuilder({ name: 'shared' })
    const x = g.input({ name: 'input', type: 'float32', dims: ['N', 4] })
    const [w, b] = [
      g.constant('w', floatTensor(weight(4, 4).data, [4, 4])),
      g.constant('b', floatTensor([1, -1, 0.5, 0])),
    ]
    const attributes = { transB: { int: 1 }, alpha: { float: 1 }, beta: { float: 1 }, transA: { int: 0 } }
    g.nodeWithOutputs('Gemm', [g.node('Gemm', [x, w, b], attributes), w, b], ['logits'], attributes)
    g.output({ name: 'logits', type: 'float32', dims: ['N', 4] })
    const feed = floatTensor(
      Float32Array.from({ length: 80 }, () => rng.normal()),
      [20, 4],
    )
    const measured = await calibrate(g.build(), [feed], { runtime: ortRuntime })
    const int8 = quantizeStatic(g.build(), measured)
    checkModel(int8)
    expect([...int8.graph.initializers.keys()]).not.toContain('w')
    const parity = compareLogits(await logits(g.build(), feed), await logits(int8, feed), 4)
    expect(parity.maxLogitError).toBeLessThan(0.2)
  })

  test('ONNX Runtime fuses the model into integer kernels: only the normaliser is left in float', async () => {
    const fused = await fusedOps(quantizeStatic(model, ranges))
    const weighted = fused.filter((op) => /Conv|Gemm|MatMul/.test(op))
    expect(weighted).toEqual(['QLinearConv', 'QLinearConv', 'QGemm'])
    expect(fused.filter((op) => ['Conv', 'Gemm', 'Relu', 'GlobalAveragePool'].includes(op))).toEqual([])
  })

  test('a value without a range is INVALID_INPUT, a weight that is not a constant is UNSUPPORTED_LAYER', () => {
    const without = new Map([...ranges].filter(([name]) => name !== 'relu2'))
    expect(() => quantizeStatic(model, without)).toThrow(throwsCode('INVALID_INPUT'))
    const g = createGraphBuilder({ name: 'dynamic' })
    const [x, w] = ['input', 'w'].map((name) => g.input({ name, type: 'float32', dims: [2, 2] })) as [
      string,
      string,
    ]
    g.node('Gemm', [x, w, g.constant('b', floatTensor([0, 0]))], { transB: { int: 1 } }, 'logits')
    g.output({ name: 'logits', type: 'float32', dims: [2, 2] })
    expect(() => quantizeStatic(g.build(), new Map([['input', { min: 0, max: 1 }]]))).toThrow(
      throwsCode('UNSUPPORTED_LAYER'),
    )
  })
})

/** Changes one filter as a folded BatchNorm with a gamma near 0 does: its weights are nearly 0, and its bias is not. */
function faded(node: NetworkGraph['nodes'][number]) {
  if (node.op !== 'Conv2D') return node
  const { kernel, bias } = node.weights
  const data = kernel.data.map((value, i) => (i < 72 ? value * 1e-8 : value))
  const biasData = bias.data.map((value, i) => (i === 0 ? 2 : value))
  return { ...node, weights: { kernel: { ...kernel, data }, bias: { ...bias, data: biasData } } }
}

/** Makes the weights of one filter 30 times as large. */
function louder(node: NetworkGraph['nodes'][number]) {
  if (node.op !== 'Conv2D') return node
  const data = node.weights.kernel.data.map((value, i) => (i < 72 ? value * 30 : value))
  return { ...node, weights: { ...node.weights, kernel: { ...node.weights.kernel, data } } }
}

describe('calibrate', () => {
  test('finds the smallest and largest number of a value, over all batches', async () => {
    const more = batch(3)
    const both = await calibrate(model, [inputs, more], { runtime: ortRuntime })
    const all = [...(inputs.data as Float32Array), ...(more.data as Float32Array)].map((x) => (x - 2) / 3)
    expect(both.get('normalized')!.min).toBeCloseTo(Math.min(...all), 5)
    expect(both.get('normalized')!.max).toBeCloseTo(Math.max(...all), 5)
    const values = [...(await logits(model)), ...(await logits(model, more))]
    expect(both.get('logits')!.min).toBeCloseTo(Math.min(...values), 5)
    expect(both.get('logits')!.max).toBeCloseTo(Math.max(...values), 5)
    expect(both.get('relu1')!.min).toBe(0)
  })

  test('leaves out values that are not floats', async () => {
    const g = createGraphBuilder({ name: 'reshaped' })
    const x = g.input({ name: 'input', type: 'float32', dims: ['N', 1, 12, 20] })
    const same = g.node('Reshape', [x, g.node('Shape', [x])])
    g.nodeWithOutputs('Flatten', [same], ['logits'])
    g.output({ name: 'logits', type: 'float32', dims: ['N', 240] })
    const measured = await calibrate(g.build(), [inputs], { runtime: ortRuntime })
    expect([...measured.keys()].sort()).toEqual(['Reshape', 'logits'])
    checkModel(quantizeStatic(g.build(), measured))
  })

  test('no batches, or values that are not finite, are INVALID_INPUT', async () => {
    const bad = { ...inputs, data: (inputs.data as Float32Array).map(() => Number.NaN) } as Tensor
    await expect(calibrate(model, [], { runtime: ortRuntime })).rejects.toThrow(
      throwsCode('INVALID_INPUT', 'at least one batch'),
    )
    await expect(calibrate(model, [bad], { runtime: ortRuntime })).rejects.toThrow(
      throwsCode('INVALID_INPUT', 'that is not finite'),
    )
  })
})
