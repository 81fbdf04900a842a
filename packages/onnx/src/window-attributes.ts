/** The windows of convolutions and pools as attributes of ONNX operators. */
import {
  type Conv2DNode,
  type DepthwiseConv2DNode,
  type Padding,
  type PoolNode,
  type SeparableConv2DNode,
  type Size2,
  windowPads,
} from '@esc/core'

/** A window as attributes of ONNX's Conv and pooling operators; `pads` is top, left, bottom, right. */
export type WindowAttributes = Readonly<
  Record<'kernel_shape' | 'strides' | 'pads', { ints: readonly number[] }>
>

/** The window of a convolution as attributes of ONNX's Conv. */
export type ConvWindow = WindowAttributes & {
  readonly dilations: { ints: readonly number[] }
  readonly group: { int: number }
}

/**
 * The attributes of ONNX's Conv for a convolution. For a SeparableConv2D, they belong to its depthwise part.
 *
 * @param inputShape - Shape of the layer's input, [channels, rows, columns].
 */
export function convWindow(
  node: Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode,
  inputShape: readonly number[],
): ConvWindow {
  const { padding, strides = [1, 1], dilations = [1, 1] } = node.attributes
  const { shape } = node.op === 'SeparableConv2D' ? node.weights.depthwise : node.weights.kernel
  const size = [shape[2]!, shape[3]!] as const
  return {
    ...windowAttributes({ size, strides, dilations, padding }, inputShape),
    dilations: { ints: dilations },
    group: { int: node.op === 'Conv2D' ? (node.attributes.groups ?? 1) : inputShape[0]! },
  }
}

/** The attributes of ONNX's MaxPool and AveragePool. @param inputShape - Shape of the layer's input, [channels, rows, columns]. */
export function poolWindow(node: PoolNode, inputShape: readonly number[]): WindowAttributes {
  const { size, strides = size, padding = 'valid' } = node.attributes
  return windowAttributes({ size, strides, dilations: [1, 1], padding }, inputShape)
}

function windowAttributes(
  window: { size: Size2; strides: Size2; dilations: Size2; padding: Padding },
  [, height, width]: readonly number[],
): WindowAttributes {
  const { size, strides, dilations, padding } = window
  const pads = (length: number, axis: 0 | 1) =>
    windowPads(length, (size[axis] - 1) * dilations[axis] + 1, strides[axis], padding)
  const [top, bottom] = pads(height!, 0)
  const [left, right] = pads(width!, 1)
  return {
    kernel_shape: { ints: size },
    strides: { ints: strides },
    pads: { ints: [top, left, bottom, right] },
  }
}
