/** Converts networks to LayersModels of tfjs. */
import {
  applyLayer,
  type Conv2DNode,
  type DepthwiseConv2DNode,
  EscError,
  inferShapes,
  type LayerTable,
  type NetworkGraph,
  type PoolNode,
  type SeparableConv2DNode,
  type Size2,
  unsupported,
  unsupportedLayer,
  type Weight,
} from '@esc/core'
import * as tf from '@tensorflow/tfjs'

/**
 * Converts a network to a LayersModel of tfjs with the same outputs. Input: [N, bins, frames, channels]; output: logits [N, classes].
 *
 * Weights are copied into the layouts of tfjs, every bit the same; {@link fromLayersModel} converts them back unchanged. Flatten is
 * channel-first in a network, so a Permute layer comes before it. BatchNorm's momentum becomes that of Keras: one minus the network's.
 * tfjs averages the biased variance, a network the unbiased one.
 *
 * @param graph - A chain: the input of each node is the node before it.
 * @returns A model on the current backend of tfjs. Call its `dispose()` when you no longer need it.
 * @throws EscError UNSUPPORTED_LAYER naming a node that branches, or for which tfjs has no layer.
 * @example
 * import * as tf from '@tensorflow/tfjs'
 * const logits = toLayersModel(graph).predict(tf.zeros([1, 13, 431, 1]))
 */
export function toLayersModel(graph: NetworkGraph): tf.LayersModel {
  const shapes = inferShapes(graph)
  const [channels, bins, frames] = graph.input.shape
  const input = tf.input({ shape: [bins, frames, channels], name: graph.input.name })
  let value: tf.SymbolicTensor = input
  let previous = graph.input.name
  const layers: TfLayer[] = []
  for (const node of graph.nodes) {
    if (node.inputs.length !== 1 || node.inputs[0] !== previous) {
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `node '${node.name}' branches; only chains of layers can be converted`,
      )
    }
    if (node.op === 'Flatten' && shapes.get(previous)!.length === 3) {
      value = tf.layers
        .permute({ dims: [3, 1, 2], name: `${node.name}_channel_first` })
        .apply(value) as tf.SymbolicTensor
    }
    const made = applyLayer(toLayer, node, shapes.get(previous)!)
    value = made.layer.apply(value) as tf.SymbolicTensor
    layers.push(made)
    previous = node.name
  }
  if (previous !== graph.output) {
    throw new EscError('UNSUPPORTED_LAYER', `output '${graph.output}' is not the last node, '${previous}'`)
  }
  const model = tf.model({ inputs: input, outputs: value, name: graph.name })
  for (const { layer, weights } of layers) if (weights) tf.tidy(() => layer.setWeights(weights()))
  return model
}

/** Shape of a layer's input, without the batch axis, channels first: [C, H, W], or [C]. */
type Shape = readonly number[]

const notInTfjs = unsupported('has no tfjs layer')
const readsSeveral = unsupported('has several inputs; only chains of layers can be converted')

/** A tfjs layer, and a function for its weights in the order of `setWeights`. */
interface TfLayer {
  layer: tf.layers.Layer
  weights?: () => tf.Tensor[]
}

