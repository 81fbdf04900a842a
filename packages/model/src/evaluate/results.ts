/** From a model's outputs to predictions and to an evaluation. */
import { type Activation, scoresOf } from '@esc/core'
import { meanLoss } from './clip-scores.js'
import { argmaxRows, type ClassificationReport, classificationReport } from './metrics.js'
import type { ClipOutputs } from './run-session.js'

/** A model's prediction for one clip. */
export interface ClipPrediction {
  clipId: string
  /** Index of the true label. */
  labelIndex: number
  /** Index of the label with the highest score; the first one on a tie. */
  predictedIndex: number
  /** One score in [0, 1] for each label. A clip of several windows has their mean. */
  scores: readonly number[]
}

/**
 * A {@link ClassificationReport} over clips, with the predictions it was computed from. One label of each clip counts as true:
 * `labelIndex`, also if the target of an example has several labels.
 */
export interface Evaluation extends ClassificationReport {
  /** Mean cross-entropy over the clips; binary cross-entropy for a sigmoid model. */
  loss: number
  /** [clips, classes], in the order of `clips`. */
  logits: Float32Array
  /** One prediction for each clip, in the order in which the clips first appear. */
  clips: readonly ClipPrediction[]
}

export function predictionsOf(
  { clipIds, labelIndices, logits }: ClipOutputs,
  activation: Activation,
): ClipPrediction[] {
  const classes = logits.length / clipIds.length
  const predicted = argmaxRows(logits, classes)
  const scores = scoresOf(logits, classes, activation)
  return clipIds.map((clipId, clip) => ({
    clipId,
    labelIndex: labelIndices[clip]!,
    predictedIndex: predicted[clip]!,
    scores: scores[clip]!,
  }))
}

export function evaluationOf(
  outputs: ClipOutputs,
  labels: readonly string[],
  activation: Activation,
): Evaluation {
  const clips = predictionsOf(outputs, activation)
  const { labelIndices, logits } = outputs
  const targets = new Float32Array(logits.length)
  for (const [clip, label] of labelIndices.entries()) targets[clip * labels.length + label] = 1
  return {
    ...classificationReport(
      labelIndices,
      clips.map(({ predictedIndex }) => predictedIndex),
      labels,
    ),
    loss: meanLoss(logits, targets, labels.length, activation),
    logits,
    clips,
  }
}
