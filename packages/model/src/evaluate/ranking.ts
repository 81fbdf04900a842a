/** Metrics of how well scores rank: ROC-AUC, average precision, top-k accuracy, balanced accuracy. */
import { assertInteger, assertKnown, EscError, isNumberList, shown, wrongValue } from '@esc/core'
import { assertClassList, assertFiniteScores, assertSameLength, assertScoreRows } from './score-checks.js'

/** How well the scores of one class rank its examples before all others. */
export interface RankingScores {
  /** Area under the ROC curve, in [0, 1]; `null` without a positive or without a negative example. */
  rocAuc: number | null
  /** Average precision, in [0, 1]; `null` without a positive example. */
  averagePrecision: number | null
}

/** A mean over classes. A class whose figure is not defined is left out. */
export interface ClassMean {
  /** `null` if no class has the figure. */
  mean: number | null
  /** Number of classes in the mean. */
  classes: number
}

/** {@link RankingScores} of each class, one against the rest, and their means. */
export interface ClassRanking {
  perClass: RankingScores[]
  rocAuc: ClassMean
  averagePrecision: ClassMean
}

/**
 * Area under the ROC curve: the probability that a positive example has a higher score than a negative one. A tie counts half, so
 * constant scores give 0.5.
 *
 * @param yTrue - 1 or `true` for a positive example, 0 or `false` for a negative one.
 * @param scores - One finite number for each example; a logit, a probability, or any other.
 * @returns In [0, 1]; `null` if all examples are positive, or none is.
 * @throws EscError INVALID_INPUT if there are no examples, the lengths differ, a score is not finite, or a label is not 0 or 1.
 * @see scikit-learn 1.2 `roc_auc_score`. Differs from scikit-learn: where it throws, this is `null`.
 * @example rocAuc([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) // 0.75
 */
export function rocAuc(yTrue: ArrayLike<number | boolean>, scores: ArrayLike<number>): number | null {
  return rankBinary(checkedBinary(yTrue, scores), scores).rocAuc
}

/**
 * Average precision: the mean of the precisions at each positive example, best score first. Examples of equal score are taken
 * together. There is no interpolation.
 *
 * @param yTrue - 1 or `true` for a positive example, 0 or `false` for a negative one.
 * @param scores - One finite number for each example.
 * @returns In [0, 1]; `null` if no example is positive.
 * @throws EscError INVALID_INPUT as {@link rocAuc}.
 * @see scikit-learn 1.2 `average_precision_score`. Differs from scikit-learn: without a positive example it returns 0.
 * @example averagePrecision([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8]) // 0.8333
 */
export function averagePrecision(
  yTrue: ArrayLike<number | boolean>,
  scores: ArrayLike<number>,
): number | null {
  return rankBinary(checkedBinary(yTrue, scores), scores).averagePrecision
}

/**
 * ROC-AUC and average precision of each class, one class against the rest, and their means over the classes that have them.
 *
 * @param yTrue - Class index of each row.
 * @param scores - [rows, classes], finite.
 * @throws EscError INVALID_INPUT if there are no rows, the lengths differ, a score is not finite, or a class is outside;
 *   INVALID_OPTION if `classes` is not an integer >= 1.
 * @see scikit-learn 1.2 `roc_auc_score(multi_class='ovr', average='macro')`, `average_precision_score`. Differs from scikit-learn:
 *   a class without examples is left out, and the means say how many classes they cover.
 * @example rankClasses([0, 1, 1], [0.9, 0.1, 0.2, 0.8, 0.6, 0.4], 2).rocAuc // { mean: 1, classes: 2 }
 */
export function rankClasses(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): ClassRanking {
  assertScoreRows(yTrue, scores, classes)
  return rankColumns(scores, classes, (row, c) => yTrue[row] === c)
}

/** {@link rankClasses} for examples that may have several labels. @param isPositive - Whether a row has a label. */
export function rankColumns(
  scores: ArrayLike<number>,
  classes: number,
  isPositive: (row: number, c: number) => boolean,
): ClassRanking {
  const rows = scores.length / classes
  const column = new Float64Array(rows)
  const positive = new Uint8Array(rows)
  const perClass = Array.from({ length: classes }, (_, c) => {
    for (let row = 0; row < rows; row++) {
      column[row] = scores[row * classes + c]!
      positive[row] = isPositive(row, c) ? 1 : 0
    }
    return rankBinary(positive, column)
  })
  return {
    perClass,
    rocAuc: classMean(perClass.map((one) => one.rocAuc)),
    averagePrecision: classMean(perClass.map((one) => one.averagePrecision)),
  }
}

function classMean(values: readonly (number | null)[]): ClassMean {
  const known = values.filter((value) => value !== null)
  const sum = known.reduce((total, value) => total + value, 0)
  return { mean: known.length === 0 ? null : sum / known.length, classes: known.length }
}

