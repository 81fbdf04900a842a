/** A network's forward pass in differentiable tf ops. */
import {
  assertCallback,
  assertKnown,
  EscError,
  hasField,
  inferShapes,
  type NetworkGraph,
  type NetworkNode,
  typeOf,
  wrongValue,
} from '@esc/core'
import * as tf from '@tensorflow/tfjs'
import { convolve } from './convolve.js'
import { averagePool, layerNorm, trainBatchNorm } from './ops.js'

/** Tensors by name. */
export type Tensors = Readonly<Record<string, tf.Tensor>>

/** What a forward pass makes. */
export interface ForwardPass {
  /** [N, classes]. */
  logits: tf.Tensor2D
  /** New running averages by `node.weight`; empty in inference. */
  updates: Tensors
}

/** What {@link forward} is told besides. */
export interface ForwardOptions {
  /**
   * In training, a mask for each Dropout as `node.mask` (0 or 1 / (1 - rate), [N, C, H, W] or [N, C]), or none for those that
   * let all through; BatchNorm then uses the batch's own statistics. `null` is inference (default).
   */
  training?: Tensors | null
  /** Called with each layer's output as soon as it is there; images are [N, H, W, C]. */
  onValue?: (node: NetworkNode, value: tf.Tensor) => void
}

/**
 * Computes a network's logits in tf ops on the current backend, so that tfjs can differentiate them.
 *
 * The tensors made on the way are the caller's to free: call it inside `tf.tidy`, or a function that is differentiated.
 *
 * @param weights - All weights as `node.weight`, in the network's own layouts.
 * @param input - [N, channels, bins, frames].
 * @throws EscError INVALID_INPUT if the graph is inconsistent, or a weight is missing.
 * @example
 * const loss = tf.tidy(() => tf.losses.softmaxCrossEntropy(target, forward(graph, weights, input).logits).asScalar())
 */
export function forward(
  graph: NetworkGraph,
  weights: Tensors,
  input: tf.Tensor4D,
  options: ForwardOptions = {},
): ForwardPass {
  assertKnown('forward', options, { training: true, onValue: true })
  const { training = null, onValue } = options
  assertCallback('onValue', onValue)
  inferShapes(graph)
  if (typeOf(weights) !== 'object') throw wrongValue('weights', weights, 'tensors by name, node.weight')
  if (!hasField(input, 'shape') || !hasField(input, 'dataId')) {
    throw wrongValue('input', input, 'a tf.Tensor of shape [N, channels, bins, frames]')
  }
  const values = new Map<string, tf.Tensor>([[graph.input.name, channelsLast(input)]])
  const updates: Record<string, tf.Tensor> = {}
  for (const node of graph.nodes) {
    const weight = (key: string) => {
      const found = weights[`${node.name}.${key}`]
      if (!found) throw new EscError('INVALID_INPUT', `weight '${node.name}.${key}' is missing from weights`)
      return found
    }
    const inputs = node.inputs.map((name) => values.get(name)!)
    const value = computeLayer(node, inputs, { weight, training, updates })
    values.set(node.name, value)
    onValue?.(node, value)
  }
  return { logits: values.get(graph.output) as tf.Tensor2D, updates }
}

interface LayerContext {
  weight(key: string): tf.Tensor
  training: Tensors | null
  updates: Record<string, tf.Tensor>
}

