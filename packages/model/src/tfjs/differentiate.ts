/** The loss of a batch, and its gradients by tfjs's autograd. */
import type { NetworkGraph } from '@esc/core'
import { type StepOptions, trainedWeights } from '@esc/onnx'
import * as tf from '@tensorflow/tfjs'
import { forward, type Tensors } from './forward.js'
import { lossOf } from './loss.js'

/** A training batch as tensors of tfjs. */
export interface MaskedTensors {
  /** [N, channels, bins, frames]. */
  input: tf.Tensor4D
  /** [N, classes]. */
  target: tf.Tensor2D
  /** [N, classes]; `null` if the loss has no `distillation`. */
  teacherLogits: tf.Tensor2D | null
  /** `node.mask` for each Dropout. */
  masks: Tensors
}

/** Result of {@link trainingLoss}. The caller frees all tensors. */
export interface DifferentiatedLoss {
  value: tf.Scalar
  /** [N, classes]. */
  logits: tf.Tensor2D
  /** Gradients of the trainable weights, by `node.weight`. */
  gradients: Tensors
  /** New running averages by `node.weight`. */
  updates: Tensors
}

/**
 * Computes the loss in training mode, and its gradient for every trainable weight that is not frozen.
 *
 * @param weights - All weights as `node.weight`.
 */
export function trainingLoss(
  graph: NetworkGraph,
  weights: Tensors,
  { input, target, teacherLogits, masks }: MaskedTensors,
  { loss: options, frozen = [] }: Pick<StepOptions, 'loss' | 'frozen'> = {},
): DifferentiatedLoss {
  const names = trainedWeights(graph, frozen).flatMap(({ name, change }) =>
    change === 'gradient' ? [name] : [],
  )
  let pass = { logits: target, updates: {} as Tensors }
  const differentiate = tf.valueAndGrads((...changing: tf.Tensor[]) => {
    const present = Object.fromEntries(names.map((name, i) => [name, changing[i]!]))
    const { logits, updates } = forward(graph, { ...weights, ...present }, input, { training: masks, frozen })
    const loss = lossOf(logits, target, teacherLogits, options)
    // tfjs frees all tensors that a differentiated function does not return.
    pass = { logits: tf.keep(logits), updates: keepAll(updates) }
    return loss
  })
  const { value, grads } = differentiate(names.map((name) => weights[name]!))
  const gradients = Object.fromEntries(names.map((name, i) => [name, grads[i]!]))
  return { value: value as tf.Scalar, gradients, ...pass }
}

/** The input, each layer's output, and the loss in training mode, in this order, with names for messages. */
export function valuesAndLoss(
  graph: NetworkGraph,
  weights: Tensors,
  { input, target, teacherLogits, masks }: MaskedTensors,
  { loss: options, frozen = [] }: Pick<StepOptions, 'loss' | 'frozen'> = {},
): [name: string, value: tf.Tensor][] {
  const values: [string, tf.Tensor][] = [['input', input]]
  const { logits } = forward(graph, weights, input, {
    training: masks,
    frozen,
    onValue: ({ name }, value) => values.push([`layer '${name}'`, value]),
  })
  return [...values, ['loss', lossOf(logits, target, teacherLogits, options)]]
}

function keepAll(tensors: Tensors): Tensors {
  return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, tf.keep(tensor)]))
}
