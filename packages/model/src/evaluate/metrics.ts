/** Classification metrics with scikit-learn's names and semantics. */
import { assertFloat32, assertInteger, assertLabels, EscError, isNumberList, wrongValue } from '@esc/core'

/** Scores of one class. */
export interface ClassScores {
  label: string
  precision: number
  recall: number
  f1: number
  /** Number of examples whose true class this is. */
  support: number
}

/** The values of scikit-learn's `classification_report`, and the confusion matrix. */
export interface ClassificationReport {
  accuracy: number
  /** Unweighted means over classes. */
  macro: { precision: number; recall: number; f1: number }
  /** Means over classes weighted by support. */
  weighted: { precision: number; recall: number; f1: number }
  perClass: ClassScores[]
  /** `confusion[true][predicted]`, counts. */
  confusion: number[][]
}

/**
 * Counts pairs of a true and a predicted class: `confusionMatrix(...)[t][p]`, rows = true class.
 *
 * @param yTrue - Class indices in [0, classes).
 * @throws EscError INVALID_INPUT if lengths differ or an index is outside the classes.
 * @see scikit-learn 1.2 `confusion_matrix`.
 * @example confusionMatrix([0, 0, 1], [0, 1, 1], 2) // [[1, 1], [0, 1]]
 */
export function confusionMatrix(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  classes: number,
): number[][] {
  assertInteger('classes', classes, 1)
  assertClasses({ yTrue, yPred })
  if (yTrue.length !== yPred.length) {
    throw new EscError(
      'INVALID_INPUT',
      `yTrue has ${yTrue.length} values and yPred ${yPred.length}; they must have the same length`,
    )
  }
  const counts = Array.from({ length: classes }, () => new Array<number>(classes).fill(0))
  for (let i = 0; i < yTrue.length; i++) {
    const row = counts[yTrue[i]!]
    if (row?.[yPred[i]!] === undefined) {
      throw new EscError(
        'INVALID_INPUT',
        `example ${i} has classes (${yTrue[i]}, ${yPred[i]}) outside [0, ${classes})`,
      )
    }
    row[yPred[i]!]!++
  }
  return counts
}

/**
 * Accuracy; and precision, recall and F1 of each class and on average. A score whose denominator is 0 is 0. Every label counts
 * in the macro average, also a label without examples.
 *
 * @throws EscError INVALID_INPUT if there are no examples, lengths differ or an index is outside the labels.
 * @see scikit-learn 1.2 `classification_report(labels=range(n), zero_division=0)`.
 * @example classificationReport([0, 0, 1], [0, 1, 1], ['dog', 'rain']).accuracy // 0.667
 */
export function classificationReport(
  yTrue: ArrayLike<number>,
  yPred: ArrayLike<number>,
  labels: readonly string[],
): ClassificationReport {
  assertLabels('labels', labels)
  assertClasses({ yTrue, yPred })
  if (yTrue.length === 0) throw new EscError('INVALID_INPUT', 'a report needs at least one example')
  const confusion = confusionMatrix(yTrue, yPred, labels.length)
  const perClass = labels.map((label, c): ClassScores => {
    const hits = confusion[c]![c]!
    const support = confusion[c]!.reduce((a, b) => a + b, 0)
    const predicted = confusion.reduce((sum, row) => sum + row[c]!, 0)
    return {
      label,
      precision: ratio(hits, predicted),
      recall: ratio(hits, support),
      f1: ratio(2 * hits, predicted + support),
      support,
    }
  })
  const correct = confusion.reduce((sum, row, c) => sum + row[c]!, 0)
  return {
    accuracy: correct / yTrue.length,
    ...averagesOf(perClass),
    perClass,
    confusion,
  }
}

/** The means over classes, unweighted and weighted by support. */
export function averagesOf(
  perClass: readonly ClassScores[],
): Pick<ClassificationReport, 'macro' | 'weighted'> {
  const average = (weight: (scores: ClassScores) => number) => {
    const total = perClass.reduce((sum, scores) => sum + weight(scores), 0)
    const of = (key: 'precision' | 'recall' | 'f1') =>
      ratio(
        perClass.reduce((sum, scores) => sum + scores[key] * weight(scores), 0),
        total,
      )
    return { precision: of('precision'), recall: of('recall'), f1: of('f1') }
  }
  return { macro: average(() => 1), weighted: average(({ support }) => support) }
}

/** A quotient; 0 if there is nothing to count. */
export function ratio(numerator: number, denominator: number): number {
  return denominator === 0 ? 0 : numerator / denominator
}

/**
 * Index of the largest value of each row of `logits` [rows, classes]; the first one on a tie, as NumPy's argmax.
 *
 * @throws EscError INVALID_INPUT if the values do not fill whole rows.
 * @example argmaxRows(Float32Array.of(0, 1, 3, 2), 2) // [1, 0]
 */
export function argmaxRows(logits: Float32Array, classes: number): Int32Array {
  assertFloat32('logits', logits)
  assertInteger('classes', classes, 1)
  assertRows(logits, logits.length / classes, classes)
  const best = new Int32Array(logits.length / classes)
  for (let row = 0; row < best.length; row++) {
    let winner = 0
    for (let c = 1; c < classes; c++) {
      if (logits[row * classes + c]! > logits[row * classes + winner]!) winner = c
    }
    best[row] = winner
  }
  return best
}

/**
 * Mean softmax cross-entropy of class indices, natural logarithm, in float64.
 *
 * @param logits - [rows, classes].
 * @param yTrue - Class index of each row.
 * @throws EscError INVALID_INPUT if there are no rows, the number of rows is not the number of labels, or a label is not a class.
 * @see torch.nn.functional.cross_entropy.
 * @example crossEntropy(new Float32Array(50), [7], 50) // ln 50 = 3.912
 */
export function crossEntropy(logits: Float32Array, yTrue: ArrayLike<number>, classes: number): number {
  assertFloat32('logits', logits)
  assertInteger('classes', classes, 1)
  assertClasses({ yTrue })
  assertRows(logits, yTrue.length, classes)
  let sum = 0
  for (let row = 0; row < yTrue.length; row++) {
    const start = row * classes
    const label = yTrue[row]!
    if (!(Number.isInteger(label) && label >= 0 && label < classes)) {
      throw new EscError('INVALID_INPUT', `row ${row} has class ${label}, not an integer in [0, ${classes})`)
    }
    let max = Number.NEGATIVE_INFINITY
    for (let c = 0; c < classes; c++) max = Math.max(max, logits[start + c]!)
    let partition = 0
    for (let c = 0; c < classes; c++) partition += Math.exp(logits[start + c]! - max)
    sum += Math.log(partition) + max - logits[start + label]!
  }
  return sum / yTrue.length
}

function assertClasses(lists: Readonly<Record<string, unknown>>): void {
  for (const [name, list] of Object.entries(lists)) {
    if (!isNumberList(list)) throw wrongValue(name, list, 'a list of class indices')
  }
}

function assertRows(logits: Float32Array, rows: number, classes: number): void {
  if (!(Number.isInteger(rows) && rows >= 1) || logits.length !== rows * classes) {
    throw new EscError('INVALID_INPUT', `${logits.length} logits are not ${rows} rows of ${classes} classes`)
  }
}
