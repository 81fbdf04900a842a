import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import type { NetworkGraph, NetworkNode } from './graph.js'
import { classCount, inferShapes } from './infer-shapes.js'

const weight = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b, 1)) })
const plain = (op: NetworkNode['op'], ...inputs: string[]) =>
  ({ op, name: 'node', inputs, attributes: {}, weights: {} }) as unknown as NetworkNode
const conv = (kernel: number[], attributes: object = {}, bias = kernel[0]!) =>
  ({
    ...plain('Conv2D', 'image'),
    attributes: { padding: 'same', ...attributes },
    weights: { kernel: weight(...kernel), bias: weight(bias) },
  }) as NetworkNode
const depthwise = (kernel: number[], attributes: object = {}) =>
  ({ ...conv(kernel, attributes), op: 'DepthwiseConv2D' }) as NetworkNode
const separable = (kernel: number[], pointwise: number[], bias = pointwise[0]!) =>
  ({
    ...plain('SeparableConv2D', 'image'),
    attributes: { padding: 'same', strides: [2, 2] },
    weights: { depthwise: weight(...kernel), pointwise: weight(...pointwise), bias: weight(bias) },
  }) as NetworkNode
const pool = (attributes: object) => ({ ...plain('MaxPool', 'image'), attributes }) as NetworkNode
const norm = (from: string, channels: number) =>
  ({
    ...plain('BatchNorm', from),
    attributes: { epsilon: 1e-5, momentum: 0.1 },
    weights: Object.fromEntries(['gamma', 'beta', 'mean', 'variance'].map((key) => [key, weight(channels)])),
  }) as unknown as NetworkNode
const layerNorm = (from: string, gamma: number[], beta = gamma) =>
  ({
    ...plain('LayerNorm', from),
    attributes: { epsilon: 1e-5 },
    weights: { gamma: weight(...gamma), beta: weight(...beta) },
  }) as unknown as NetworkNode
const attention = (channels: number) =>
  ({ ...plain('AttentionPool', 'image'), weights: { kernel: weight(channels) } }) as unknown as NetworkNode
const dense = (from: string, units: number, inputs: number, bias = units) =>
  ({ ...plain('Dense', from), weights: { kernel: weight(units, inputs), bias: weight(bias) } }) as NetworkNode
const reshape = (...shape: number[]) =>
  ({ ...plain('Reshape', 'image'), attributes: { shape } }) as unknown as NetworkNode

/** A graph around one node. The node may read `image` [4, 7, 10], `other` [2, 7, 10] and `vector` [4]. */
function graphOf(node: NetworkNode): NetworkGraph {
  return {
    name: 'one node',
    input: { name: 'image', shape: [4, 7, 10] },
    nodes: [
      { ...conv([2, 4, 1, 1]), name: 'other' } as NetworkNode,
      { ...plain('GlobalMaxPool', 'image'), name: 'vector' },
      node,
    ],
    output: node.name,
  }
}

test.each<[string, NetworkNode, number[]]>([
  ['Conv2D same', conv([3, 4, 3, 3]), [3, 7, 10]],
  ['Conv2D same, an even kernel', conv([3, 4, 2, 4]), [3, 7, 10]],
  ['Conv2D valid', conv([3, 4, 3, 5], { padding: 'valid' }), [3, 5, 6]],
  ['Conv2D same, strides', conv([3, 4, 3, 3], { strides: [2, 3] }), [3, 4, 4]],
  ['Conv2D valid, strides', conv([3, 4, 3, 3], { padding: 'valid', strides: [2, 3] }), [3, 3, 3]],
  ['Conv2D valid, dilations', conv([3, 4, 3, 2], { padding: 'valid', dilations: [2, 5] }), [3, 3, 5]],
  ['Conv2D in groups', conv([6, 2, 3, 3], { groups: 2 }), [6, 7, 10]],
  ['DepthwiseConv2D', depthwise([4, 1, 3, 3], { strides: [2, 2] }), [4, 4, 5]],
  ['DepthwiseConv2D, multiplier 2', depthwise([8, 1, 3, 3], { padding: 'valid' }), [8, 5, 8]],
  ['SeparableConv2D', separable([8, 1, 3, 3], [5, 8, 1, 1]), [5, 4, 5]],
  ['BatchNorm of an image', norm('image', 4), [4, 7, 10]],
  ['BatchNorm of a vector', norm('vector', 4), [4]],
  ['LayerNorm over W', layerNorm('image', [10]), [4, 7, 10]],
  ['LayerNorm over all', layerNorm('image', [4, 7, 10]), [4, 7, 10]],
  ['LayerNorm of a vector', layerNorm('vector', [4]), [4]],
  ['MaxPool', pool({ size: [2, 3] }), [4, 3, 3]],
  ['MaxPool, overlapping', pool({ size: [3, 3], strides: [2, 2] }), [4, 3, 4]],
  ['MaxPool same', pool({ size: [3, 3], strides: [2, 2], padding: 'same' }), [4, 4, 5]],
  ['GlobalMaxPool', plain('GlobalMaxPool', 'image'), [4]],
  ['AttentionPool', attention(4), [4]],
  ['StatsPool', plain('StatsPool', 'image'), [56]],
  ['Flatten', plain('Flatten', 'image'), [280]],
  ['Reshape', reshape(20, 14), [20, 14]],
  ['Dense', dense('vector', 3, 4), [3]],
  ['Add', plain('Add', 'image', 'image'), [4, 7, 10]],
  ['Multiply by channel', plain('Multiply', 'image', 'vector'), [4, 7, 10]],
  ['Concatenate', plain('Concatenate', 'image', 'other', 'image'), [10, 7, 10]],
  ['Concatenate vectors', plain('Concatenate', 'vector', 'vector'), [8]],
  ['Swish', plain('Swish', 'image'), [4, 7, 10]],
])('the shape of %s', (_name, node, shape) => {
  expect(inferShapes(graphOf(node)).get('node')).toEqual(shape)
})

