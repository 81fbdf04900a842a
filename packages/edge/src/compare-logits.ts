/** Parity: how close the outputs of two models are, such as a float model and its int8 copy. */
import { assertFloat32, assertInteger, EscError } from '@esc/core'

/** How close two models are on the same examples. */
export interface Parity {
  /** Share of examples for which both models choose the same class, in [0, 1]. */
  agreement: number
  /** Largest absolute difference of a logit (an output before softmax or sigmoid). */
  maxLogitError: number
  /** Mean absolute difference of a logit. */
  meanLogitError: number
}

/**
 * Compares the logits of two models on the same examples.
 *
 * @param reference - Logits of the first model, [examples, classes].
 * @param candidate - Logits of the second model, same shape.
 * @throws EscError INVALID_INPUT if there are no logits, or the lengths differ.
 * @example const { agreement } = compareLogits(reference, candidate, labels.length)
 */
export function compareLogits(reference: Float32Array, candidate: Float32Array, classes: number): Parity {
  assertFloat32('reference', reference)
  assertFloat32('candidate', candidate)
  assertInteger('classes', classes, 1)
  if (reference.length === 0 || reference.length !== candidate.length || reference.length % classes !== 0) {
    throw new EscError(
      'INVALID_INPUT',
      `got ${reference.length} and ${candidate.length} logits for ${classes} classes; both must have the same number, ${classes} for each example`,
    )
  }
  const rows = reference.length / classes
  let same = 0
  let max = 0
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const start = row * classes
    let [best, bestCandidate] = [start, start]
    for (let i = start; i < start + classes; i++) {
      const error = Math.abs(reference[i]! - candidate[i]!)
      sum += error
      max = Math.max(max, error)
      if (reference[i]! > reference[best]!) best = i
      if (candidate[i]! > candidate[bestCandidate]!) bestCandidate = i
    }
    if (best === bestCandidate) same++
  }
  return { agreement: same / rows, maxLogitError: max, meanLogitError: sum / reference.length }
}
