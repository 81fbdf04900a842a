import { createRng, type NetworkGraph, type NetworkNode, type Weight } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { referenceLogits } from './gradient/fixtures/reference.js'
import { floatData, lowerNetwork, type Tensor, writeModel } from './index.js'
import { ortRuntime } from './node/index.js'

const rng = createRng(13)
const draw = (...shape: number[]): Weight => ({
  shape,
  data: Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, () => rng.normal()),
})
const positive = (...shape: number[]): Weight => {
  const { data } = draw(...shape)
  return { shape, data: data.map((value) => 0.2 + Math.abs(value)) }
}
const plain = { attributes: {}, weights: {} }
const [channels, height, width, filters] = [2, 5, 7, 3]
const conv: NetworkNode = {
  op: 'Conv2D',
  name: 'conv',
  inputs: ['input'],
  attributes: { padding: 'same' },
  weights: { kernel: draw(filters, channels, 3, 5), bias: draw(filters) },
}
const norm: NetworkNode = {
  op: 'BatchNorm',
  name: 'norm',
  inputs: ['conv'],
  attributes: { epsilon: 1e-3, momentum: 0.1 },
  weights: { gamma: draw(filters), beta: draw(filters), mean: draw(filters), variance: positive(filters) },
}
const average: NetworkNode = { op: 'GlobalAveragePool', name: 'average', inputs: ['norm'], ...plain }
const graph: NetworkGraph = {
  name: 'tiny',
  input: { name: 'input', shape: [channels, height, width] },
  nodes: [conv, norm, average],
  output: 'average',
}
const input: Tensor = {
  type: 'float32',
  dims: [1, channels, height, width],
  data: draw(channels, height, width).data,
}

const two = { gamma: draw(2), beta: draw(2), mean: draw(2), variance: positive(2) }

describe('BatchNorm', () => {
  test('behind a convolution is folded, and the values equal the direct formula', async () => {
    const model = lowerNetwork(graph)
    expect(model.graph.nodes.map(({ opType }) => opType)).toEqual(['Conv', 'GlobalAveragePool', 'Flatten'])
    expectClose(await run(model), naiveConvNormAverage(), 1e-5)
  })

  test('behind another layer is not folded, and gives the same values', async () => {
    const between: NetworkNode = {
      op: 'Dropout',
      name: 'drop',
      inputs: ['conv'],
      attributes: { rate: 0.5 },
      weights: {},
    }
    const nodes = [conv, between, { ...norm, inputs: ['drop'] } as NetworkNode, average]
    const model = lowerNetwork({ ...graph, nodes })
    expect(model.graph.nodes.map(({ opType }) => opType)).toContain('BatchNormalization')
    expectClose(await run(model), naiveConvNormAverage(), 1e-5)
  })

  test.each<[string, NetworkNode['op'], Record<string, Weight>, string[]]>([
    [
      'a depthwise convolution',
      'DepthwiseConv2D',
      { kernel: draw(4, 1, 3, 3), bias: draw(4) },
      ['Conv', 'GlobalAveragePool', 'Flatten'],
    ],
    [
      'a separable convolution',
      'SeparableConv2D',
      { depthwise: draw(2, 1, 3, 3), pointwise: draw(4, 2, 1, 1), bias: draw(4) },
      ['Conv', 'Conv', 'GlobalAveragePool', 'Flatten'],
    ],
    [
      'a dense layer',
      'Dense',
      { kernel: draw(4, channels), bias: draw(4) },
      ['GlobalAveragePool', 'Flatten', 'Gemm'],
    ],
  ])('is folded into %s', async (_name, op, weights, ops) => {
    const isDense = op === 'Dense'
    const layer = {
      op,
      name: 'layer',
      inputs: [isDense ? 'average' : 'input'],
      attributes: isDense ? {} : { padding: 'same' },
      weights,
    } as unknown as NetworkNode
    const four = {
      ...norm,
      inputs: ['layer'],
      weights: { gamma: draw(4), beta: draw(4), mean: draw(4), variance: positive(4) },
    } as NetworkNode
    const nodes = isDense ? [{ ...average, inputs: ['input'] }, layer, four] : [layer, four, average]
    const network = { ...graph, nodes, output: isDense ? 'norm' : 'average' } as NetworkGraph
    const model = lowerNetwork(network)
    expect(model.graph.nodes.map(({ opType }) => opType)).toEqual(ops)
    expectClose(await run(model), referenceLogits(network, input.data as Float32Array), 1e-5)
  })

  test('is not folded if the value before it is the output, or if there is no layer before it', () => {
    const dense: NetworkNode = {
      op: 'Dense',
      name: 'conv',
      inputs: ['average'],
      attributes: {},
      weights: { kernel: draw(filters, channels), bias: draw(filters) },
    }
    const pooled = { ...average, inputs: ['input'] }
    const kept = lowerNetwork({ ...graph, nodes: [pooled, dense, norm], output: 'conv' })
    expect(kept.graph.nodes.map(({ opType }) => opType)).toContain('BatchNormalization')
    const first = lowerNetwork({
      ...graph,
      nodes: [{ ...norm, inputs: ['input'], weights: two } as NetworkNode, { ...average }],
    })
    expect(first.graph.nodes[0]!.opType).toBe('BatchNormalization')
  })

  test('is not folded into a convolution that other nodes read, too', () => {
    const reader: NetworkNode = { op: 'ReLU', name: 'relu', inputs: ['conv'], ...plain }
    const model = lowerNetwork({ ...graph, nodes: [conv, norm, reader, average] })
    expect(model.graph.nodes.map(({ opType }) => opType)).toContain('BatchNormalization')
  })
})

