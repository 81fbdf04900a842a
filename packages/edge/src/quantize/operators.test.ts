/** Each operator that becomes 8-bit: ONNX Runtime's kernels against a simulation in float64, and against the float model. */
import {
  createGraphBuilder,
  floatData,
  floatTensor,
  type GraphBuilder,
  int64Vector,
  type OnnxModel,
  scalar,
  type Tensor,
} from '@esc/onnx'
import { checkModel } from '@esc/onnx/inspect'
import { describe, expect, test } from 'vitest'
import { random } from '../fixtures/foreign-models.js'
import { around, cases, channels, kernels, type Write, wide, x } from '../fixtures/operator-cases.js'
import { logits, maxError, quantized } from '../fixtures/run-models.js'
import { simulate } from '../fixtures/simulate.js'
import { fusedOps } from '../node/fixtures/fused-ops.js'

/** The operators of a model in ONNX Runtime, without the convolutions, and without what rounds the input and ends 8 bits. */
async function ownOps(model: OnnxModel): Promise<string> {
  const own = (await fusedOps(model)).filter((op) => !['QLinearConv', 'Div', 'Neg'].includes(op))
  expect(own[0]).toBe('QuantizeLinear')
  expect(own.at(-1)).toBe('DequantizeLinear')
  return own.slice(1, -1).join(' ')
}

/** The largest difference, and the share of values that differ, in steps of 8 bits. */
async function compared(model: OnnxModel, feed: Tensor) {
  const int8 = await quantized(model, [x])
  checkModel(int8)
  const [float, found] = await Promise.all(
    [model, int8].map(async (each) => floatData(await logits(each, { input: feed }), 'out')),
  )
  const ideal = simulate(int8, { input: feed }).out!
  expect(found!.length).toBe(ideal.length)
  const { inputs } = int8.graph.nodes.findLast(({ opType }) => opType === 'DequantizeLinear')!
  const step = (int8.graph.initializers.get(inputs[1]!)!.data as Float32Array)[0]!
  const errors = ideal.map((value, i) => Math.abs(value - found![i]!) / step)
  return {
    int8,
    worst: Math.max(...errors),
    unequal: errors.filter((error) => error > 0.01).length / errors.length,
    fromFloat: Math.max(...float!.map((value, i) => Math.abs(value - found![i]!) / step)),
  }
}

describe('each operator', () => {
  test.each(cases)('%s', async (_name, write, fused, bound) => {
    const { int8, worst, unequal, fromFloat } = await compared(around(write), x)
    expect(await ownOps(int8)).toBe(fused)
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
    expect(fromFloat).toBeLessThanOrEqual(bound)
  })

  test.each(cases)('%s, of values beyond the range', async (_name, write) => {
    const { worst, unequal } = await compared(around(write), wide)
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
  })

  test.each([13, 21])('AveragePool at the edges, in operator set %i', async (opset) => {
    const attributes = { kernel_shape: { ints: [3, 3] }, pads: { ints: [1, 1, 1, 1] } }
    const model = around((g, a) => g.node('AveragePool', [a], attributes), { opset })
    const { int8, worst, unequal } = await compared(model, x)
    expect(await ownOps(int8)).toBe('QLinearAveragePool')
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
  })

  test.each([14, 18, 21])('HardSwish and ReduceMax in operator set %i', async (opset) => {
    const model = around(
      (g, a) => {
        const swish = g.node('HardSwish', [a])
        if (opset < 18) return g.node('ReduceMax', [swish], { axes: { ints: [2, 3] } })
        return g.node('ReduceMax', [swish, g.constant('axes', int64Vector([2, 3]))])
      },
      { opset },
    )
    const { worst, unequal, fromFloat } = await compared(model, x)
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
    expect(fromFloat).toBeLessThan(5)
  })
})

/** The names of the scales with which a value of the quantised model is rounded. */
function scalesOf(model: OnnxModel, value: string): string[] {
  const { nodes } = model.graph
  const own = nodes.filter(({ outputs }) => outputs[0] === `${value}_quantized`)
  return own.map(({ inputs }) => inputs[1]!)
}

describe('Concat', () => {
  const concat: Write = (g, a, b) => g.node('Concat', [a, b], { axis: { int: 1 } }, 'joined')
  const small = floatTensor(
    (kernels[1]!.data as Float32Array).map((v) => v / 100),
    kernels[1]!.dims,
  )

  test('gives its scale to what only it reads', async () => {
    const { int8, worst } = await compared(around(concat, { kernelB: small }), x)
    expect(scalesOf(int8, 'a')).toEqual(['joined_scale'])
    expect(scalesOf(int8, 'b')).toEqual(['joined_scale'])
    expect(worst).toBeLessThan(1.01)
  })

  test('leaves values that others read their own scales, though ranges differ by a factor of 100', async () => {
    const both: Write = (g, a, b) =>
      g.node('Mul', [concat(g, a, b), g.node('Concat', [b, b], { axis: { int: 1 } })])
    const { int8, worst, unequal, fromFloat } = await compared(around(both, { kernelB: small }), x)
    expect(scalesOf(int8, 'a')).toEqual(['joined_scale'])
    expect(scalesOf(int8, 'b')).toEqual(['b_scale'])
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
    expect(fromFloat).toBeLessThan(8)
  })
})

