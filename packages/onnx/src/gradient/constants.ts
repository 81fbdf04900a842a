/** Constants that rules need, under names that belong to their layer. */
import type { GraphBuilder } from '../builder.js'
import { int64Vector } from '../tensor.js'

/** The axes as an int64 vector, for operators that take them as an input. */
export function axes(g: GraphBuilder, nodeName: string, values: readonly number[]): string {
  return vector(g, `${nodeName}/axes${values.join('')}`, values)
}

/** An int64 vector. */
export function vector(g: GraphBuilder, name: string, values: readonly number[]): string {
  return g.constant(name, int64Vector(values))
}
