/** Networks → tfjs LayersModels. */
import {
  type Conv2DNode,
  type DepthwiseConv2DNode,
  EscError,
  inferShapes,
  type NetworkGraph,
  type NetworkNode,
  type PoolNode,
  type SeparableConv2DNode,
  type Size2,
  type Weight,
} from '@esc/core'
import * as tf from '@tensorflow/tfjs'

/**
 * Turns a network into a tfjs LayersModel with the same outputs: [N, bins, frames, channels] in, logits [N, classes] out.
 *
 * Weights are transposed to tfjs's layouts and copied bit by bit; {@link fromLayersModel} gives them back unchanged.
 * Flatten is channel-first in a network, so here a Permute stands before it. BatchNorm's momentum is Keras's: one
 * minus the network's. tfjs averages the biased variance, a network the unbiased one.
 *
 * @param graph - A chain: each node reads the one before it.
 * @returns A model on the current tfjs backend; `dispose()` it when done.
 * @throws EscError UNSUPPORTED_LAYER naming a node that branches, or that tfjs has no layer for.
 * @example const model = toLayersModel(graph); model.predict(tf.zeros([1, 13, 431, 1]))
 */
export function toLayersModel(graph: NetworkGraph): tf.LayersModel {
  const shapes = inferShapes(graph)
  const [channels, bins, frames] = graph.input.shape
  const input = tf.input({ shape: [bins, frames, channels], name: graph.input.name })
  let value: tf.SymbolicTensor = input
  let previous = graph.input.name
  for (const node of graph.nodes) {
    if (node.inputs.length !== 1 || node.inputs[0] !== previous) {
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `node '${node.name}' branches; only chains of layers are converted`,
      )
    }
    if (node.op === 'Flatten' && shapes.get(previous)!.length === 3) {
      value = tf.layers
        .permute({ dims: [3, 1, 2], name: `${node.name}_channel_first` })
        .apply(value) as tf.SymbolicTensor
    }
    value = layerOf(node, shapes.get(node.inputs[0]!)!).apply(value) as tf.SymbolicTensor
    previous = node.name
  }
  if (previous !== graph.output) {
    throw new EscError('UNSUPPORTED_LAYER', `output '${graph.output}' is not the last node, '${previous}'`)
  }
  const model = tf.model({ inputs: input, outputs: value, name: graph.name })
  for (const node of graph.nodes)
    setWeights(model.getLayer(node.name), node, shapes.get(node.inputs[0]!)![0]!)
  return model
}

function layerOf(node: NetworkNode, input: readonly number[]): tf.layers.Layer {
  const { name } = node
  const [channels, rank] = [input[0]!, input.length]
  if ('strides' in node.attributes && 'dilations' in node.attributes) {
    const { strides = [1, 1], dilations = [1, 1] } = node.attributes
    if (Math.max(...strides) > 1 && Math.max(...dilations) > 1)
      throw unsupported(node, 'has strides and dilations, which tfjs does not allow together')
  }
  switch (node.op) {
    case 'Conv2D': {
      const [filters] = node.weights.kernel.shape
      if ((node.attributes.groups ?? 1) > 1) throw unsupported(node, 'has groups, which tfjs does not have')
      return tf.layers.conv2d({ ...convArgs(node, node.weights.kernel), filters: filters! })
    }
    case 'DepthwiseConv2D': {
      if (Math.max(...(node.attributes.dilations ?? [1])) > 1)
        throw unsupported(node, 'has dilations, which tfjs leaves out of its DepthwiseConv2D')
      const depthMultiplier = node.weights.kernel.shape[0]! / channels
      return tf.layers.depthwiseConv2d({ ...convArgs(node, node.weights.kernel), depthMultiplier })
    }
    case 'SeparableConv2D': {
      const { depthwise, pointwise } = node.weights
      const depthMultiplier = depthwise.shape[0]! / channels
      const args = { ...convArgs(node, depthwise), depthMultiplier, filters: pointwise.shape[0]! }
      return tf.layers.separableConv2d(args)
    }
    case 'BatchNorm': {
      const { epsilon, momentum } = node.attributes
      return tf.layers.batchNormalization({ name, epsilon, momentum: 1 - momentum })
    }
    case 'ReLU':
      return tf.layers.reLU({ name })
    case 'LayerNorm':
      if (rank !== 1) throw unsupported(node, 'normalises more than vectors')
      return tf.layers.layerNormalization({ name, epsilon: node.attributes.epsilon })
    case 'ReLU6':
      return tf.layers.reLU({ name, maxValue: 6 })
    case 'LeakyReLU':
      return tf.layers.leakyReLU({ name, alpha: node.attributes.alpha })
    case 'Sigmoid':
      return tf.layers.activation({ name, activation: 'sigmoid' })
    case 'Tanh':
      return tf.layers.activation({ name, activation: 'tanh' })
    case 'Swish':
      return tf.layers.activation({ name, activation: 'swish' })
    case 'MaxPool':
      return tf.layers.maxPooling2d(poolArgs(node))
    case 'AveragePool':
      return tf.layers.averagePooling2d(poolArgs(node))
    case 'GlobalMaxPool':
      return tf.layers.globalMaxPooling2d({ name })
    case 'GlobalAveragePool':
      return tf.layers.globalAveragePooling2d({ name })
    case 'Flatten':
      if (rank === 1) throw unsupported(node, 'flattens a vector, which tfjs does not')
      return tf.layers.flatten({ name })
    case 'Dropout':
      return tf.layers.dropout({ name, rate: node.attributes.rate })
    case 'Dense':
      return tf.layers.dense({ name, units: node.weights.kernel.shape[0]! })
    default:
      throw unsupported(node, 'is no tfjs layer')
  }
}

