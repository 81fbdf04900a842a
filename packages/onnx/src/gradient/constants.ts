/** Constants and sums that many rules use; their names begin with the name of the layer. */
import type { GraphBuilder } from '../builder.js'
import { int64Vector } from '../tensor.js'

/** A constant of axes, for operators that take axes as an input. */
export function axes(g: GraphBuilder, nodeName: string, values: readonly number[]): string {
  return vector(g, `${nodeName}:axes${values.join('')}`, values)
}

/** A constant of integers (an int64 vector). */
export function vector(g: GraphBuilder, name: string, values: readonly number[]): string {
  return g.constant(name, int64Vector(values))
}

/**
 * The sum of [N, C, H, W] for each channel, [C]. It sums over the pixels of each image first, then over the images. In one step, ONNX
 * Runtime adds the values of a single channel one by one, and float32 loses half of its digits.
 */
export function channelSum(g: GraphBuilder, nodeName: string, value: string): string {
  const perImage = g.node('ReduceSum', [value, axes(g, nodeName, [2, 3])], { keepdims: { int: 0 } })
  return g.node('ReduceSum', [perImage, axes(g, nodeName, [0])], { keepdims: { int: 0 } })
}
