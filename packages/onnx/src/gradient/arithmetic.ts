/** Writes formulas as operators. */
import type { GraphBuilder } from '../builder.js'
import { scalar } from '../tensor.js'

/** Writes an operator with one output and returns its name. Each operand is the name of a value, or a number. */
export type Arithmetic = (opType: string, ...operands: readonly (string | number)[]) => string

/**
 * Makes a function that writes operators. Equal numbers become one float32 constant, whose name is `prefix` and the number.
 *
 * @example
 * const op = createArithmetic(g, 'loss')
 * const smoothed = op('Add', op('Mul', 'target', 0.9), 0.01)
 */
export function createArithmetic(g: GraphBuilder, prefix: string): Arithmetic {
  const constants = new Map<number, string>()
  const constant = (value: number) => {
    const name = constants.get(value) ?? g.constant(`${prefix}:${value}`, scalar(value))
    constants.set(value, name)
    return name
  }
  return (opType, ...operands) =>
    g.node(
      opType,
      operands.map((operand) => (typeof operand === 'number' ? constant(operand) : operand)),
    )
}
