/** The builder of a training step: a graph builder in which equal constants are one. */
import { createGraphBuilder, type GraphBuilder } from '../builder.js'
import { floatTensor, int64Vector } from '../tensor.js'

/** A graph builder with the constants that many rules use. */
export interface StepBuilder extends GraphBuilder {
  /** A constant int64 vector. */
  ints(values: readonly number[]): string
  /** A constant float32 vector. */
  floats(values: readonly number[]): string
  /** A constant float32 tensor whose values are all the same. @param dims - Without dims, it is a scalar. */
  filled(value: number, dims?: readonly number[]): string
}

/** Starts an empty graph. */
export function createStepBuilder(name: string): StepBuilder {
  const g = createGraphBuilder({ name })
  const made = new Map<string, string>()
  const once = (constantName: string, make: (name: string) => string) => {
    const known = made.get(constantName) ?? make(constantName)
    made.set(constantName, known)
    return known
  }
  return {
    ...g,
    ints: (values) => once(`int64 [${values}]`, (name) => g.constant(name, int64Vector(values))),
    floats: (values) => once(`float32 [${values}]`, (name) => g.constant(name, floatTensor(values))),
    filled(value, dims = []) {
      const size = dims.reduce((product, length) => product * length, 1)
      const data = () => floatTensor(new Float32Array(size).fill(value), dims)
      return once(`float32 ${value} [${dims}]`, (name) => g.constant(name, data()))
    },
  }
}
