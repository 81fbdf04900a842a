/** A network's forward pass in differentiable tf ops. */
import {
  applyLayer,
  assertCallback,
  assertKnown,
  type ConvAttributes,
  EscError,
  hasField,
  inferShapes,
  type LayerTable,
  type NetworkGraph,
  type NetworkNode,
  typeOf,
  wrongValue,
} from '@esc/core'
import { frozenLayers } from '@esc/onnx'
import * as tf from '@tensorflow/tfjs'
import { convolve } from './convolve.js'
import { averagePool, layerNorm, statsPool, trainBatchNorm } from './ops.js'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>

/** Result of a forward pass. */
export interface ForwardPass {
  /** [N, classes]. */
  logits: tf.Tensor2D
  /** New running averages by `node.weight`; empty in inference. */
  updates: Tensors
}

/** Options of {@link forward}. */
export interface ForwardOptions {
  /**
   * `null` computes inference. Tensors compute training: BatchNorm uses the statistics of the batch, and each Dropout node may have a
   * mask, `node.mask`, of 0 or 1 / (1 - rate), [N, C, H, W] or [N, C]. A Dropout node without a mask changes nothing.
   * @defaultValue `null`
   */
  training?: Tensors | null
  /** In training: layers whose BatchNorm computes as in inference, named as in `StepOptions` of `@esc/onnx`. @defaultValue none */
  frozen?: readonly string[]
  /** Called with each layer's output as soon as it is computed. Images are [N, H, W, C]. @defaultValue none */
  onValue?: (node: NetworkNode, value: tf.Tensor) => void
}

/**
 * Computes a network's logits in tf ops on the current backend, so that tfjs can differentiate them.
 *
 * The caller frees the intermediate tensors: call this inside `tf.tidy`, or inside a function that is differentiated.
 *
 * @param weights - All weights as `node.weight`, in the network's own layouts.
 * @param input - [N, channels, bins, frames].
 * @throws EscError INVALID_INPUT if the graph is inconsistent, or a weight is missing; INVALID_OPTION if `frozen` names no layer.
 * @example
 * import * as tf from '@tensorflow/tfjs'
 * const loss = tf.tidy(() => tf.losses.softmaxCrossEntropy(target, forward(graph, weights, input).logits).asScalar())
 */
export function forward(
  graph: NetworkGraph,
  weights: Tensors,
  input: tf.Tensor4D,
  options: ForwardOptions = {},
): ForwardPass {
  assertKnown('forward', options, { training: true, frozen: true, onValue: true })
  const { training = null, frozen = [], onValue } = options
  assertCallback('onValue', onValue)
  inferShapes(graph)
  if (typeOf(weights) !== 'object') throw wrongValue('weights', weights, 'tensors by name, node.weight')
  if (!hasField(input, 'shape') || !hasField(input, 'dataId')) {
    throw wrongValue('input', input, 'a tf.Tensor of shape [N, channels, bins, frames]')
  }
  const kept = frozenLayers(graph, frozen)
  const values = new Map<string, tf.Tensor>([[graph.input.name, channelsLast(input)]])
  const updates: Record<string, tf.Tensor> = {}
  for (const node of graph.nodes) {
    const weight = (key: string) => {
      const found = weights[`${node.name}.${key}`]
      if (!found) throw new EscError('INVALID_INPUT', `weight '${node.name}.${key}' is missing from weights`)
      return found
    }
    const inputs = node.inputs.map((name) => values.get(name)!)
    const value = applyLayer(forwardRules, node, {
      inputs,
      weight,
      training,
      updates,
      isFrozen: kept.has(node.name),
    })
    values.set(node.name, value)
    onValue?.(node, value)
  }
  return { logits: values.get(graph.output) as tf.Tensor2D, updates }
}

interface LayerContext {
  /** The layer's inputs, in order. */
  inputs: readonly tf.Tensor[]
  weight(key: string): tf.Tensor
  training: Tensors | null
  updates: Record<string, tf.Tensor>
  isFrozen: boolean
}

