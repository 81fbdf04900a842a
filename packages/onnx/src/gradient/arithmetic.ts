/** Writes formulas as operators. */
import type { StepBuilder } from './step-builder.js'

/** Writes an operator with one output and returns its name. Each operand is the name of a value, or a number. */
export type Arithmetic = (opType: string, ...operands: readonly (string | number)[]) => string

/**
 * Makes a function that writes operators. Numbers become float32 constants.
 *
 * @example
 * const op = createArithmetic(g)
 * const smoothed = op('Add', op('Mul', 'target', 0.9), 0.01)
 */
export function createArithmetic(g: StepBuilder): Arithmetic {
  return (opType, ...operands) =>
    g.node(
      opType,
      operands.map((operand) => (typeof operand === 'number' ? g.filled(operand) : operand)),
    )
}
