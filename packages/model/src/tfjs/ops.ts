/** Layers for which tfjs has no differentiable operation, or one with other statistics. */
import { type PoolNode, windowPads } from '@esc/core'
import * as tf from '@tensorflow/tfjs'

/**
 * Batch normalisation with the statistics of the batch. It also computes running averages as PyTorch does, from the unbiased
 * variance.
 *
 * @param x - [N, H, W, C] or [N, C].
 */
export function trainBatchNorm(
  x: tf.Tensor,
  { gamma, beta }: { gamma: tf.Tensor; beta: tf.Tensor },
  running: { mean: tf.Tensor; variance: tf.Tensor },
  { epsilon, momentum }: { epsilon: number; momentum: number },
): { value: tf.Tensor; mean: tf.Tensor; variance: tf.Tensor } {
  const overBatch = Array.from({ length: x.rank - 1 }, (_, axis) => axis)
  const count = x.size / x.shape.at(-1)!
  const mean = x.mean(overBatch)
  const centred = x.sub(mean)
  const variance = centred.square().mean(overBatch)
  const value = centred.mul(gamma.div(variance.add(epsilon).sqrt())).add(beta)
  const average = (old: tf.Tensor, now: tf.Tensor) => old.mul(1 - momentum).add(now.mul(momentum))
  return {
    value,
    mean: average(running.mean, mean),
    variance: average(running.variance, variance.mul(count / Math.max(1, count - 1))),
  }
}

/**
 * Normalises over the last axes of [C, H, W]: as many as `gamma` has.
 *
 * @param x - [N, H, W, C]; a value of another rank is in the network's own layout.
 */
export function layerNorm(x: tf.Tensor, gamma: tf.Tensor, beta: tf.Tensor, epsilon: number): tf.Tensor {
  // The axes of [N, C, H, W], by their positions in [N, H, W, C].
  const position = x.rank === 4 ? [0, 3, 1, 2] : x.shape.map((_, axis) => axis)
  const axes = position.slice(-gamma.rank)
  const perValue = (weight: tf.Tensor) => {
    if (x.rank !== 4) return weight
    const withChannels = weight.reshape([...Array<number>(3 - weight.rank).fill(1), ...weight.shape])
    return withChannels.transpose([1, 2, 0])
  }
  const centred = x.sub(x.mean(axes, true))
  const variance = centred.square().mean(axes, true)
  return centred.div(variance.add(epsilon).sqrt()).mul(perValue(gamma)).add(perValue(beta))
}

/**
 * Means of windows, in which padded values do not count. The pooling of tfjs does the same, but its gradient divides by the size of
 * the whole window.
 *
 * @param image - [N, H, W, C].
 */
export function averagePool(image: tf.Tensor4D, attributes: PoolNode['attributes']): tf.Tensor4D {
  const { size, strides = size, padding = 'valid' } = attributes
  const [rows, columns] = [0, 1].map((axis) =>
    windowPads(image.shape[axis + 1]!, size[axis]!, strides[axis]!, padding),
  ) as [[number, number], [number, number]]
  const pool = (values: tf.Tensor4D) => tf.avgPool(values, [...size], [...strides], 'valid')
  if (![...rows, ...columns].some((zeros) => zeros > 0)) return pool(image)
  const [, height, width] = image.shape
  const pads: [number, number][] = [[0, 0], rows, columns, [0, 0]]
  const inside = pool(tf.ones<tf.Rank.R4>([1, height, width, 1]).pad(pads))
  return pool(image.pad(pads)).div(inside)
}

/**
 * Mean and standard deviation of each row over time: [N, H, W, C] → [N, 2 · C · H], channel first.
 *
 * The root has no finite slope at 0. For constant rows, the root is taken of 1 and counts as 0, so that their gradient is 0, not NaN.
 */
export function statsPool(image: tf.Tensor4D): tf.Tensor2D {
  const mean = image.mean(2, true)
  const variance = image.sub(mean).square().mean(2)
  const varies = variance.step()
  const deviation = variance.add(varies.neg().add(1)).sqrt().mul(varies)
  const asRow = (rows: tf.Tensor) => rows.transpose([0, 2, 1]).reshape([image.shape[0], -1]) as tf.Tensor2D
  return tf.concat2d([asRow(mean.squeeze([2])), asRow(deviation)], 1)
}
