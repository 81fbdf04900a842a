/** The results of `predict` and `evaluate`: predictions of clips, and figures over them. */
import { type Activation, scoresOf } from '@esc/core'
import type { BootstrapInterval } from './bootstrap.js'
import type { ReliabilityBin } from './calibration.js'
import type { ConfusedPair } from './confused-pairs.js'
import { argmaxRows, type ClassificationReport, type ClassScores } from './metrics.js'
import type { ClassMean, RankingScores } from './ranking.js'
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

/** All figures of one class. */
export interface EvaluatedClass extends ClassScores, RankingScores {}

/** What every {@link Evaluation} has. A figure that is not defined is `null`, never NaN. */
export interface EvaluationFigures extends Omit<ClassificationReport, 'perClass' | 'confusion'> {
  perClass: EvaluatedClass[]
  /** Mean of the classes' areas under the ROC curve, one class against the rest. */
  rocAuc: ClassMean
  /** Mean of the classes' average precisions. */
  averagePrecision: ClassMean
  /** 95 % interval of the accuracy by the bootstrap over source groups; `null` if all clips are of one group. */
  accuracyInterval: BootstrapInterval | null
  /** [clips, classes], in the order of `clips`, already divided by the model's temperature: `scoresOf` gives the clips' scores. */
  logits: Float32Array
  /** One prediction for each clip, in the order in which the clips first appear. */
  clips: readonly ClipPrediction[]
}

/**
 * Figures of a softmax model. One label of each clip counts as true: `labelIndex`, also if the target of an example has several
 * labels.
 */
export interface SoftmaxEvaluation extends EvaluationFigures {
  activation: 'softmax'
  /** `confusion[true][predicted]`, counts. */
  confusion: number[][]
  /** Mean cross-entropy over the clips, in nats: the log loss of scikit-learn. */
  loss: number
  /** Brier score, the sum over classes, in [0, 2]; see `brierScore`. */
  brier: number
  /** Mean of the recalls of the classes that have a clip. */
  balancedAccuracy: number
  /** Share of clips whose label is among the three best; `null` with fewer than four classes. */
  topK: { k: 3; accuracy: number } | null
  /** Expected calibration error, from 15 bins; see `calibrationError`. */
  ece: number
  reliability: ReliabilityBin[]
  /** The ten pairs of classes that are confused most. */
  confusedPairs: ConfusedPair[]
  /** Means over all pairs of a clip and a label. They mean nothing where each clip has one label. */
  micro: null
  /** [clips, classes]; only for sigmoid models. */
  targets: null
}

/**
 * Figures of a sigmoid model. A clip may have several labels, or none: a label with a target of at least 0.5 counts as true, and a
 * label with a score of at least 0.5 counts as predicted. `accuracy` is the share of clips for which all labels are right.
 */
export interface SigmoidEvaluation extends EvaluationFigures {
  activation: 'sigmoid'
  /** Mean binary cross-entropy over clips and classes, in nats. */
  loss: number
  /** Mean of `(score − target)²` over clips and classes, in [0, 1]: the mean of scikit-learn's `brier_score_loss` of the classes. */
  brier: number
  /** Each figure once, over all pairs of a clip and a label. */
  micro: { precision: number; recall: number; f1: number } & RankingScores
  /** [clips, classes], in the order of `clips`: the examples' targets, or 1 at their label and 0 elsewhere. */
  targets: Float32Array
  /** A clip of several labels has no cell of its own in a matrix. */
  confusion: null
  balancedAccuracy: null
  topK: null
  ece: null
  reliability: null
  confusedPairs: null
}

/** How well a model predicts clips, and the predictions. `activation` tells the two kinds apart. */
export type Evaluation = SoftmaxEvaluation | SigmoidEvaluation

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
