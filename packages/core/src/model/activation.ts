/** Turns a network's logits into scores in [0, 1]. */

import { assertFloat32 } from '../check/float32.js'
import { assertOneOf } from '../check/options.js'
import { wrongOption } from '../check/wrong-value.js'
import { EscError } from '../error.js'

/**
 * `softmax`: each example has exactly one label. `sigmoid`: each label is decided separately, for networks trained with a
 * sigmoid loss.
 */
export type Activation = 'softmax' | 'sigmoid'

/**
 * Turns rows of logits into scores. It computes in float64.
 *
 * @param logits - [rows, classes].
 * @returns One array for each row, with one score in [0, 1] for each class. Scores of `softmax` sum to 1.
 * @throws EscError INVALID_INPUT if the number of logits is not a multiple of `classes`; INVALID_OPTION if the activation is
 *   unknown.
 * @example scoresOf(Float32Array.of(0, 0), 2, 'softmax') // [[0.5, 0.5]]
 */
export function scoresOf(logits: Float32Array, classes: number, activation: Activation): number[][] {
  assertLogits(logits, classes, activation)
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const values = Array.from(logits.subarray(row * classes, (row + 1) * classes))
    return activation === 'softmax' ? softmax(values) : values.map((value) => 1 / (1 + Math.exp(-value)))
  })
}

function assertLogits(logits: Float32Array, classes: number, activation: Activation): void {
  assertFloat32('logits', logits)
  if (typeof classes !== 'number') throw wrongOption('classes', classes, 'an integer >= 1')
  assertOneOf('activation', activation, ['softmax', 'sigmoid'])
  if (Number.isInteger(classes) && classes >= 1 && logits.length % classes === 0) return
  throw noRows(logits, classes)
}

function noRows({ length }: Float32Array, classes: number): EscError {
  return new EscError('INVALID_INPUT', `${length} logits cannot be divided into rows of ${classes} classes`)
}

function softmax(logits: readonly number[]): number[] {
  const max = Math.max(...logits)
  const powers = logits.map((value) => Math.exp(value - max))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}

/**
 * Combines the logits of a clip's windows into the logits of the clip. Their scores are the mean of the windows' scores.
 *
 * @param logits - [windows, classes]. Logits of a single window are returned as they are.
 * @returns [classes].
 * @throws EscError INVALID_INPUT if there is no window, or the number of logits is not a multiple of `classes`.
 * @example scoresOf(clipLogits(Float32Array.of(0, 0, 100, 0), 2, 'softmax'), 2, 'softmax') // [[0.75, 0.25]]
 */
export function clipLogits(logits: Float32Array, classes: number, activation: Activation): Float32Array {
  assertLogits(logits, classes, activation)
  if (logits.length === classes) return logits
  if (logits.length === 0) throw noRows(logits, classes)
  const windows = logits.length / classes
  const rows = Array.from({ length: windows }, (_, w) =>
    Array.from(logits.subarray(w * classes, (w + 1) * classes)),
  )
  if (activation === 'sigmoid') {
    return Float32Array.from({ length: classes }, (_, label) => {
      const column = rows.map((row) => row[label]!)
      // log σ(x) = -log(1 + e⁻ˣ). Logarithms of the mean's odds keep digits of scores near 0 and near 1.
      const yes = logSumExp(column.map((value) => -logSumExp([0, -value])))
      const no = logSumExp(column.map((value) => -logSumExp([0, value])))
      return yes - no
    })
  }
  const logScores = rows.map((row) => {
    const total = logSumExp(row)
    return row.map((value) => value - total)
  })
  return Float32Array.from({ length: classes }, (_, label) => {
    return logSumExp(logScores.map((row) => row[label]!)) - Math.log(windows)
  })
}

/** Computes `log Σ eˣ` without overflow. */
function logSumExp(values: readonly number[]): number {
  const max = Math.max(...values)
  if (!Number.isFinite(max)) return max
  return max + Math.log(values.reduce((sum, value) => sum + Math.exp(value - max), 0))
}
