/** Output shapes of all kinds of layers. The same functions check the node's weights and attributes. */
import type { Conv2DNode, DepthwiseConv2DNode, MergeNode, PoolNode, SeparableConv2DNode } from './graph.js'
import { windowCount } from './kernel-window.js'
import type { LayerTable } from './layer-table.js'
import {
  badNode,
  expectNumber,
  expectPadding,
  expectShape,
  expectSizes,
  imageShape,
  onlyInput,
  product,
  weightShape,
} from './node-checks.js'

/** A shape without the batch axis: [C, H, W], or [C]. */
export type Shape = readonly number[]

/** Computes the output shape of each kind of layer from its input shapes. */
export const layerShapes: LayerTable<readonly Shape[], Shape> = {
  Conv2D: convolvedShape,
  DepthwiseConv2D: convolvedShape,
  SeparableConv2D: convolvedShape,
  BatchNorm(node, inputs) {
    const input = onlyInput(node, inputs)
    if (input.length !== 1) imageShape(node, input)
    for (const key of ['gamma', 'beta', 'mean', 'variance'] as const) {
      expectShape(node, key, node.weights[key], [input[0]!])
    }
    const { epsilon, momentum } = node.attributes
    expectNumber(node, { epsilon }, epsilon >= 0, '>= 0')
    expectNumber(node, { momentum }, momentum >= 0 && momentum <= 1, 'in [0, 1]')
    return input
  },
  LayerNorm(node, inputs) {
    const input = onlyInput(node, inputs)
    const { gamma, beta } = node.weights
    const rank = gamma?.shape.length ?? 0
    if (rank < 1 || rank > input.length) {
      throw badNode(node, `has a gamma of rank ${rank} and reads [${input}]`)
    }
    expectShape(node, 'gamma', gamma, input.slice(-rank))
    expectShape(node, 'beta', beta, input.slice(-rank))
    const { epsilon } = node.attributes
    expectNumber(node, { epsilon }, epsilon >= 0, '>= 0')
    return input
  },
  ReLU: onlyInput,
  ReLU6: onlyInput,
  LeakyReLU(node, inputs) {
    const { alpha } = node.attributes
    expectNumber(node, { alpha }, true, 'a number')
    return onlyInput(node, inputs)
  },
  Sigmoid: onlyInput,
  Tanh: onlyInput,
  HardSigmoid: onlyInput,
  HardSwish: onlyInput,
  Swish: onlyInput,
  MaxPool: pooledShape,
  AveragePool: pooledShape,
  GlobalAveragePool: (node, inputs) => [imageShape(node, onlyInput(node, inputs))[0]],
  GlobalMaxPool: (node, inputs) => [imageShape(node, onlyInput(node, inputs))[0]],
  AttentionPool(node, inputs) {
    const [channels] = imageShape(node, onlyInput(node, inputs))
    expectShape(node, 'kernel', node.weights.kernel, [channels])
    return [channels]
  },
  StatsPool(node, inputs) {
    const [channels, height] = imageShape(node, onlyInput(node, inputs))
    return [2 * channels * height]
  },
  Flatten: (node, inputs) => [product(onlyInput(node, inputs))],
  Reshape(node, inputs) {
    const input = onlyInput(node, inputs)
    const { shape } = node.attributes
    const isShape = Array.isArray(shape) && shape.every((size) => Number.isSafeInteger(size))
    if (!isShape || product(shape) !== product(input)) {
      throw badNode(node, `has shape [${shape}], which does not hold the values of [${input}]`)
    }
    return shape
  },
  Dropout(node, inputs) {
    const { rate } = node.attributes
    expectNumber(node, { rate }, rate >= 0 && rate < 1, 'in [0, 1)')
    return onlyInput(node, inputs)
  },
  Dense(node, inputs) {
    const input = onlyInput(node, inputs)
    const { kernel, bias } = node.weights
    const [units, width] = weightShape(node, 'kernel', kernel, 2) as [number, number]
    if (input.length !== 1 || input[0] !== width) {
      throw badNode(node, `has a kernel for ${width} inputs and reads [${input}]`)
    }
    expectShape(node, 'bias', bias, [units])
    return [units]
  },
  Add: mergedShape,
  Multiply: mergedShape,
  Concatenate(node, inputs) {
    if (inputs.length < 2) throw badNode(node, `must read two values or more and reads ${inputs.length}`)
    const [, ...rest] = inputs[0]!
    if (!inputs.every((shape) => String(shape.slice(1)) === String(rest))) {
      const found = inputs.map((shape) => `[${shape}]`).join(', ')
      throw badNode(node, `reads ${found}; shapes must be equal but for the first axis`)
    }
    return [inputs.reduce((sum, shape) => sum + shape[0]!, 0), ...rest]
  },
}

function convolvedShape(
  node: Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode,
  inputs: readonly Shape[],
): Shape {
  const [channels, height, width] = imageShape(node, onlyInput(node, inputs))
  const { padding, strides = [1, 1], dilations = [1, 1] } = node.attributes
  expectSizes(node, { strides, dilations })
  expectPadding(node, padding)
  const [key, kernel] =
    node.op === 'SeparableConv2D'
      ? (['depthwise', node.weights.depthwise] as const)
      : (['kernel', node.weights.kernel] as const)
  const [filters, perGroup, kh, kw] = weightShape(node, key, kernel, 4) as [number, number, number, number]
  const groups = node.op === 'Conv2D' ? (node.attributes.groups ?? 1) : channels
  if (!Number.isSafeInteger(groups) || groups < 1 || filters % groups !== 0) {
    throw badNode(node, `has ${filters} filters in ${groups} groups, which must divide them`)
  }
  if (perGroup * groups !== channels) {
    throw badNode(node, `has a kernel for ${perGroup * groups} channels and reads ${channels}`)
  }
  let outputs = filters
  if (node.op === 'SeparableConv2D') {
    const { pointwise } = node.weights
    outputs = weightShape(node, 'pointwise', pointwise, 4)[0]!
    expectShape(node, 'pointwise', pointwise, [outputs, filters, 1, 1])
  }
  expectShape(node, 'bias', node.weights.bias, [outputs])
  return [
    outputs,
    windowCount(height, (kh - 1) * dilations[0] + 1, strides[0], padding),
    windowCount(width, (kw - 1) * dilations[1] + 1, strides[1], padding),
  ]
}

function pooledShape(node: PoolNode, inputs: readonly Shape[]): Shape {
  const [channels, height, width] = imageShape(node, onlyInput(node, inputs))
  const { size, strides = size, padding = 'valid' } = node.attributes
  expectSizes(node, { size, strides })
  expectPadding(node, padding)
  return [
    channels,
    windowCount(height, size[0], strides[0], padding),
    windowCount(width, size[1], strides[1], padding),
  ]
}

function mergedShape(node: MergeNode, inputs: readonly Shape[]): Shape {
  if (inputs.length !== 2) throw badNode(node, `must read two values and reads ${inputs.length}`)
  const [first, second] = inputs as [Shape, Shape]
  const isPerChannel = first.length === 3 && second.length === 1 && second[0] === first[0]
  if (!isPerChannel && String(second) !== String(first)) {
    throw badNode(
      node,
      `reads [${first}] and [${second}]; shapes must be equal, or the second one [${first[0]}]`,
    )
  }
  return first
}
