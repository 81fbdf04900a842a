/** Convolutions of channels-last images in differentiable tf ops. */
import { type Padding, type Size2, windowPads } from '@esc/core'
import * as tf from '@tensorflow/tfjs'

/** How a kernel moves over the image. */
export interface ConvolveOptions {
  padding: Padding
  strides?: Size2
  dilations?: Size2
  groups?: number
}

/**
 * A 2-D convolution with gradients. The convolution of tfjs itself has no groups, and no gradients for dilated kernels.
 *
 * @param image - [N, H, W, C].
 * @param kernel - [filters, C / groups, kh, kw], as networks hold it.
 * @returns [N, H', W', filters].
 * @example convolve(image, kernel, { padding: 'same', strides: [2, 2] })
 */
export function convolve(image: tf.Tensor4D, kernel: tf.Tensor4D, options: ConvolveOptions): tf.Tensor4D {
  const { padding, strides = [1, 1], dilations = [1, 1], groups = 1 } = options
  const [filters, perGroup] = kernel.shape
  // A dilated kernel is the same as a larger kernel with zeros between its values.
  const spread = spreadTaps(spreadTaps(kernel, 2, dilations[0]), 3, dilations[1])
  const hwio = spread.transpose<tf.Tensor4D>([2, 3, 1, 0])
  if (groups === 1) return differentiableConv(image, hwio, strides, padding)
  if (perGroup === 1) {
    const [kh, kw] = hwio.shape
    const depthwise = hwio.reshape<tf.Tensor4D>([kh, kw, groups, filters / groups])
    return tf.depthwiseConv2d(image, depthwise, [...strides], padding)
  }
  const images = tf.split(image, groups, 3) as tf.Tensor4D[]
  const kernels = tf.split(hwio, groups, 3) as tf.Tensor4D[]
  return tf.concat4d(
    images.map((part, i) => differentiableConv(part, kernels[i]!, strides, padding)),
    3,
  )
}

/**
 * `conv2d` of tfjs with another computation of the kernel's gradient, because that of tfjs takes most of a step in its CPU backend.
 * Here the gradient is a convolution: the image, with clips and channels swapped, and the output's gradient as a kernel, dilated by
 * the strides.
 */
function differentiableConv(
  image: tf.Tensor4D,
  hwio: tf.Tensor4D,
  strides: Size2,
  padding: Padding,
): tf.Tensor4D {
  const step: [number, number] = [...strides]
  const [kh, kw, channels, filters] = hwio.shape
  const rows = windowPads(image.shape[1], kh, strides[0], padding)
  const columns = windowPads(image.shape[2], kw, strides[1], padding)
  const convolution = tf.customGrad((x, kernel, save) => {
    const [input, taps] = [x as tf.Tensor4D, kernel as tf.Tensor4D]
    ;(save as tf.GradSaveFunc)([input, taps])
    const gradFunc = (dOutput: tf.Tensor, saved: tf.Tensor[]) => {
      const [input, taps] = saved as [tf.Tensor4D, tf.Tensor4D]
      const dy = dOutput as tf.Tensor4D
      const padded = input.pad([[0, 0], rows, columns, [0, 0]]).transpose<tf.Tensor4D>([3, 1, 2, 0])
      const dKernel = tf.conv2d(padded, dy.transpose<tf.Tensor4D>([1, 2, 0, 3]), 1, 'valid', 'NHWC', step)
      // Rows and columns that the strides leave over at the far edges make the result larger than the kernel.
      const cropped = dKernel.slice([0, 0, 0, 0], [channels, kh, kw, filters])
      return [tf.conv2dTranspose(dy, taps, input.shape, step, padding), cropped.transpose([1, 2, 0, 3])]
    }
    return { value: tf.conv2d(input, taps, step, padding), gradFunc }
  })
  return convolution(image, hwio) as tf.Tensor4D
}

/** Puts `dilation - 1` zeros between the values along one axis. */
function spreadTaps(kernel: tf.Tensor4D, axis: 2 | 3, dilation: number): tf.Tensor4D {
  const taps = kernel.shape[axis]
  if (dilation === 1 || taps === 1) return kernel
  const before = kernel.shape.slice(0, axis).reduce((a, b) => a * b, 1)
  const behind = kernel.shape.slice(axis + 1).reduce((a, b) => a * b, 1)
  const padded = kernel.reshape<tf.Tensor3D>([before, taps, behind]).pad([
    [0, 0],
    [0, 0],
    [0, (dilation - 1) * behind],
  ])
  const length = (taps - 1) * dilation + 1
  const shape: [number, number, number, number] = [...kernel.shape]
  shape[axis] = length
  return padded
    .reshape([before, taps * dilation, behind])
    .slice([0, 0, 0], [before, length, behind])
    .reshape(shape)
}