function convArgs(
  { name, attributes }: Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode,
  { shape: [, , kh, kw] }: Weight,
) {
  const { padding, strides = [1, 1], dilations = [1, 1] } = attributes
  const kernelSize: [number, number] = [kh!, kw!]
  return { name, padding, kernelSize, strides: pair(strides), dilationRate: pair(dilations) }
}

function poolArgs({ name, attributes: { size, strides = size, padding = 'valid' } }: PoolNode) {
  return { name, poolSize: pair(size), strides: pair(strides), padding }
}

function pair([rows, columns]: Size2): [number, number] {
  return [rows, columns]
}

function unsupported({ name, op }: NetworkNode, why: string): EscError {
  return new EscError('UNSUPPORTED_LAYER', `node '${name}' (${op}) ${why}`, { detail: { node: name, op } })
}

function setWeights(layer: tf.layers.Layer, node: NetworkNode, channels: number): void {
  const tensors = tf.tidy(() => weightsInLayersOrder(node, channels).map((weight) => tf.keep(weight)))
  if (tensors.length > 0) layer.setWeights(tensors)
  tf.dispose(tensors)
}

function weightsInLayersOrder(node: NetworkNode, channels: number): tf.Tensor[] {
  const tensor = ({ data, shape }: Weight) => tf.tensor(data, [...shape])
  // [channels · multiplier, 1, kh, kw] → [kh, kw, channels, multiplier]
  const perChannel = (kernel: Weight) => {
    const [, , kh, kw] = kernel.shape as [number, number, number, number]
    return tensor(kernel).reshape([channels, -1, kh, kw]).transpose([2, 3, 0, 1])
  }
  switch (node.op) {
    case 'Conv2D': // OIHW → HWIO
      return [tensor(node.weights.kernel).transpose([2, 3, 1, 0]), tensor(node.weights.bias)]
    case 'DepthwiseConv2D':
      return [perChannel(node.weights.kernel), tensor(node.weights.bias)]
    case 'SeparableConv2D': {
      const { depthwise, pointwise, bias } = node.weights
      return [perChannel(depthwise), tensor(pointwise).transpose([2, 3, 1, 0]), tensor(bias)]
    }
    case 'LayerNorm':
      return [tensor(node.weights.gamma), tensor(node.weights.beta)]
    case 'Dense': // [units, inputs] → [inputs, units]
      return [tensor(node.weights.kernel).transpose(), tensor(node.weights.bias)]
    case 'BatchNorm': {
      const { gamma, beta, mean, variance } = node.weights
      return [gamma, beta, mean, variance].map(tensor)
    }
    default:
      return []
  }
}