test('the normaliser is the first part of the graph', async () => {
  const mean = [0.5, -1, 2, 0, 3]
  const std = [1, 2, 0.5, 4, 1]
  const normalized = Float32Array.from(input.data as Float32Array, (value, i) => {
    const bin = Math.floor(i / width) % height
    return (value - mean[bin]!) / std[bin]!
  })
  const expected = await run(lowerNetwork(graph), { ...input, data: normalized } as Tensor)
  expectClose(await run(lowerNetwork(graph, { normalizer: { mean, std } })), expected, 1e-5)
  expect(() => lowerNetwork(graph, { normalizer: { mean: [0], std: [1] } })).toThrow(
    throwsCode('INVALID_INPUT'),
  )
  const flat = { mean: Array(height).fill(0), std: [1, 1, 0, 1, 1] }
  expect(() => lowerNetwork(graph, { normalizer: flat })).toThrow(throwsCode('INVALID_INPUT'))
})

test('a layer may have the name logits or normalized', async () => {
  const renamed = {
    ...graph,
    output: 'logits',
    nodes: [conv, { ...norm, name: 'normalized' }, { ...average, name: 'logits', inputs: ['normalized'] }],
  }
  const normalizer = { mean: Array(height).fill(0), std: Array(height).fill(1) }
  expectClose(await run(lowerNetwork(renamed as NetworkGraph, { normalizer })), naiveConvNormAverage(), 1e-5)
  const inside = { ...graph, nodes: [{ ...conv, name: 'logits' }, { ...norm, inputs: ['logits'] }, average] }
  expectClose(await run(lowerNetwork(inside as NetworkGraph)), naiveConvNormAverage(), 1e-5)
})

test('a layer of an unknown kind is UNSUPPORTED_LAYER', () => {
  const spline = { ...average, op: 'Spline' } as unknown as NetworkNode
  expect(() => lowerNetwork({ ...graph, nodes: [conv, norm, spline] })).toThrow(
    throwsCode('UNSUPPORTED_LAYER', "'average'"),
  )
})

test.each([13, 15, 17, 18, 21])('operator set %i gives the same values', async (opset) => {
  expectClose(await run(lowerNetwork(graph, { opset })), naiveConvNormAverage(), 1e-5)
})

async function run(model: ReturnType<typeof lowerNetwork>, feed = input): Promise<Float32Array> {
  const session = await ortRuntime.createSession(writeModel(model))
  const outputs = await session.run({ input: feed })
  await session.release()
  return floatData(outputs, 'logits')
}

/** The logits as direct sums in float64. */
function naiveConvNormAverage(): number[] {
  const x = input.data as Float32Array
  const { kernel, bias } = conv.weights as { kernel: Weight; bias: Weight }
  const { gamma, beta, mean, variance } = norm.weights as Record<string, Weight>
  return Array.from({ length: filters }, (_, o) => {
    let total = 0
    for (let row = 0; row < height; row++) {
      for (let column = 0; column < width; column++) {
        let sum = bias.data[o]!
        for (let c = 0; c < channels; c++) {
          for (let i = 0; i < 3; i++) {
            for (let j = 0; j < 5; j++) {
              const [r, k] = [row + i - 1, column + j - 2]
              if (r < 0 || r >= height || k < 0 || k >= width) continue
              sum += x[(c * height + r) * width + k]! * kernel.data[((o * channels + c) * 3 + i) * 5 + j]!
            }
          }
        }
        total +=
          ((sum - mean!.data[o]!) / Math.sqrt(variance!.data[o]! + 1e-3)) * gamma!.data[o]! + beta!.data[o]!
      }
    }
    return total / (height * width)
  })
}

function expectClose(actual: ArrayLike<number>, expected: ArrayLike<number>, tolerance: number): void {
  expect(actual.length).toBe(expected.length)
  for (let i = 0; i < expected.length; i++)
    expect(Math.abs(actual[i]! - expected[i]!)).toBeLessThan(tolerance)
}

test('a network that ends in an image, or has a negative variance, is INVALID_INPUT', () => {
  expect(() => lowerNetwork({ ...graph, nodes: [conv, norm], output: 'norm' })).toThrow(
    throwsCode('INVALID_INPUT', 'must be [classes]'),
  )
  const variance = { shape: [filters], data: Float32Array.of(1, -1, 1) }
  const broken = { ...norm, weights: { ...norm.weights, variance } } as NetworkNode
  expect(() => lowerNetwork({ ...graph, nodes: [conv, broken, average] })).toThrow(
    throwsCode('INVALID_INPUT', 'at channel 1'),
  )
})
