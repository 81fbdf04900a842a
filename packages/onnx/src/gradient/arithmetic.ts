/** Formulas as operators. */
import type { GraphBuilder } from '../builder.js'
import { scalar } from '../tensor.js'

/** Writes an operator with one output; each operand is a value's name or a number. */
export type Arithmetic = (opType: string, ...operands: readonly (string | number)[]) => string

/**
 * Equal numbers become one float32 constant, named after `prefix` and the number.
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
