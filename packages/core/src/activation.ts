/** From a network's logits to scores in [0, 1]. */
import { EscError } from './error.js'

/** `softmax`: one label of all; `sigmoid`: each label for itself, as a sigmoid loss trains. */
export type Activation = 'softmax' | 'sigmoid'

/**
 * Scores of rows of logits, computed in float64.
 *
 * @param logits - [rows, classes].
 * @returns One array for each row, one score in [0, 1] for each class; of `softmax` they sum to 1.
 * @throws EscError INVALID_INPUT if the logits are no whole rows.
 * @example scoresOf(Float32Array.of(0, 0), 2, 'softmax') // [[0.5, 0.5]]
 */
export function scoresOf(logits: Float32Array, classes: number, activation: Activation): number[][] {
  if (!(classes >= 1) || logits.length % classes !== 0) {
    throw new EscError('INVALID_INPUT', `${logits.length} logits are no whole rows of ${classes} classes`)
  }
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const values = Array.from(logits.subarray(row * classes, (row + 1) * classes))
    return activation === 'softmax' ? softmax(values) : values.map((value) => 1 / (1 + Math.exp(-value)))
  })
}

function softmax(logits: readonly number[]): number[] {
  const max = Math.max(...logits)
  const powers = logits.map((value) => Math.exp(value - max))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

/**
 * The mean of a clip's windows, class by class.
 *
 * @param rows - Scores of one window or more, of equal length.
 * @example averageScores([[0.5, 0.5], [1, 0]]) // [0.75, 0.25]
 */
export function averageScores(rows: readonly (readonly number[])[]): number[] {
  if (rows.length === 0) throw new EscError('INVALID_INPUT', 'scores of no window have no mean')
  return rows[0]!.map((_, label) => rows.reduce((sum, row) => sum + row[label]!, 0) / rows.length)
}
