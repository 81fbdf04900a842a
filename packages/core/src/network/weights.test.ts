import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import type { NetworkGraph } from './graph.js'
import { namedWeights, parameterCount, withWeights } from './weights.js'

const weight = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
})
const graph: NetworkGraph = {
  name: 'small',
  input: { name: 'input', shape: [1, 7, 9] },
  nodes: [
    {
      op: 'SeparableConv2D',
      name: 'conv',
      inputs: ['input'],
      attributes: { padding: 'same' },
      weights: { depthwise: weight(2, 1, 3, 3), pointwise: weight(4, 2, 1, 1), bias: weight(4) },
    },
    {
      op: 'BatchNorm',
      name: 'norm',
      inputs: ['conv'],
      attributes: { epsilon: 1e-5, momentum: 0.1 },
      weights: { gamma: weight(4), beta: weight(4), mean: weight(4), variance: weight(4) },
    },
    { op: 'AttentionPool', name: 'pool', inputs: ['norm'], attributes: {}, weights: { kernel: weight(4) } },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['pool'],
      attributes: {},
      weights: { kernel: weight(2, 4), bias: weight(2) },
    },
  ],
  output: 'dense',
}

test('weights are named by node, and running averages are not trainable', () => {
  expect(namedWeights(graph).map(({ name, trainable }) => [name, trainable])).toEqual([
    ['conv.depthwise', true],
    ['conv.pointwise', true],
    ['conv.bias', true],
    ['norm.gamma', true],
    ['norm.beta', true],
    ['norm.mean', false],
    ['norm.variance', false],
    ['pool.kernel', true],
    ['dense.kernel', true],
    ['dense.bias', true],
  ])
  expect(parameterCount(graph)).toBe(18 + 8 + 4 + 8 + 4 + 8 + 2)
})

test('withWeights replaces the named weights and does not change the graph that it got', () => {
  const changed = withWeights(graph, { 'dense.bias': Float32Array.of(1, 2) })
  const bias = (of: NetworkGraph) => [...namedWeights(of).at(-1)!.weight.data]
  expect(bias(changed)).toEqual([1, 2])
  expect(bias(graph)).toEqual([0.5, 0.5])
})

test.each([
  ['an unknown weight', { 'dense.gain': Float32Array.of(1) }, /no weight 'dense\.gain'/],
  ['a wrong length', { 'dense.bias': Float32Array.of(1) }, /'dense\.bias' has 2 values, got 1/],
])('withWeights refuses %s', (_name, data, message) => {
  expect(() => withWeights(graph, data as Record<string, Float32Array>)).toThrow(
    throwsCode('INVALID_INPUT', message),
  )
})
