/** Networks → tfjs LayersModels. */
import { EscError, inferShapes, type NetworkGraph, type NetworkNode, type Weight } from '@esc/core'
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
 * @throws EscError UNSUPPORTED_LAYER if the graph branches.
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
    value = layerOf(node).apply(value) as tf.SymbolicTensor
    previous = node.name
  }
  if (previous !== graph.output) {
    throw new EscError('UNSUPPORTED_LAYER', `output '${graph.output}' is not the last node, '${previous}'`)
  }
  const model = tf.model({ inputs: input, outputs: value, name: graph.name })
  for (const node of graph.nodes) setWeights(model.getLayer(node.name), node)
  return model
}

function layerOf(node: NetworkNode): tf.layers.Layer {
  const { name } = node
  switch (node.op) {
    case 'Conv2D': {
      const [filters, , kh, kw] = node.weights.kernel.shape as [number, number, number, number]
      return tf.layers.conv2d({ name, filters, kernelSize: [kh, kw], padding: node.attributes.padding })
    }
    case 'BatchNorm': {
      const { epsilon, momentum } = node.attributes
      return tf.layers.batchNormalization({ name, epsilon, momentum: 1 - momentum })
    }
    case 'ReLU':
      return tf.layers.reLU({ name })
    case 'MaxPool':
      return tf.layers.maxPooling2d({ name, poolSize: [...node.attributes.size] })
    case 'GlobalAveragePool':
      return tf.layers.globalAveragePooling2d({ name })
    case 'Flatten':
      return tf.layers.flatten({ name })
    case 'Dropout':
      return tf.layers.dropout({ name, rate: node.attributes.rate })
    case 'Dense':
      return tf.layers.dense({ name, units: node.weights.kernel.shape[0]! })
  }
}

function setWeights(layer: tf.layers.Layer, node: NetworkNode): void {
  const tensors = tf.tidy(() => weightsInLayersOrder(node).map((weight) => tf.keep(weight)))
  if (tensors.length > 0) layer.setWeights(tensors)
  tf.dispose(tensors)
}

function weightsInLayersOrder(node: NetworkNode): tf.Tensor[] {
  const tensor = ({ data, shape }: Weight) => tf.tensor(data, [...shape])
  switch (node.op) {
    case 'Conv2D': // OIHW → HWIO
      return [tensor(node.weights.kernel).transpose([2, 3, 1, 0]), tensor(node.weights.bias)]
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
