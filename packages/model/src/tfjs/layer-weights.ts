/** Weights of tfjs layers as plain data, in the layouts of our networks. */
import type { Weight } from '@esc/core'
import type * as tf from '@tensorflow/tfjs'

/** A layer's weights, in tfjs's order and layouts. */
export async function readWeights(layer: tf.layers.Layer): Promise<Weight[]> {
  return Promise.all(
    layer
      .getWeights()
      .map(async (tensor) => ({ shape: tensor.shape, data: new Float32Array(await tensor.data()) })),
  )
}

/** Zeros: the bias of a layer without one. */
export function zeros(size: number): Weight {
  return { shape: [size], data: new Float32Array(size) }
}

/** [kh, kw, channels, filters] → [filters, channels, kh, kw]. */
export function convKernel(kernel: Weight): Weight {
  const [kh, kw, channels, filters] = kernel.shape as [number, number, number, number]
  return { shape: [filters, channels, kh, kw], data: tapsLast(kernel, 'filters first') }
}

/** [kh, kw, channels, multiplier] → [channels · multiplier, 1, kh, kw]. */
export function depthwiseKernel(kernel: Weight): Weight {
  const [kh, kw, channels, multiplier] = kernel.shape as [number, number, number, number]
  return { shape: [channels * multiplier, 1, kh, kw], data: tapsLast(kernel, 'channels first') }
}

/**
 * [inputs, units] → [units, inputs].
 *
 * @param flattened - [height, width, channels] if the inputs are a flattened image, channels last. The result has channels first.
 */
export function denseKernel(kernel: Weight, flattened: readonly [number, number, number] | null): Weight {
  const [inputs, units] = kernel.shape as [number, number]
  const [height, width, channels] = flattened ?? [1, 1, inputs]
  const data = new Float32Array(inputs * units)
  for (let pixel = 0; pixel < height * width; pixel++) {
    for (let channel = 0; channel < channels; channel++) {
      const column = channel * height * width + pixel
      const row = pixel * channels + channel
      for (let unit = 0; unit < units; unit++) data[unit * inputs + column] = kernel.data[row * units + unit]!
    }
  }
  return { shape: [units, inputs], data }
}

/** [taps, channels, filters] with the taps (the values of a kernel) moved to the end; `order` says which axis comes first. */
function tapsLast({ shape, data: old }: Weight, order: 'filters first' | 'channels first'): Float32Array {
  const [kh, kw, channels, filters] = shape as [number, number, number, number]
  const taps = kh * kw
  const data = new Float32Array(old.length)
  for (let tap = 0; tap < taps; tap++) {
    for (let c = 0; c < channels; c++) {
      for (let f = 0; f < filters; f++) {
        const row = order === 'filters first' ? f * channels + c : c * filters + f
        data[row * taps + tap] = old[(tap * channels + c) * filters + f]!
      }
    }
  }
  return data
}
