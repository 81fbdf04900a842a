/** Logits of clips from the logits of their windows, and the loss of logits. */
import { type Activation, clipLogits } from '@esc/core'

/** The examples of each clip, as rows, in the order in which the clips first appear. */
export function rowsByClip(clipIds: readonly string[]): Map<string, number[]> {
  const rows = new Map<string, number[]>()
  for (const [row, clipId] of clipIds.entries()) {
    const known = rows.get(clipId)
    if (known) known.push(row)
    else rows.set(clipId, [row])
  }
  return rows
}

/**
 * Logits of clips. A clip of one example has that example's logits. A clip of several examples has logits whose scores are the mean
 * of the examples' scores. The temperature divides the logits of the examples first.
 *
 * @param logits - [examples, classes].
 * @returns [clips, classes].
 */
export function logitsByClip(
  logits: Float32Array,
  clips: readonly (readonly number[])[],
  classes: number,
  activation: Activation,
  temperature = 1,
): Float32Array {
  const byClip = new Float32Array(clips.length * classes)
  for (const [clip, rows] of clips.entries()) {
    const windows = new Float32Array(rows.length * classes)
    for (const [i, row] of rows.entries())
      windows.set(logits.subarray(row * classes, (row + 1) * classes), i * classes)
    byClip.set(clipLogits(windows, classes, activation, { temperature }), clip * classes)
  }
  return byClip
}

/**
 * Mean loss of rows of logits: softmax cross-entropy, the mean over rows; or with `sigmoid` binary cross-entropy, the mean over rows
 * and classes.
 *
 * @param targets - [rows, classes].
 * @see torch.nn.functional.cross_entropy, binary_cross_entropy_with_logits.
 */
export function meanLoss(
  logits: Float32Array,
  targets: Float32Array,
  classes: number,
  activation: Activation,
): number {
  const rows = logits.length / classes
  let sum = 0
  for (let row = 0; row < rows; row++) {
    const [from, to] = [row * classes, (row + 1) * classes]
    const rowLoss = activation === 'sigmoid' ? binaryLoss : softmaxLoss
    sum += rowLoss(logits.subarray(from, to), targets.subarray(from, to))
  }
  return sum / (activation === 'sigmoid' ? rows * classes : rows)
}

function softmaxLoss(logits: Float32Array, target: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY
  for (const value of logits) max = Math.max(max, value)
  let [partition, dot, share] = [0, 0, 0]
  for (let c = 0; c < logits.length; c++) {
    partition += Math.exp(logits[c]! - max)
    dot += logits[c]! * target[c]!
    share += target[c]!
  }
  return share * (Math.log(partition) + max) - dot
}

/** Sum of the binary cross-entropies of the classes. */
function binaryLoss(logits: Float32Array, target: Float32Array): number {
  let sum = 0
  for (let c = 0; c < logits.length; c++) {
    const logit = logits[c]!
    sum += Math.max(logit, 0) - logit * target[c]! + Math.log1p(Math.exp(-Math.abs(logit)))
  }
  return sum
}
