/** From a model's outputs for clips to an {@link Evaluation}. */
import type { Activation } from '@esc/core'
import { type BootstrapInterval, hitInterval } from './bootstrap.js'
import { brierScore, calibrationError } from './calibration.js'
import { meanLoss } from './clip-scores.js'
import { confusedPairs } from './confused-pairs.js'
import { averagesOf, type ClassScores, classificationReport, ratio } from './metrics.js'
import { balancedAccuracy, rankBinary, rankClasses, rankColumns, topKAccuracy } from './ranking.js'
import { type Evaluation, predictionsOf, type SigmoidEvaluation, type SoftmaxEvaluation } from './results.js'
import type { ClipOutputs } from './run-session.js'

export function evaluationOf(
  outputs: ClipOutputs,
  labels: readonly string[],
  activation: Activation,
): Evaluation {
  return activation === 'sigmoid' ? multiLabel(outputs, labels) : singleLabel(outputs, labels)
}

function singleLabel(outputs: ClipOutputs, labels: readonly string[]): SoftmaxEvaluation {
  const clips = predictionsOf(outputs, 'softmax')
  const { labelIndices, groups, logits } = outputs
  const classes = labels.length
  const predicted = clips.map(({ predictedIndex }) => predictedIndex)
  const scores = flat(clips, classes)
  const targets = new Float32Array(logits.length)
  for (const [clip, label] of labelIndices.entries()) targets[clip * classes + label] = 1
  const report = classificationReport(labelIndices, predicted, labels)
  const { perClass, ...ranking } = rankClasses(labelIndices, scores, classes)
  return {
    activation: 'softmax',
    ...report,
    perClass: report.perClass.map((one, c) => ({ ...one, ...perClass[c]! })),
    loss: meanLoss(logits, targets, classes, 'softmax'),
    brier: brierScore(labelIndices, scores, classes),
    balancedAccuracy: balancedAccuracy(labelIndices, predicted, classes),
    topK: classes < 4 ? null : { k: 3, accuracy: topKAccuracy(labelIndices, scores, classes, { k: 3 }) },
    ...calibrationError(labelIndices, scores, classes),
    ...ranking,
    confusedPairs: confusedPairs(report.confusion, labels),
    accuracyInterval: intervalOf(
      Uint8Array.from(predicted, (label, i) => (label === labelIndices[i] ? 1 : 0)),
      groups,
    ),
    micro: null,
    targets: null,
    logits,
    clips,
  }
}

function multiLabel(outputs: ClipOutputs, labels: readonly string[]): SigmoidEvaluation {
  const clips = predictionsOf(outputs, 'sigmoid')
  const { groups, logits } = outputs
  const targets = outputs.targets!
  const classes = labels.length
  const scores = flat(clips, classes)
  const truth = Uint8Array.from(targets, (target) => (target >= 0.5 ? 1 : 0))
  const counts = countLabels(truth, scores, classes)
  const scored = labels.map((label, c) => ({ label, ...binaryScores(counts, c, c + 1) }))
  const { perClass, ...ranking } = rankColumns(scores, classes, (row, c) => truth[row * classes + c] === 1)
  let squares = 0
  for (let i = 0; i < scores.length; i++) squares += (scores[i]! - targets[i]!) ** 2
  const { support: _, ...micro } = binaryScores(counts, 0, classes)
  return {
    activation: 'sigmoid',
    accuracy: counts.exact.reduce((sum, hit) => sum + hit, 0) / clips.length,
    ...averagesOf(scored),
    perClass: scored.map((one, c) => ({ ...one, ...perClass[c]! })),
    loss: meanLoss(logits, targets, classes, 'sigmoid'),
    brier: squares / scores.length,
    ...ranking,
    micro: { ...micro, ...rankBinary(truth, scores) },
    accuracyInterval: intervalOf(counts.exact, groups),
    ...{ confusion: null, balancedAccuracy: null, topK: null },
    ...{ ece: null, reliability: null, confusedPairs: null },
    targets,
    logits,
    clips,
  }
}

function flat(clips: readonly { scores: readonly number[] }[], classes: number): Float64Array {
  const scores = new Float64Array(clips.length * classes)
  for (const [clip, { scores: row }] of clips.entries()) scores.set(row, clip * classes)
  return scores
}

/** An interval needs two groups at least. */
function intervalOf(hits: Uint8Array, groups: readonly string[]): BootstrapInterval | null {
  return groups.every((group) => group === groups[0]) ? null : hitInterval(hits, groups)
}

interface LabelCounts {
  /** Of each class: clips with the label that were found, clips with the label, clips that were predicted to have it. */
  hits: Float64Array
  support: Float64Array
  predicted: Float64Array
  /** For each clip 1 if all its labels are right, else 0. */
  exact: Uint8Array
}

function countLabels(truth: Uint8Array, scores: Float64Array, classes: number): LabelCounts {
  const [hits, support, predicted] = [
    new Float64Array(classes),
    new Float64Array(classes),
    new Float64Array(classes),
  ]
  const exact = new Uint8Array(truth.length / classes).fill(1)
  for (let i = 0; i < truth.length; i++) {
    const c = i % classes
    const found = scores[i]! >= 0.5 ? 1 : 0
    hits[c]! += found & truth[i]!
    support[c]! += truth[i]!
    predicted[c]! += found
    if (found !== truth[i]) exact[(i - c) / classes] = 0
  }
  return { hits, support, predicted, exact }
}

/** Precision, recall and F1 of the classes in [from, to) together. */
function binaryScores(
  { hits, support, predicted }: LabelCounts,
  from: number,
  to: number,
): Omit<ClassScores, 'label'> {
  const sum = (values: Float64Array) => values.subarray(from, to).reduce((a, b) => a + b, 0)
  const [found, actual, claimed] = [sum(hits), sum(support), sum(predicted)]
  return {
    precision: ratio(found, claimed),
    recall: ratio(found, actual),
    f1: ratio(2 * found, claimed + actual),
    support: actual,
  }
}
