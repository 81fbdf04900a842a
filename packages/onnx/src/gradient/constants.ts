/** Constants that rules need, under names that belong to their layer. */
import type { GraphBuilder } from '../builder.js'
import { int64Vector } from '../tensor.js'

/** The axes as an int64 vector, for operators that take them as an input. */
export function axes(g: GraphBuilder, nodeName: string, values: readonly number[]): string {
  return vector(g, `${nodeName}:axes${values.join('')}`, values)
}

/** An int64 vector. */
export function vector(g: GraphBuilder, name: string, values: readonly number[]): string {
  return g.constant(name, int64Vector(values))
}

/**
 * The sum of [N, C, H, W] for each channel, [C]: over the pixels of each image, then over the images. At once, ONNX Runtime adds a
 * single channel up one by one, which costs float32 half its digits.
 */
export function channelSum(g: GraphBuilder, nodeName: string, value: string): string {
  const perImage = g.node('ReduceSum', [value, axes(g, nodeName, [2, 3])], { keepdims: { int: 0 } })
  return g.node('ReduceSum', [perImage, axes(g, nodeName, [0])], { keepdims: { int: 0 } })
}
