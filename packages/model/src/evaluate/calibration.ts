/** Metrics of how true scores are as probabilities: log loss, Brier score, calibration error with its bins. */
import { assertInteger, assertKnown } from '@esc/core'
import { assertProbabilities } from './score-checks.js'

/**
 * Mean of the negative natural logarithm of the true class's score. The rows are scaled to a sum of 1. Scores nearer to 0 or 1 than
 * 2⁻⁵² are moved to that distance, so the loss is finite. For logits, `crossEntropy` is more exact.
 *
 * @param yTrue - Class index of each row.
 * @param scores - [rows, classes], in [0, 1].
 * @returns >= 0, in nats.
 * @throws EscError INVALID_INPUT if there are no rows, the lengths differ, a score is not in [0, 1], a row sums to 0, or a class is
 *   outside; INVALID_OPTION if `classes` is not an integer >= 1.
 * @see scikit-learn 1.2 `log_loss`. Differs from scikit-learn: scores of one class alone are taken, and their loss is 0.
 * @example logLoss([0], [0.5, 0.5], 2) // 0.693147
 */
export function logLoss(yTrue: ArrayLike<number>, scores: ArrayLike<number>, classes: number): number {
  assertProbabilities(yTrue, scores, classes)
  const clip = (score: number) => Math.min(1 - Number.EPSILON, Math.max(Number.EPSILON, score))
  let total = 0
  for (let row = 0; row < yTrue.length; row++) {
    let sum = 0
    for (let i = row * classes; i < (row + 1) * classes; i++) sum += clip(scores[i]!)
    total -= Math.log(clip(scores[row * classes + yTrue[row]!]!) / sum)
  }
  // The sum of one score is the score itself, and its loss must not be -0.
  return Math.max(0, total / yTrue.length)
}

/**
 * Brier score: the mean over rows of the sum over classes of `(score − target)²`, where the target is 1 for the true class and 0 for
 * the others.
 *
 * @param yTrue - Class index of each row.
 * @param scores - [rows, classes], in [0, 1].
 * @returns In [0, classes]; in [0, 2] for scores that sum to 1. 0 is best.
 * @throws EscError INVALID_INPUT, INVALID_OPTION as {@link logLoss}.
 * @see Brier 1950. Differs from scikit-learn 1.2: `brier_score_loss` takes two classes and the score of one of them. Its value is
 *   half of this one.
 * @example brierScore([0], [0.8, 0.2], 2) // 0.08
 */
export function brierScore(yTrue: ArrayLike<number>, scores: ArrayLike<number>, classes: number): number {
  assertProbabilities(yTrue, scores, classes)
  let sum = 0
  for (let row = 0; row < yTrue.length; row++) {
    for (let c = 0; c < classes; c++) {
      const error = scores[row * classes + c]! - (c === yTrue[row] ? 1 : 0)
      sum += error * error
    }
  }
  return sum / yTrue.length
}

/** Rows whose best score lies in one interval. */
export interface ReliabilityBin {
  /** The bin holds scores in (lower, upper]; the first bin holds 0, too. */
  lower: number
  upper: number
  /** Number of rows. */
  count: number
  /** Mean of the rows' best scores; `null` for an empty bin. */
  meanScore: number | null
  /** Share of the rows whose best label is right; `null` for an empty bin. */
  accuracy: number | null
}

/** Result of {@link calibrationError}. */
export interface Calibration {
  /** Expected calibration error, in [0, 1]; 0 is best. */
  ece: number
  /** The bins, from 0 to 1. A reliability diagram shows them. */
  reliability: ReliabilityBin[]
}

/** Options of {@link calibrationError}. */
export interface CalibrationOptions {
  /** Number of bins of equal width. @defaultValue `15` */
  bins?: number | undefined
}

/**
 * Expected calibration error: how far the best score of a row is from the share of rows in which it is right. The rows are sorted
 * into bins by their best score. The error is the mean of `|accuracy − meanScore|`, weighted by the bins' counts.
 *
 * @param yTrue - Class index of each row.
 * @param scores - [rows, classes], in [0, 1].
 * @throws EscError INVALID_INPUT as {@link logLoss}; INVALID_OPTION if `bins` or `classes` is not an integer >= 1.
 * @see Guo, Pleiss, Sun and Weinberger 2017, On Calibration of Modern Neural Networks; for the bins scikit-learn 1.2
 *   `calibration_curve(strategy='uniform')`.
 * @example calibrationError([0, 0, 1], [0.9, 0.1, 0.8, 0.2, 0.7, 0.3], 2).ece
 */
export function calibrationError(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
  options: CalibrationOptions = {},
): Calibration {
  assertKnown('calibrationError', options, { bins: true })
  const { bins = 15 } = options
  assertInteger('bins', bins, 1, 10_000)
  assertProbabilities(yTrue, scores, classes)
  const [counts, sums, hits] = [new Float64Array(bins), new Float64Array(bins), new Float64Array(bins)]
  for (let row = 0; row < yTrue.length; row++) {
    let best = 0
    for (let c = 1; c < classes; c++) {
      if (scores[row * classes + c]! > scores[row * classes + best]!) best = c
    }
    const score = scores[row * classes + best]!
    const bin = binOf(score, bins)
    counts[bin]!++
    sums[bin]! += score
    if (best === yTrue[row]) hits[bin]!++
  }
  let ece = 0
  const reliability = Array.from(counts, (count, bin): ReliabilityBin => {
    ece += Math.abs(hits[bin]! - sums[bin]!) / yTrue.length
    const mean = (sum: number) => (count === 0 ? null : sum / count)
    const [meanScore, accuracy] = [mean(sums[bin]!), mean(hits[bin]!)]
    return { lower: bin / bins, upper: (bin + 1) / bins, count, meanScore, accuracy }
  })
  return { ece, reliability }
}

/** The bin whose interval (lower, upper] holds the score. The product may be off by one rounding, so the edges decide. */
function binOf(score: number, bins: number): number {
  let bin = Math.max(0, Math.ceil(score * bins) - 1)
  if (bin > 0 && score <= bin / bins) bin--
  else if (score > (bin + 1) / bins) bin++
  return bin
}
