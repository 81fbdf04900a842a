/** The pairs of classes that a model confuses most. */
import {
  assertInteger,
  assertKnown,
  assertLabels,
  EscError,
  isNumberList,
  shown,
  wrongValue,
} from '@esc/core'

/** Two classes, and how often each is taken for the other. */
export interface ConfusedPair {
  /** The first is at least as often taken for the second as the second for the first. */
  labels: readonly [string, string]
  /** Number of examples of the first taken for the second, and of the second taken for the first. */
  counts: readonly [number, number]
}

/** Options of {@link confusedPairs}. */
export interface ConfusedPairsOptions {
  /** Most pairs in the result; `null` returns all. @defaultValue `10` */
  limit?: number | null | undefined
}

/**
 * The pairs of classes that are confused with each other, in either direction, most mistakes first. Pairs with the same number of
 * mistakes stand in the order of their labels.
 *
 * @param confusion - `confusion[true][predicted]`, counts, as `confusionMatrix` returns.
 * @param labels - Label of each class.
 * @throws EscError INVALID_INPUT if the matrix is not [labels, labels] with counts >= 0; INVALID_OPTION if the labels are not different
 *   texts, or `limit` is not an integer >= 1.
 * @example confusedPairs([[7, 1], [3, 5]], ['dog', 'rain']) // [{ labels: ['rain', 'dog'], counts: [3, 1] }]
 */
export function confusedPairs(
  confusion: readonly (readonly number[])[],
  labels: readonly string[],
  options: ConfusedPairsOptions = {},
): ConfusedPair[] {
  assertKnown('confusedPairs', options, { limit: true })
  const { limit = 10 } = options
  if (limit !== null) assertInteger('limit', limit, 1)
  assertLabels('labels', labels)
  assertConfusion(confusion, labels.length)
  const pairs: ConfusedPair[] = []
  for (let a = 0; a < labels.length; a++) {
    for (let b = a + 1; b < labels.length; b++) {
      const [there, back] = [confusion[a]![b]!, confusion[b]![a]!]
      if (there + back === 0) continue
      const [first, second] = there >= back ? [a, b] : [b, a]
      const counts: [number, number] = [Math.max(there, back), Math.min(there, back)]
      pairs.push({ labels: [labels[first]!, labels[second]!], counts })
    }
  }
  pairs.sort((a, b) => b.counts[0] + b.counts[1] - a.counts[0] - a.counts[1])
  return pairs.slice(0, limit ?? pairs.length)
}

function assertConfusion(confusion: readonly (readonly number[])[], classes: number): void {
  const must = `an array of ${classes} rows of ${classes} counts`
  if (!Array.isArray(confusion)) throw wrongValue('confusion', confusion, must)
  const isSquare =
    confusion.length === classes && confusion.every((row) => isNumberList(row) && row.length === classes)
  if (!isSquare) {
    throw new EscError(
      'INVALID_INPUT',
      `confusion has ${confusion.length} rows; it must be ${must}, one for each label`,
    )
  }
  for (const [row, counts] of confusion.entries()) {
    const odd = Array.from<number>(counts).findIndex((count) => !(Number.isInteger(count) && count >= 0))
    if (odd < 0) continue
    const found = `confusion[${row}][${odd}]=${shown(counts[odd])}`
    throw new EscError('INVALID_INPUT', `${found} must be an integer >= 0`)
  }
}
