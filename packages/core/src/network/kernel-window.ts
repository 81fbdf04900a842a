/** How the window of a convolution or a pool goes along an axis: how often it fits, and how much padding it needs. */
import type { Padding } from './graph.js'

/**
 * Windows that fit on an axis: ⌈length / stride⌉ for `same`, for `valid` as many as stay inside.
 *
 * @param window - Values from a window's first to its last, `(taps - 1) · dilation + 1`.
 * @example windowCount(5, 3, 2, 'valid') // 2
 */
export function windowCount(length: number, window: number, stride: number, padding: Padding): number {
  return padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1
}

/**
 * Zeros that a window needs before and behind an axis: none for `valid`; for `same` as many as make ⌈length / stride⌉ windows,
 * the odd one behind.
 *
 * @param window - Values from a window's first to its last, `(taps - 1) · dilation + 1`.
 * @see ONNX Conv, `auto_pad` SAME_UPPER; TensorFlow's `SAME`.
 * @example windowPads(5, 3, 2, 'same') // [1, 1]
 */
export function windowPads(
  length: number,
  window: number,
  stride: number,
  padding: Padding,
): [before: number, behind: number] {
  const reached = (windowCount(length, window, stride, padding) - 1) * stride + window
  const total = padding === 'same' ? Math.max(0, reached - length) : 0
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
