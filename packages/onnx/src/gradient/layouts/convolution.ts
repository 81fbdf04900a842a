/** One convolution of a training step: its kernel, window and shapes. */
import { type Conv2DNode, type DepthwiseConv2DNode, windowCount } from '@esc/core'
import { type ConvWindow, convWindow } from '../../window-attributes.js'

/** One convolution that a layer consists of. */
export interface Convolution {
  /** Prefix of the names of its constants. */
  name: string
  /** Name of the value that holds the kernel. */
  kernel: string
  /** [filters, channels / groups, kh, kw]. */
  kernelShape: readonly number[]
  window: ConvWindow
  /** [channels, rows, columns]. */
  inputShape: readonly number[]
  outputShape: readonly number[]
}

/** A layer of one convolution in the form that layouts take. */
export function convolutionOf(
  node: Conv2DNode | DepthwiseConv2DNode,
  inputShape: readonly number[],
): Convolution {
  const { name, weights, attributes } = node
  const window = convWindow(node, inputShape)
  const outputImage = inputShape.slice(1).map((length, axis) => {
    const reach = (weights.kernel.shape[axis + 2]! - 1) * window.dilations.ints[axis]! + 1
    return windowCount(length, reach, window.strides.ints[axis]!, attributes.padding)
  })
  return {
    name,
    kernel: `${name}.kernel`,
    kernelShape: weights.kernel.shape,
    window,
    inputShape,
    outputShape: [weights.kernel.shape[0]!, ...outputImage],
  }
}

/** For each axis of the image: the distance from the first to the last tap (position in the kernel). */
export function reachOf({ kernelShape, window }: Convolution): [rows: number, columns: number] {
  const [dilationH, dilationW] = window.dilations.ints as [number, number]
  return [(kernelShape[2]! - 1) * dilationH, (kernelShape[3]! - 1) * dilationW]
}
