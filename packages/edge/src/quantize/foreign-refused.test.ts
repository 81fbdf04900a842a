/** Models of other exporters: which parts stay float, and which models are refused. */
import { throwsCode } from '@esc/expect'
import {
  createGraphBuilder,
  floatData,
  floatTensor,
  type OnnxModel,
  type OnnxNode,
  type Tensor,
  type ValueInfo,
} from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { ortRuntime } from '@esc/onnx/node'
import { describe, expect, test } from 'vitest'
import { call, changed, plain, random, weights, x } from '../fixtures/foreign-models.js'
import { logits, maxError, quantized } from '../fixtures/run-models.js'
import { calibrate } from './calibrate.js'
import { quantizeStatic } from './static.js'

describe('what stays float', () => {
  test('other element types and MatMul', async () => {
    const g = createGraphBuilder({ name: 'mixed' })
    const input = g.input({ name: 'input', type: 'float32', dims: ['N', 2] })
    const flat = g.node('Flatten', [g.node('Shape', [input])], { axis: { int: 0 } })
    const first = g.node('MatMul', [input, g.constant('w', random(2, 2))])
    g.node('Gemm', [first, g.constant('dense', weights.dense)], { transB: { int: 1 } }, 'logits')
    g.output({ name: 'logits', type: 'float32', dims: ['N', 3] })
    g.output({ name: flat, type: 'int64', dims: [1, 2] })
    const feeds = { input: random(4, 2) }
    const int8 = await quantized(g.build(), [feeds])
    checkModel(int8)
    const ops = int8.graph.nodes.map(({ opType }) => opType)
    expect(ops.slice(0, 3)).toEqual(['Shape', 'Flatten', 'MatMul'])
    expect(ops.slice(3)).toEqual(['QuantizeLinear', 'DequantizeLinear', 'DequantizeLinear', 'Gemm'])
    expect((await logits(int8, feeds)).Flatten!.data).toEqual(BigInt64Array.of(4n, 2n))
  })

  test('operators of other domains', () => {
    const model = changed(plain, ({ nodes }) => ({
      nodes: nodes.map((node) => (node.name === 'conv2' ? { ...node, domain: 'com.acme' } : node)),
    }))
    const names = ['input', 'conv1', 'relu1', 'MaxPool', 'conv2', 'relu2', 'GlobalAveragePool', 'Flatten']
    const ranges = new Map(names.map((name) => [name, { min: -1, max: 1 }]))
    const int8 = quantizeStatic({ ...model, domains: { 'com.acme': 1 } }, ranges)
    checkModel(int8)
    const custom = int8.graph.nodes.find(({ domain }) => domain === 'com.acme')!
    expect(custom.inputs).toEqual(['MaxPool_rounded', 'w', 'b'])
  })

  test('a constant that an operator reads as its data is rounded, too', async () => {
    const g = createGraphBuilder({ name: 'constant' })
    const scale = g.node('Gemm', [g.constant('c', random(1, 2)), g.constant('w', weights.dense)], {
      transB: { int: 1 },
    })
    g.node('Mul', [scale, g.input({ name: 'input', type: 'float32', dims: ['N', 3] })], {}, 'y')
    g.node('Relu', ['y'], {}, 'logits')
    g.output({ name: 'logits', type: 'float32', dims: ['N', 3] })
    const feeds = { input: random(4, 3) }
    const [float, int8] = [
      await logits(g.build(), feeds),
      await logits(await quantized(g.build(), [feeds]), feeds),
    ]
    expect(maxError(floatData(float, 'logits'), floatData(int8, 'logits'))).toBeLessThan(0.05)
  })
})

test('a bias of one value stands for one of each unit', async () => {
  const three = gemm({ transB: { int: 1 } })
  const one = changed(three, (g) => ({
    initializers: new Map([...g.initializers, ['b', floatTensor([0.5])]]),
  }))
  const input = random(4, 2)
  const found = await Promise.all(
    [three, one].map(async (model) => logits(await quantized(model, [input]), { input })),
  )
  expect(found[1]).toEqual(found[0])
})

/** The plain model with another tensor as one of its weights, or without that weight. */
function withWeight(name: string, tensor: Tensor | null): OnnxModel {
  return changed(plain, (g) => ({
    initializers: new Map(
      [...g.initializers].flatMap((e) => (e[0] !== name ? [e] : tensor ? [[name, tensor]] : [])),
    ),
  }))
}