/** The forward pass of each kind of layer in tf ops. */
const forwardRules: LayerTable<LayerContext, tf.Tensor> = {
  Conv2D: ({ attributes }, { inputs, weight }) =>
    convolve(inputs[0] as tf.Tensor4D, weight('kernel') as tf.Tensor4D, attributes).add(weight('bias')),
  DepthwiseConv2D: ({ attributes }, { inputs, weight }) =>
    convolvePerChannel(inputs, weight('kernel'), attributes).add(weight('bias')),
  SeparableConv2D({ attributes }, { inputs, weight }) {
    const perChannel = convolvePerChannel(inputs, weight('depthwise'), attributes)
    const kernel = weight('pointwise') as tf.Tensor4D
    return convolve(perChannel, kernel, { padding: 'valid' }).add(weight('bias'))
  },
  BatchNorm({ name, attributes }, { inputs: [x], weight, training, updates, isFrozen }) {
    const { epsilon, momentum } = attributes
    const weights = { gamma: weight('gamma'), beta: weight('beta') }
    const running = { mean: weight('mean'), variance: weight('variance') }
    if (!training || isFrozen) {
      return tf.batchNorm(x!, running.mean, running.variance, weights.beta, weights.gamma, epsilon)
    }
    const { value, mean, variance } = trainBatchNorm(x!, weights, running, { epsilon, momentum })
    updates[`${name}.mean`] = mean
    updates[`${name}.variance`] = variance
    return value
  },
  LayerNorm: ({ attributes }, { inputs: [x], weight }) =>
    layerNorm(x!, weight('gamma'), weight('beta'), attributes.epsilon),
  ReLU: (_, { inputs: [x] }) => tf.relu(x!),
  ReLU6: (_, { inputs: [x] }) => tf.relu6(x!),
  LeakyReLU: ({ attributes }, { inputs: [x] }) => tf.leakyRelu(x!, attributes.alpha),
  Sigmoid: (_, { inputs: [x] }) => tf.sigmoid(x!),
  Tanh: (_, { inputs: [x] }) => tf.tanh(x!),
  HardSigmoid: (_, { inputs: [x] }) => hardSigmoid(x!),
  HardSwish: (_, { inputs: [x] }) => x!.mul(hardSigmoid(x!)),
  Swish: (_, { inputs: [x] }) => x!.mul(tf.sigmoid(x!)),
  MaxPool({ attributes: { size, strides = size, padding = 'valid' } }, { inputs: [x] }) {
    return tf.maxPool(x as tf.Tensor4D, [...size], [...strides], padding)
  },
  AveragePool: ({ attributes }, { inputs: [x] }) => averagePool(x as tf.Tensor4D, attributes),
  GlobalAveragePool: (_, { inputs: [x] }) => x!.mean([1, 2]),
  GlobalMaxPool(_, { inputs: [x] }) {
    // `max` would send the gradient to every value of a tie.
    const [, height, width, channels] = (x as tf.Tensor4D).shape
    return tf.maxPool(x as tf.Tensor4D, [height, width], 1, 'valid').reshape([-1, channels])
  },
  AttentionPool(_, { inputs: [x], weight }) {
    const overTime = x!.mean<tf.Tensor3D>(1)
    const attention = overTime.mul(weight('kernel')).sum(2).softmax(1)
    return overTime.mul(attention.expandDims(2)).sum(1)
  },
  StatsPool: (_, { inputs: [x] }) => statsPool(x as tf.Tensor4D),
  Flatten: (_, { inputs: [x] }) => channelsFirst(x!).reshape([x!.shape[0]!, -1]),
  Reshape: ({ attributes }, { inputs: [x] }) =>
    channelsLast(channelsFirst(x!).reshape([x!.shape[0]!, ...attributes.shape])),
  Dropout({ name }, { inputs: [x], training }) {
    const mask = training?.[`${name}.mask`]
    return mask ? x!.mul(channelsLast(mask)) : x!
  },
  Dense: (_, { inputs: [x], weight }) =>
    tf.matMul(x as tf.Tensor2D, weight('kernel') as tf.Tensor2D, false, true).add(weight('bias')),
  Add: (_, { inputs: [x, other] }) => x!.add(likeImage(other!, x!)),
  Multiply: (_, { inputs: [x, other] }) => x!.mul(likeImage(other!, x!)),
  Concatenate: (_, { inputs }) => tf.concat([...inputs], inputs[0]!.rank === 4 ? 3 : 1),
}

function convolvePerChannel(
  [image]: readonly tf.Tensor[],
  kernel: tf.Tensor,
  attributes: ConvAttributes,
): tf.Tensor4D {
  return convolve(image as tf.Tensor4D, kernel as tf.Tensor4D, { ...attributes, groups: image!.shape[3]! })
}

/** Gives a vector, one value for each channel, the rank of an image, so that both can be added or multiplied. */
function likeImage(value: tf.Tensor, image: tf.Tensor): tf.Tensor {
  return value.rank < image.rank ? value.reshape([-1, 1, 1, value.shape[1]!]) : value
}

function hardSigmoid(x: tf.Tensor): tf.Tensor {
  return x
    .mul(1 / 6)
    .add(0.5)
    .clipByValue(0, 1)
}

/** [N, C, H, W] → [N, H, W, C]. Values of other ranks stay the same. */
function channelsLast(value: tf.Tensor): tf.Tensor {
  return value.rank === 4 ? value.transpose([0, 2, 3, 1]) : value
}

/** [N, H, W, C] → [N, C, H, W]. Values of other ranks stay the same. */
function channelsFirst(value: tf.Tensor): tf.Tensor {
  return value.rank === 4 ? value.transpose([0, 3, 1, 2]) : value
}
