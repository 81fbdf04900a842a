/** Turns a network's logits into scores in [0, 1]. */

import { assertFloat32 } from '../check/float32.js'
import { assertKnown, assertOneOf, assertPositive } from '../check/options.js'
import { wrongOption } from '../check/wrong-value.js'
import { EscError } from '../error.js'

/**
 * `softmax`: each example has exactly one label. `sigmoid`: each label is decided separately, for networks trained with a
 * sigmoid loss.
 */
export type Activation = 'softmax' | 'sigmoid'

/** Options of {@link scoresOf} and {@link clipLogits}. */
export interface ScoreOptions {
  /**
   * The logits are divided by this number > 0 first. A number above 1 makes scores less sure, a number below 1 more sure.
   * @defaultValue `1`
   */
  temperature?: number | undefined
}

/**
 * Turns rows of logits into scores. It computes in float64.
 *
 * @param logits - [rows, classes].
 * @returns One array for each row, with one score in [0, 1] for each class. Scores of `softmax` sum to 1.
 * @throws EscError INVALID_INPUT if the number of logits is not a multiple of `classes`; INVALID_OPTION if the activation is
 *   unknown, or the temperature is not a number > 0.
 * @see Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks, for the temperature.
 * @example scoresOf(Float32Array.of(0, 0), 2, 'softmax') // [[0.5, 0.5]]
 */
export function scoresOf(
  logits: Float32Array,
  classes: number,
  activation: Activation,
  options: ScoreOptions = {},
): number[][] {
  assertLogits(logits, classes, activation)
  const temperature = temperatureOf('scoresOf', options)
  return Array.from({ length: logits.length / classes }, (_, row) => {
    const values = Array.from(logits.subarray(row * classes, (row + 1) * classes), (logit) =>
      divided(logit, temperature),
    )
    return activation === 'softmax' ? softmax(values) : values.map((value) => 1 / (1 + Math.exp(-value)))
  })
}

function temperatureOf(owner: string, options: ScoreOptions): number {
  assertKnown(owner, options, { temperature: true })
  const { temperature = 1 } = options
  assertPositive('temperature', temperature)
  return temperature
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

/** A quotient beyond the range of float32 becomes the largest number: infinite logits would make scores of NaN. */
function divided(logit: number, temperature: number): number {
  return Math.max(-largestFloat32, Math.min(largestFloat32, logit / temperature))
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
 * The temperature divides the logits of each window, before the windows' scores are averaged. So the best label of a clip of one
 * window does not depend on the temperature. The best label of a clip of several windows may depend on it.
 *
 * @param logits - [windows, classes]. Logits of a single window are returned as they are if the temperature is 1.
 * @returns [classes]. They are already divided by the temperature: `scoresOf` must not divide them again.
 * @throws EscError INVALID_INPUT if there is no window, or the number of logits is not a multiple of `classes`; INVALID_OPTION if
 *   the activation is unknown, or the temperature is not a number > 0.
 * @example scoresOf(clipLogits(Float32Array.of(0, 0, 100, 0), 2, 'softmax'), 2, 'softmax') // [[0.75, 0.25]]
 */
export function clipLogits(
  logits: Float32Array,
  classes: number,
  activation: Activation,
  options: ScoreOptions = {},
): Float32Array {
  assertLogits(logits, classes, activation)
  const temperature = temperatureOf('clipLogits', options)
  if (logits.length === classes) {
    return temperature === 1 ? logits : logits.map((logit) => divided(logit, temperature))
  }
  if (logits.length === 0) throw noRows(logits, classes)
  const windows = logits.length / classes
  const rows = Array.from({ length: windows }, (_, w) =>
    Array.from(logits.subarray(w * classes, (w + 1) * classes), (logit) => divided(logit, temperature)),
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