function computeLayer(node: NetworkNode, inputs: readonly tf.Tensor[], context: LayerContext): tf.Tensor {
  const { weight, training, updates } = context
  const x = inputs[0]!
  const image = x as tf.Tensor4D
  switch (node.op) {
    case 'Conv2D':
      return convolve(image, weight('kernel') as tf.Tensor4D, node.attributes).add(weight('bias'))
    case 'DepthwiseConv2D': {
      const options = { ...node.attributes, groups: image.shape[3] }
      return convolve(image, weight('kernel') as tf.Tensor4D, options).add(weight('bias'))
    }
    case 'SeparableConv2D': {
      const options = { ...node.attributes, groups: image.shape[3] }
      const perChannel = convolve(image, weight('depthwise') as tf.Tensor4D, options)
      return convolve(perChannel, weight('pointwise') as tf.Tensor4D, { padding: 'valid' }).add(
        weight('bias'),
      )
    }
    case 'BatchNorm': {
      const { epsilon, momentum } = node.attributes
      const weights = { gamma: weight('gamma'), beta: weight('beta') }
      const running = { mean: weight('mean'), variance: weight('variance') }
      if (!training) {
        return tf.batchNorm(x, running.mean, running.variance, weights.beta, weights.gamma, epsilon)
      }
      const { value, mean, variance } = trainBatchNorm(x, weights, running, { epsilon, momentum })
      updates[`${node.name}.mean`] = mean
      updates[`${node.name}.variance`] = variance
      return value
    }
    case 'LayerNorm':
      return layerNorm(x, weight('gamma'), weight('beta'), node.attributes.epsilon)
    case 'LeakyReLU':
      return tf.leakyRelu(x, node.attributes.alpha)
    case 'MaxPool': {
      const { size, strides = size, padding = 'valid' } = node.attributes
      return tf.maxPool(image, [...size], [...strides], padding)
    }
    case 'AveragePool':
      return averagePool(image, node.attributes)
    case 'GlobalAveragePool':
      return x.mean([1, 2])
    case 'GlobalMaxPool': {
      // Not `max`, whose gradient goes to all of a tie.
      const [, height, width, channels] = image.shape
      return tf.maxPool(image, [height, width], 1, 'valid').reshape([-1, channels])
    }
    case 'AttentionPool': {
      const overTime = x.mean<tf.Tensor3D>(1)
      const attention = overTime.mul(weight('kernel')).sum(2).softmax(1)
      return overTime.mul(attention.expandDims(2)).sum(1)
    }
    case 'Flatten':
      return channelsFirst(x).reshape([x.shape[0]!, -1])
    case 'Reshape':
      return channelsLast(channelsFirst(x).reshape([x.shape[0]!, ...node.attributes.shape]))
    case 'Dropout': {
      const mask = training?.[`${node.name}.mask`]
      return mask ? x.mul(channelsLast(mask)) : x
    }
    case 'Dense':
      return tf.matMul(x as tf.Tensor2D, weight('kernel') as tf.Tensor2D, false, true).add(weight('bias'))
    case 'Add':
    case 'Multiply': {
      const other = inputs[1]!
      const perPixel = other.rank < x.rank ? other.reshape([-1, 1, 1, other.shape[1]!]) : other
      return node.op === 'Add' ? x.add(perPixel) : x.mul(perPixel)
    }
    case 'Concatenate':
      return tf.concat([...inputs], x.rank === 4 ? 3 : 1)
    default:
      return activate(node.op, x)
  }
}

function activate(op: NetworkNode['op'], x: tf.Tensor): tf.Tensor {
  switch (op) {
    case 'ReLU':
      return tf.relu(x)
    case 'ReLU6':
      return tf.relu6(x)
    case 'Sigmoid':
      return tf.sigmoid(x)
    case 'Tanh':
      return tf.tanh(x)
    case 'HardSigmoid':
      return hardSigmoid(x)
    case 'HardSwish':
      return x.mul(hardSigmoid(x))
    case 'Swish':
      return x.mul(tf.sigmoid(x))
    default:
      throw new EscError('UNSUPPORTED_LAYER', `op '${op}' has no forward pass in tf ops`)
  }
}

function hardSigmoid(x: tf.Tensor): tf.Tensor {
  return x
    .mul(1 / 6)
    .add(0.5)
    .clipByValue(0, 1)
}

/** [N, C, H, W] → [N, H, W, C]; values of other ranks stay. */
function channelsLast(value: tf.Tensor): tf.Tensor {
  return value.rank === 4 ? value.transpose([0, 2, 3, 1]) : value
}

/** [N, H, W, C] → [N, C, H, W]; values of other ranks stay. */
function channelsFirst(value: tf.Tensor): tf.Tensor {
  return value.rank === 4 ? value.transpose([0, 3, 1, 2]) : value
}
