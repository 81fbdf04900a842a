import { describe, expect, test } from 'vitest'
import {
  inferShapes,
  type NetworkGraph,
  type NetworkNode,
  namedWeights,
  parameterCount,
  withWeights,
} from './graph.js'

const weight = (...shape: number[]) => ({
  shape,
  data: new Float32Array(shape.reduce((a, b) => a * b, 1)).fill(0.5),
})
const plain = { attributes: {}, weights: {} }
const conv: NetworkNode = {
  op: 'Conv2D',
  name: 'conv',
  inputs: ['input'],
  attributes: { padding: 'same' },
  weights: { kernel: weight(4, 1, 3, 3), bias: weight(4) },
}
const norm: NetworkNode = {
  op: 'BatchNorm',
  name: 'norm',
  inputs: ['conv'],
  attributes: { epsilon: 1e-5, momentum: 0.1 },
  weights: { gamma: weight(4), beta: weight(4), mean: weight(4), variance: weight(4) },
}
const graph: NetworkGraph = {
  name: 'small',
  input: { name: 'input', shape: [1, 7, 9] },
  nodes: [
    conv,
    norm,
    { op: 'MaxPool', name: 'pool', inputs: ['norm'], attributes: { size: [2, 2] }, weights: {} },
    { op: 'Flatten', name: 'flat', inputs: ['pool'], ...plain },
    {
      op: 'Dense',
      name: 'dense',
      inputs: ['flat'],
      attributes: {},
      weights: { kernel: weight(2, 48), bias: weight(2) },
    },
  ],
  output: 'dense',
}

test('shapes of every value', () => {
  expect(Object.fromEntries(inferShapes(graph))).toEqual({
    input: [1, 7, 9],
    conv: [4, 7, 9],
    norm: [4, 7, 9],
    pool: [4, 3, 4],
    flat: [48],
    dense: [2],
  })
})

test('valid padding shrinks by the kernel', () => {
  const nodes = [{ ...conv, attributes: { padding: 'valid' as const } }]
  expect(inferShapes({ ...graph, nodes, output: 'conv' }).get('conv')).toEqual([4, 5, 7])
})

test('weights are named by node, and running averages are not trainable', () => {
  expect(namedWeights(graph).map(({ name, trainable }) => [name, trainable])).toEqual([
    ['conv.kernel', true],
    ['conv.bias', true],
    ['norm.gamma', true],
    ['norm.beta', true],
    ['norm.mean', false],
    ['norm.variance', false],
    ['dense.kernel', true],
    ['dense.bias', true],
  ])
  expect(parameterCount(graph)).toBe(36 + 4 + 8 + 96 + 2)
})

test('withWeights replaces what is named and leaves the graph alone', () => {
  const changed = withWeights(graph, { 'dense.bias': Float32Array.of(1, 2) })
  const bias = (of: NetworkGraph) => [...namedWeights(of).at(-1)!.weight.data]
  expect(bias(changed)).toEqual([1, 2])
  expect(bias(graph)).toEqual([0.5, 0.5])
})

describe('what does not fit names the node', () => {
  const replaced = (node: Partial<NetworkNode> & { name: string }) =>
    ({
      ...graph,
      nodes: graph.nodes.map((old) => (old.name === node.name ? { ...old, ...node } : old)),
    }) as NetworkGraph

  test.each<[string, NetworkGraph, RegExp]>([
    ['an unknown input', replaced({ name: 'pool', inputs: ['nobody'] }), /'pool' reads 'nobody'/],
    ['a later input', replaced({ name: 'conv', inputs: ['dense'] }), /'conv' reads 'dense'/],
    ['two inputs', replaced({ name: 'flat', inputs: ['pool', 'conv'] }), /'flat' has 2 inputs/],
    [
      'a wrong kernel',
      replaced({ name: 'dense', weights: { kernel: weight(2, 47), bias: weight(2) } }),
      /'dense' .* 47 inputs/,
    ],
    [
      'a wrong bias',
      replaced({ name: 'conv', weights: { kernel: weight(4, 1, 3, 3), bias: weight(3) } }),
      /'conv' has a bias of shape \[3\]/,
    ],
    [
      'an even kernel',
      replaced({ name: 'conv', weights: { kernel: weight(4, 1, 2, 2), bias: weight(4) } }),
      /'conv' .*odd/,
    ],
    [
      'a pool of nothing',
      replaced({ name: 'pool', attributes: { size: [0, 2] } }),
      /'pool' has size \[0,2\]/,
    ],
    [
      'an empty value',
      replaced({ name: 'pool', attributes: { size: [8, 1] } }),
      /'pool' would make an empty value/,
    ],
    ['a repeated name', { ...graph, nodes: [...graph.nodes, conv] }, /'conv' has the name/],
    ['no such output', { ...graph, output: 'softmax' }, /'softmax'/],
  ])('%s', (_name, bad, message) => {
    expect(() => inferShapes(bad)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', message: expect.stringMatching(message) }),
    )
  })

  test('an unknown op: UNSUPPORTED_LAYER', () => {
    expect(() => inferShapes(replaced({ name: 'flat', op: 'Spline' as never }))).toThrow(
      expect.objectContaining({ code: 'UNSUPPORTED_LAYER' }),
    )
  })

  test('unknown weights and wrong lengths', () => {
    expect(() => withWeights(graph, { 'dense.gain': Float32Array.of(1) })).toThrow(/dense\.gain/)
    expect(() => withWeights(graph, { 'dense.bias': Float32Array.of(1) })).toThrow(/2 values, got 1/)
  })
})