/** The tfjs layer of each kind of layer. */
export const toLayer: LayerTable<Shape, TfLayer> = {
  Conv2D(node) {
    assertStrides(node)
    if ((node.attributes.groups ?? 1) > 1)
      throw unsupportedLayer(node, 'has groups, which tfjs does not support')
    const { kernel, bias } = node.weights
    return {
      layer: tf.layers.conv2d({ ...convArgs(node, kernel), filters: kernel.shape[0]! }),
      weights: () => [convKernel(kernel), tensor(bias)],
    }
  },
  DepthwiseConv2D(node, [channels]) {
    assertStrides(node)
    if (Math.max(...(node.attributes.dilations ?? [1])) > 1)
      throw unsupportedLayer(node, 'has dilations, which DepthwiseConv2D of tfjs ignores')
    const { kernel, bias } = node.weights
    const depthMultiplier = kernel.shape[0]! / channels!
    return {
      layer: tf.layers.depthwiseConv2d({ ...convArgs(node, kernel), depthMultiplier }),
      weights: () => [depthwiseKernel(kernel, channels!), tensor(bias)],
    }
  },
  SeparableConv2D(node, [channels]) {
    assertStrides(node)
    const { depthwise, pointwise, bias } = node.weights
    const depthMultiplier = depthwise.shape[0]! / channels!
    const args = { ...convArgs(node, depthwise), depthMultiplier, filters: pointwise.shape[0]! }
    return {
      layer: tf.layers.separableConv2d(args),
      weights: () => [depthwiseKernel(depthwise, channels!), convKernel(pointwise), tensor(bias)],
    }
  },
  BatchNorm({ name, attributes: { epsilon, momentum }, weights: { gamma, beta, mean, variance } }) {
    return {
      layer: tf.layers.batchNormalization({ name, epsilon, momentum: 1 - momentum }),
      weights: () => [gamma, beta, mean, variance].map(tensor),
    }
  },
  LayerNorm(node, input) {
    if (input.length !== 1) throw unsupportedLayer(node, 'normalises more than vectors')
    const { gamma, beta } = node.weights
    return {
      layer: tf.layers.layerNormalization({ name: node.name, epsilon: node.attributes.epsilon }),
      weights: () => [gamma, beta].map(tensor),
    }
  },
  ReLU: ({ name }) => ({ layer: tf.layers.reLU({ name }) }),
  ReLU6: ({ name }) => ({ layer: tf.layers.reLU({ name, maxValue: 6 }) }),
  LeakyReLU: ({ name, attributes: { alpha } }) => ({ layer: tf.layers.leakyReLU({ name, alpha }) }),
  Sigmoid: ({ name }) => ({ layer: tf.layers.activation({ name, activation: 'sigmoid' }) }),
  Tanh: ({ name }) => ({ layer: tf.layers.activation({ name, activation: 'tanh' }) }),
  HardSigmoid: unsupported('has another slope in tfjs'),
  HardSwish: notInTfjs,
  Swish: ({ name }) => ({ layer: tf.layers.activation({ name, activation: 'swish' }) }),
  MaxPool: (node) => ({ layer: tf.layers.maxPooling2d(poolArgs(node)) }),
  AveragePool: (node) => ({ layer: tf.layers.averagePooling2d(poolArgs(node)) }),
  GlobalAveragePool: ({ name }) => ({ layer: tf.layers.globalAveragePooling2d({ name }) }),
  GlobalMaxPool: ({ name }) => ({ layer: tf.layers.globalMaxPooling2d({ name }) }),
  AttentionPool: notInTfjs,
  StatsPool: notInTfjs,
  Flatten(node, input) {
    if (input.length === 1) throw unsupportedLayer(node, 'flattens a vector, which tfjs does not allow')
    return { layer: tf.layers.flatten({ name: node.name }) }
  },
  Reshape: unsupported('orders its values channels first, and layers of tfjs order them channels last'),
  Dropout: ({ name, attributes: { rate } }) => ({ layer: tf.layers.dropout({ name, rate }) }),
  Dense({ name, weights: { kernel, bias } }) {
    return {
      layer: tf.layers.dense({ name, units: kernel.shape[0]! }),
      // [units, inputs] → [inputs, units]
      weights: () => [tensor(kernel).transpose(), tensor(bias)],
    }
  },
  Add: readsSeveral,
  Multiply: readsSeveral,
  Concatenate: readsSeveral,
}

function assertStrides(node: Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode): void {
  const { strides = [1, 1], dilations = [1, 1] } = node.attributes
  if (Math.max(...strides) > 1 && Math.max(...dilations) > 1)
    throw unsupportedLayer(node, 'has strides and dilations, which tfjs does not allow together')
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

/** Weights in tfjs's layouts. */
const tensor = ({ data, shape }: Weight): tf.Tensor => tf.tensor(data, [...shape])
/** OIHW → HWIO. */
const convKernel = (kernel: Weight): tf.Tensor => tensor(kernel).transpose([2, 3, 1, 0])
/** [channels · multiplier, 1, kh, kw] → [kh, kw, channels, multiplier]. */
function depthwiseKernel(kernel: Weight, channels: number): tf.Tensor {
  const [, , kh, kw] = kernel.shape as [number, number, number, number]
  return tensor(kernel).reshape([channels, -1, kh, kw]).transpose([2, 3, 0, 1])
}