/** Both figures from one sort. Examples of equal score make one step of the curves. */
export function rankBinary(positive: Uint8Array, scores: ArrayLike<number>): RankingScores {
  const order = new Uint32Array(scores.length)
  for (let i = 0; i < order.length; i++) order[i] = i
  order.sort((a, b) => scores[b]! - scores[a]!)
  let [hits, misses, area, precisions] = [0, 0, 0, 0]
  for (let start = 0; start < order.length; ) {
    let end = start
    let found = 0
    const score = scores[order[start]!]!
    while (end < order.length && scores[order[end]!] === score) found += positive[order[end++]!]!
    const others = end - start - found
    // A trapezoid: negatives of this step have all positives above it on their side, and half of those in it.
    area += others * (hits + found / 2)
    hits += found
    misses += others
    precisions += found * (hits / end)
    start = end
  }
  return {
    rocAuc: hits === 0 || misses === 0 ? null : area / hits / misses,
    averagePrecision: hits === 0 ? null : precisions / hits,
  }
}

function checkedBinary(yTrue: ArrayLike<number | boolean>, scores: ArrayLike<number>): Uint8Array {
  const isList = isNumberList(yTrue) || (Array.isArray(yTrue) && typeof yTrue[0] === 'boolean')
  if (!isList) throw wrongValue('yTrue', yTrue, 'a list of 0 and 1')
  if (!isNumberList(scores)) throw wrongValue('scores', scores, 'a list of numbers')
  if (yTrue.length === 0) throw new EscError('INVALID_INPUT', 'yTrue is empty; give at least one example')
  assertSameLength(['yTrue', yTrue], ['scores', scores])
  assertFiniteScores('scores', scores)
  return Uint8Array.from(yTrue, (label, i) => {
    if (label === 0 || label === 1 || typeof label === 'boolean') return Number(label)
    throw new EscError('INVALID_INPUT', `yTrue[${i}]=${shown(label)} must be 0 or 1`)
  })
}

/** Options of {@link topKAccuracy}. */
export interface TopKOptions {
  /** How many labels count as the answer, an integer in [1, classes]. @defaultValue `2` */
  k?: number | undefined
}

/**
 * Share of the rows whose true class is among the `k` classes with the highest scores. Of classes with equal scores, the one with
 * the higher index comes first. So with `k: 1` and ties it may differ from the accuracy of `argmaxRows`, which takes the first.
 *
 * @param yTrue - Class index of each row.
 * @param scores - [rows, classes], finite.
 * @throws EscError INVALID_INPUT as {@link rankClasses}; INVALID_OPTION if `k` is not an integer in [1, classes].
 * @see scikit-learn 1.2 `top_k_accuracy_score`. Differs from scikit-learn: a `k` above `classes` is an error.
 * @example topKAccuracy([0, 2], [0.5, 0.3, 0.2, 0.6, 0.3, 0.1], 3, { k: 2 }) // 0.5
 */
export function topKAccuracy(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
  options: TopKOptions = {},
): number {
  assertKnown('topKAccuracy', options, { k: true })
  assertScoreRows(yTrue, scores, classes)
  const { k = 2 } = options
  assertInteger('k', k, 1, classes)
  let hits = 0
  for (let row = 0; row < yTrue.length; row++) {
    const start = row * classes
    const label = yTrue[row]!
    const score = scores[start + label]!
    let before = 0
    for (let c = 0; c < classes; c++) {
      const other = scores[start + c]!
      if (other > score || (other === score && c > label)) before++
    }
    if (before < k) hits++
  }
  return hits / yTrue.length
}

/**
 * Mean of the recalls of the classes. A class without examples is left out, so this may differ from the recall of the macro average
 * of `classificationReport`, where such a class counts as 0.
 *
 * @param yTrue - Class index of each example.
 * @param yPred - Predicted class of each example.
 * @throws EscError INVALID_INPUT if there are no examples, the lengths differ, or a class is outside; INVALID_OPTION if `classes` is
 *   not an integer >= 1.
 * @see scikit-learn 1.2 `balanced_accuracy_score`.
 * @example balancedAccuracy([0, 0, 0, 1], [0, 0, 0, 0], 2) // 0.5
 */
export function balancedAccuracy(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  classes: number,
): number {
  assertInteger('classes', classes, 1)
  assertClassList('yTrue', yTrue, classes)
  assertClassList('yPred', yPred, classes)
  assertSameLength(['yTrue', yTrue], ['yPred', yPred])
  const [hits, support] = [new Float64Array(classes), new Float64Array(classes)]
  for (let i = 0; i < yTrue.length; i++) {
    support[yTrue[i]!]!++
    if (yTrue[i] === yPred[i]) hits[yTrue[i]!]!++
  }
  let [sum, present] = [0, 0]
  for (let c = 0; c < classes; c++) {
    if (support[c] === 0) continue
    sum += hits[c]! / support[c]!
    present++
  }
  return sum / present
}
