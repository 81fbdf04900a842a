/** Optimisers in tf ops: the same as in the training graph. */
import type { AdamOptions, OptimizerOptions, SgdOptions } from '@esc/onnx'
import * as tf from '@tensorflow/tfjs'
import type { Tensors } from './forward.js'

/**
 * Updates all weights that have a gradient, once.
 *
 * @param state - Weights as `node.weight`, and the optimiser's arrays (slots) as `slot/node.weight`.
 * @param gradients - By `node.weight`.
 * @param step - Its number, from 1.
 * @returns The new weights and slots, by the same names.
 * @see OptimizerOptions of `@esc/onnx`; torch.optim.SGD, Adam, AdamW and clip_grad_norm_.
 */
export function updateWeights(
  state: Tensors,
  gradients: Tensors,
  { step, learningRate, optimizer = {} }: UpdateOptions,
): Tensors {
  const clipped = clipGradients(gradients, optimizer.clipNorm ?? null)
  const next: Record<string, tf.Tensor> = {}
  for (const [name, gradient] of Object.entries(clipped)) {
    const changed =
      optimizer.kind === 'sgd'
        ? updateSgd(state, name, gradient, learningRate, optimizer)
        : updateAdam(state, name, gradient, learningRate, optimizer, step)
    Object.assign(next, changed)
  }
  return next
}

/** Options of {@link updateWeights}. */
export interface UpdateOptions {
  step: number
  learningRate: number
  optimizer?: OptimizerOptions | undefined
}

function updateSgd(
  state: Tensors,
  name: string,
  gradient: tf.Tensor,
  learningRate: number,
  { momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions,
): Tensors {
  const weight = state[name]!
  const decayed = weightDecay === 0 ? gradient : gradient.add(weight.mul(weightDecay))
  if (momentum === 0) return { [name]: weight.sub(decayed.mul(learningRate)) }
  const velocity = state[`momentum/${name}`]!.mul(momentum).add(decayed)
  const direction = nesterov ? decayed.add(velocity.mul(momentum)) : velocity
  return { [name]: weight.sub(direction.mul(learningRate)), [`momentum/${name}`]: velocity }
}

function updateAdam(
  state: Tensors,
  name: string,
  gradient: tf.Tensor,
  learningRate: number,
  options: AdamOptions,
  step: number,
): Tensors {
  const { kind = 'adam', beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { weightDecay = kind === 'adamw' ? 0.01 : 0 } = options
  const weight = state[name]!
  const g = kind === 'adam' && weightDecay > 0 ? gradient.add(weight.mul(weightDecay)) : gradient
  const m = state[`m/${name}`]!.mul(beta1).add(g.mul(1 - beta1))
  const v = state[`v/${name}`]!.mul(beta2).add(g.square().mul(1 - beta2))
  const root = v
    .sqrt()
    .div(Math.sqrt(1 - beta2 ** step))
    .add(epsilon)
  const kept = kind === 'adamw' ? weight.mul(1 - learningRate * weightDecay) : weight
  const change = m.mul(learningRate / (1 - beta1 ** step)).div(root)
  return { [name]: kept.sub(change), [`m/${name}`]: m, [`v/${name}`]: v }
}

function clipGradients(gradients: Tensors, clipNorm: number | null): Tensors {
  if (clipNorm === null) return gradients
  const squares = Object.values(gradients).map((gradient) => gradient.square().sum<tf.Scalar>())
  const norm = tf.addN(squares).sqrt()
  const factor = tf.minimum(tf.scalar(clipNorm).div(norm.add(1e-6)), 1)
  return Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, gradient.mul(factor)]))
}
