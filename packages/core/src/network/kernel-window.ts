/** Windows of convolutions and pools along one axis: how many there are, and how much padding they need. */
import type { Padding } from './graph.js'

/**
 * Returns the number of windows on an axis: ⌈length / stride⌉ for `same`; for `valid` the number of windows that lie inside.
 *
 * @param window - Length of the window, from its first value to its last: `(taps - 1) · dilation + 1`.
 * @example windowCount(5, 3, 2, 'valid') // 2
 */
export function windowCount(length: number, window: number, stride: number, padding: Padding): number {
  return padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1
}

/**
 * Returns the number of zeros that are needed before and behind an axis. `valid` needs none. `same` needs as many as give
 * ⌈length / stride⌉ windows; if the number of zeros is odd, the additional zero stands behind.
 *
 * @param window - Length of the window, from its first value to its last: `(taps - 1) · dilation + 1`.
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