const halves = { type: 'float16' as const, dims: [3, 2], data: new Uint16Array(6) }
const half = (): OnnxModel => {
  const g = createGraphBuilder({ name: 'half' })
  const input = g.input({ name: 'input', type: 'float16', dims: ['N', 2] })
  g.node('Gemm', [input, g.constant('w', halves)], { transB: { int: 1 } }, 'logits')
  g.output({ name: 'logits', type: 'float16', dims: ['N', 3] })
  return g.build()
}

/** A Gemm with three units. */
function gemm(attributes: OnnxNode['attributes'], dims: ValueInfo['dims'] = ['N', 2], bias = [3]): OnnxModel {
  const g = createGraphBuilder({ name: 'gemm' })
  const input = g.input({ name: 'input', type: 'float32', dims })
  const constants = [
    g.constant('w', weights.dense),
    g.constant('b', floatTensor(new Float32Array(3).fill(0.5), bias)),
  ]
  g.node('Gemm', [input, ...constants], attributes, 'logits')
  g.output({ name: 'logits', type: 'float32', dims: null })
  return g.build()
}

describe('refused', () => {
  const noData = changed(plain, (g) => ({
    inputs: [],
    initializers: new Map([...g.initializers, ['input', x]]),
  }))
  const computed = changed(plain, (g) => ({
    initializers: new Map([...g.initializers, ['dense.t', random(2, 3)]]),
    nodes: g.nodes.flatMap((node) =>
      node.opType === 'Gemm'
        ? [
            call('Transpose', ['dense.t'], 'computed'),
            { ...node, inputs: [node.inputs[0]!, 'computed', 'dense.b'] },
          ]
        : [node],
    ),
  }))
  const onlyMatMul = (): OnnxModel => {
    const g = createGraphBuilder({ name: 'matmul' })
    const input = g.input({ name: 'input', type: 'float32', dims: ['N', 2] })
    g.node('MatMul', [input, g.constant('w', random(2, 2))], {}, 'y')
    g.output({ name: 'y', type: 'float32', dims: ['N', 2] })
    return g.build()
  }

  test.each<[string, OnnxModel, string, string]>([
    ['no data input', noData, 'INCOMPATIBLE_MODEL', 'the model takes no data'],
    [
      'a model of float16',
      half(),
      'UNSUPPORTED_LAYER',
      "node 'logits' (Gemm): takes float16, but only float32 can be quantised; export the model in float32",
    ],
    [
      'a model that contradicts itself',
      withWeight('w', null),
      'CORRUPT_DATA',
      "node 0 'conv1' (Conv): reads 'w', which nothing before it makes",
    ],
    [
      'nothing to quantise',
      onlyMatMul(),
      'UNSUPPORTED_LAYER',
      'the model has no operator that can be quantised; those are Conv, Gemm,',
    ],
  ])('by calibrate: %s', async (_name, model, code, message) => {
    const calibrated = calibrate(model, [x], { runtime: ortRuntime })
    await expect(calibrated).rejects.toThrow(throwsCode(code, message))
  })

  test.each<[string, OnnxModel, string]>([
    [
      'a computed weight',
      computed,
      "'computed' is an input or computed, but must be a constant; fold constants first",
    ],
    [
      'weights that are not finite',
      withWeight('b', floatTensor([0, Number.NaN])),
      "'b' holds values that are not finite",
    ],
    [
      'a Gemm that transposes its data',
      gemm({ transA: { int: 1 }, transB: { int: 1 } }, [2, 'N']),
      'has transA=1; it must be x · Wᵀ + b or x · W + b',
    ],
    [
      'a bias for each row',
      gemm({ transB: { int: 1 } }, [3, 2], [3, 1]),
      "bias 'b' has 3 values for 3 channels; it must have one value for each channel",
    ],
    [
      'a factor that makes weights infinite',
      gemm({ transB: { int: 1 }, alpha: { float: 1e39 } }),
      'alpha=1e+39 makes weights that are not finite',
    ],
  ])('by quantizeStatic: %s', async (_name, model, message) => {
    const ranges = await calibrate(plain, [x], { runtime: ortRuntime })
    expect(() => quantizeStatic(model, ranges)).toThrow(throwsCode('UNSUPPORTED_LAYER', message))
  })

  test('a model that is quantised already, by both', async () => {
    const int8 = await quantized(plain)
    const refusal = throwsCode(
      'INCOMPATIBLE_MODEL',
      "the model is quantised already: it has node 'input_quantized' (QuantizeLinear); give the float32 model that it was made from",
    )
    expect(() => quantizeStatic(int8, new Map())).toThrow(refusal)
    await expect(calibrate(int8, [x], { runtime: ortRuntime })).rejects.toThrow(refusal)
  })
})