describe('inferShapes refuses, and names the node', () => {
  test.each<[string, NetworkNode, RegExp]>([
    ['an input that no node has', plain('ReLU', 'nobody'), /'node' reads 'nobody'/],
    ['a node that reads itself', plain('ReLU', 'node'), /'node' reads 'node'/],
    ['a repeated name', { ...plain('ReLU', 'image'), name: 'other' }, /'other' has the name/],
    ['two inputs for a layer of one', plain('Flatten', 'image', 'image'), /must read one value and reads 2/],
    ['one input for a layer of two', plain('Add', 'image'), /must read two values and reads 1/],
    ['nothing to concatenate', plain('Concatenate', 'image'), /must read two values or more and reads 1/],
    ['a kernel for another number of channels', conv([3, 3, 3, 3]), /a kernel for 3 channels and reads 4/],
    ['a kernel of rank 3', conv([3, 4, 3]), /a kernel of rank 4 and has shape \[3,4,3\]/],
    ['a wrong bias', conv([3, 4, 3, 3], {}, 2), /a bias of shape \[2\].*must be \[3\]/],
    [
      'a vector for a convolution',
      { ...conv([3, 4, 3, 3]), inputs: ['vector'] },
      /needs \[channels, bins, frames\]/,
    ],
    ['a stride of 0', conv([3, 4, 3, 3], { strides: [0, 1] }), /has strides \[0,1\]/],
    ['a dilation of 1.5', conv([3, 4, 3, 3], { dilations: [1, 1.5] }), /has dilations \[1,1\.5\]/],
    ['three strides', conv([3, 4, 3, 3], { strides: [1, 1, 1] }), /has strides \[1,1,1\]/],
    ['groups that do not divide', conv([3, 2, 3, 3], { groups: 2 }), /has 3 filters in 2 groups/],
    ['0 groups', conv([3, 4, 3, 3], { groups: 0 }), /in 0 groups/],
    [
      'a kernel for all channels in groups',
      conv([4, 4, 3, 3], { groups: 2 }),
      /a kernel for 8 channels and reads 4/,
    ],
    ['a multiplier of 1.5', depthwise([6, 1, 3, 3]), /has 6 filters in 4 groups/],
    ['a full kernel, depthwise', depthwise([4, 4, 3, 3]), /a kernel for 16 channels and reads 4/],
    [
      'a wrong pointwise',
      separable([8, 1, 3, 3], [5, 4, 1, 1]),
      /a pointwise of shape \[5,4,1,1\].*\[5,8,1,1\]/,
    ],
    ['a pointwise of 3 × 3', separable([8, 1, 3, 3], [5, 8, 3, 3]), /a pointwise of shape \[5,8,3,3\]/],
    ['a wrong bias, separable', separable([8, 1, 3, 3], [5, 8, 1, 1], 8), /a bias of shape \[8\]/],
    [
      'a kernel beyond the image',
      conv([3, 4, 8, 3], { padding: 'valid' }),
      /would make an empty value \[3,0,8\]/,
    ],
    ['weights for another number of channels', norm('image', 3), /a gamma of shape \[3\].*must be \[4\]/],
    ['a gamma of other axes', layerNorm('image', [7]), /a gamma of shape \[7\].*must be \[10\]/],
    ['a gamma of too many axes', layerNorm('vector', [1, 4]), /a gamma of rank 2 and reads \[4\]/],
    ['a gamma without axes', layerNorm('image', []), /a gamma of rank 0/],
    ['a beta of another shape', layerNorm('image', [10], [7]), /a beta of shape \[7\]/],
    ['a pool of size 0', pool({ size: [0, 2] }), /has size \[0,2\]/],
    ['a pool with a stride of 0', pool({ size: [2, 2], strides: [2, 0] }), /has strides \[2,0\]/],
    ['a pool beyond the image', pool({ size: [8, 1] }), /would make an empty value \[4,0,10\].*larger input/],
    ['attention over another number of channels', attention(3), /a kernel of shape \[3\].*must be \[4\]/],
    ['a reshape to another number of values', reshape(20, 15), /has shape \[20,15\]/],
    ['a reshape to negative sizes', reshape(-1, -280), /would make an empty value \[-1,-280\]/],
    ['an image for a dense layer', dense('image', 3, 4), /a kernel for 4 inputs and reads \[4,7,10\]/],
    [
      'a dense kernel for another number of inputs',
      dense('vector', 3, 5),
      /a kernel for 5 inputs and reads \[4\]/,
    ],
    ['a dense bias for another number of units', dense('vector', 3, 4, 2), /a bias of shape \[2\]/],
    ['a sum of different shapes', plain('Add', 'image', 'other'), /reads \[4,7,10\] and \[2,7,10\]/],
    ['a product with the vector first', plain('Multiply', 'vector', 'image'), /reads \[4\] and \[4,7,10\]/],
    [
      'padding as TensorFlow writes it',
      conv([3, 4, 3, 3], { padding: 'SAME' as 'same' }),
      /has padding "SAME"/,
    ],
    ['a pool padded with a number', pool({ size: [2, 2], padding: 1 as never }), /has padding 1;/],
    ['a pool without a size', pool({} as never), /has size \[undefined\]/],
    ['a kernel of size 0', conv([3, 4, 0, 3]), /a kernel of rank 4 and has shape \[3,4,0,3\]/],
    [
      'a convolution without a bias',
      { ...conv([3, 4, 3, 3]), weights: { kernel: weight(3, 4, 3, 3) } } as never,
      /a bias of none/,
    ],
    ['a name with a space', { ...plain('Flatten', 'image'), name: 'a b' }, /letters, digits/],
    ...[1, 30, -0.5, Number.NaN].map((rate): [string, NetworkNode, RegExp] => [
      `a dropout rate of ${rate}`,
      { ...plain('Dropout', 'image'), attributes: { rate } } as NetworkNode,
      /has rate=.*must be in \[0, 1\)/,
    ]),
    ...[-1, Number.NaN, undefined].map((epsilon): [string, NetworkNode, RegExp] => [
      `an epsilon of ${epsilon}`,
      { ...norm('image', 4), attributes: { epsilon, momentum: 0.1 } } as NetworkNode,
      /has epsilon=.*must be >= 0/,
    ]),
    [
      'a momentum of 5',
      { ...norm('image', 4), attributes: { epsilon: 1e-5, momentum: 5 } } as NetworkNode,
      /has momentum=5/,
    ],
    ['a LeakyReLU without alpha', plain('LeakyReLU', 'image'), /has alpha=undefined/],
    [
      'a concatenation of an image and a vector',
      plain('Concatenate', 'image', 'vector'),
      /reads \[4,7,10\], \[4\]; shapes must be equal/,
    ],
  ])('%s', (_name, node, message) => {
    expect(() => inferShapes(graphOf(node))).toThrow(throwsCode('INVALID_INPUT', message))
  })

  test('a weight with fewer values than its shape', () => {
    const node = conv([3, 4, 3, 3])
    const short = { ...node, weights: { ...node.weights, bias: { shape: [3], data: new Float32Array(2) } } }
    expect(() => inferShapes(graphOf(short as NetworkNode))).toThrow(
      throwsCode('INVALID_INPUT', /a bias of shape \[3\] with 2 values/),
    )
  })

  test('an output that is not a node', () => {
    expect(() => inferShapes({ ...graphOf(plain('ReLU', 'image')), output: 'softmax' })).toThrow(
      throwsCode('INVALID_INPUT', "'softmax'"),
    )
  })

  test.each(['Spline', 'constructor', 'toString', '__proto__'])('an unknown op: %s', (op) => {
    expect(() => inferShapes(graphOf(plain(op as never, 'image')))).toThrow(
      throwsCode('UNSUPPORTED_LAYER', `node 'node' (${op}) is of an unknown kind`),
    )
  })
})

test('the input has a name and three sizes', () => {
  for (const shape of [
    [1, 6],
    [1, 6, 6, 1],
    [1.5, 6, 6],
  ]) {
    const graph = { ...graphOf(plain('Flatten', 'image')), input: { name: 'input', shape: shape as never } }
    expect(() => inferShapes(graph)).toThrow(throwsCode('INVALID_INPUT'))
  }
})

test('classCount is the length of the output, which must be a vector and the value of a node', () => {
  const graph = graphOf(plain('GlobalAveragePool', 'image'))
  expect(classCount({ ...graph, output: 'node' })).toBe(4)
  for (const output of ['image', graph.input.name]) {
    expect(() => classCount({ ...graph, output })).toThrow(throwsCode('INVALID_INPUT'))
  }
})