describe('weights', () => {
  test.each([
    ['depthwise', channels, channels],
    ['depthwise with two filters for each channel', 2 * channels, channels],
    ['of two groups', 6, 2],
  ])('a convolution, %s: the filters have scales of their own', async (_name, filters, group) => {
    // Filters of very different sizes: with one scale, the smallest would be 0.
    const loud = random(filters, channels / group, 3, 3)
    const perFilter = loud.data.length / filters
    const kernel = (loud.data as Float32Array).map((v, i) => v * 10 ** -(Math.floor(i / perFilter) % 4))
    const model = around((g, a) => {
      const inputs = [a, g.constant('w', floatTensor(kernel, loud.dims))]
      return g.node('Conv', inputs, { group: { int: group }, pads: { ints: [1, 1, 1, 1] } }, 'grouped')
    })
    const { int8, worst, unequal, fromFloat } = await compared(model, x)
    const scales = int8.graph.initializers.get('w_scale')!.data as Float32Array
    expect(scales).toHaveLength(filters)
    for (let filter = 0; filter < filters; filter++) {
      const own = kernel.subarray(filter * perFilter, (filter + 1) * perFilter)
      expect(scales[filter]).toBeCloseTo(Math.max(...own.map(Math.abs)) / 64, 7)
    }
    expect(worst).toBeLessThan(1.01)
    expect(unequal).toBeLessThan(0.02)
    expect(fromFloat).toBeLessThan(5)
  })
})

describe('results of the graph', () => {
  test('a sum and a value that a Relu reads are not rounded', async () => {
    const model = around((g, a, b) => {
      g.nodeWithOutputs('Add', [a, g.node('Relu', [b], {}, 'cut')], ['sum'])
      g.output({ name: 'sum', type: 'float32', dims: null })
      g.output({ name: 'cut', type: 'float32', dims: null })
      return g.node('Mul', ['sum', 'cut'])
    })
    const int8 = await quantized(model, [x])
    checkModel(int8)
    const [float, found] = [await logits(model, { input: x }), await logits(int8, { input: x })]
    const ideal = simulate(int8, { input: x })
    for (const name of ['sum', 'cut', 'out']) {
      const values = floatData(found, name)
      expect(maxError(Float32Array.from(ideal[name]!), values)).toBeLessThan(name === 'out' ? 0.1 : 1e-5)
      expect(maxError(floatData(float, name), values)).toBeLessThan(0.2)
    }
  })

  test('float operators read what was rounded, so that the kernel in front of them is an integer kernel', async () => {
    const model = around((g, a, b) => g.node('Div', [g.node('Add', [a, b], {}, 'sum'), scalarOf(g)]))
    const int8 = await quantized(model, [x])
    expect(int8.graph.nodes.find(({ opType }) => opType === 'Div')!.inputs[0]).toBe('sum_rounded')
    expect(await ownOps(int8)).toBe('QLinearAdd')
  })
})

const scalarOf = (g: GraphBuilder) => g.constant('two', scalar(2))

describe('Relu, then Clip', () => {
  test('rounds once or twice, and cuts off', async () => {
    const model = around((g, a) =>
      g.node('Clip', [g.node('Relu', [a]), g.constant('low', scalar(-1)), g.constant('high', scalar(0.6))]),
    )
    const { fromFloat, int8 } = await compared(model, x)
    expect(int8.graph.nodes.some(({ opType }) => /Relu|Clip/.test(opType))).toBe(false)
    expect(fromFloat).toBeLessThan(10)
  })
})

describe('what stays float', () => {
  test('sums and products of values that no 8-bit operator makes', async () => {
    const g = createGraphBuilder({ name: 'front' })
    const input = g.input({ name: 'input', type: 'float32', dims: ['N', channels, 6, 8] })
    const scaled = g.node('Mul', [input, g.constant('s', scalar(0.1))], {}, 'scaled')
    const shifted = g.node('Add', [scaled, g.constant('t', scalar(1))], {}, 'shifted')
    g.nodeWithOutputs('Conv', [shifted, g.constant('w', kernels[0]!)], ['out'])
    g.output({ name: 'out', type: 'float32', dims: null })
    const { nodes } = (await quantized(g.build(), [x])).graph
    expect(nodes.slice(0, 3).map(({ opType }) => opType)).toEqual(['Mul', 'Add', 'QuantizeLinear'])
    expect(nodes[0]!.inputs).toEqual(['input', 's'])
  })

  test('a Clip whose limits are computed', async () => {
    const model = around((g, a) =>
      g.node('Clip', [a, '', g.node('ReduceMean', [a], { keepdims: { int: 0 } })]),
    )
    const clip = (await quantized(model, [x])).graph.nodes.find(({ opType }) => opType === 'Clip')!
    expect(clip.inputs[0]).toBe('a_rounded')
  })
})
