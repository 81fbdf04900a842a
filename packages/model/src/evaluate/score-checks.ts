/** Checks of scores, classes and groups, shared by the metrics. */
import { assertInteger, EscError, isNumberList, shown, wrongValue } from '@esc/core'

/**
 * Checks class indices.
 *
 * @throws EscError INVALID_INPUT if it is not a list of at least one class in [0, classes).
 */
export function assertClassList(name: string, list: ArrayLike<number>, classes: number): void {
  if (!isNumberList(list)) throw wrongValue(name, list, 'a list of class indices')
  if (list.length === 0) throw new EscError('INVALID_INPUT', `${name} is empty; give at least one example`)
  const range = classes === Number.POSITIVE_INFINITY ? 'an integer >= 0' : `an integer in [0, ${classes})`
  for (let i = 0; i < list.length; i++) {
    const label = list[i]!
    if (Number.isInteger(label) && label >= 0 && label < classes) continue
    throw new EscError('INVALID_INPUT', `${name}[${i}]=${shown(label)} must be ${range}`)
  }
}

/** @throws EscError INVALID_INPUT unless two lists have the same length. */
export function assertSameLength(
  [name, list]: readonly [string, ArrayLike<unknown>],
  [other, others]: readonly [string, ArrayLike<unknown>],
): void {
  if (list.length === others.length) return
  throw new EscError(
    'INVALID_INPUT',
    `${name} has ${list.length} values and ${other} ${others.length}; they must have the same length`,
  )
}

/**
 * Checks rows of numbers with a class for each row.
 *
 * @throws EscError INVALID_INPUT if the numbers are not [rows, classes], or one of them is not finite, or a class is outside;
 *   INVALID_OPTION if `classes` is not an integer >= 1.
 */
export function assertScoreRows(yTrue: ArrayLike<number>, scores: ArrayLike<number>, classes: number): void {
  assertInteger('classes', classes, 1)
  assertClassList('yTrue', yTrue, classes)
  if (!isNumberList(scores)) throw wrongValue('scores', scores, 'a list of numbers, [rows, classes]')
  if (scores.length !== yTrue.length * classes) {
    throw new EscError(
      'INVALID_INPUT',
      `scores has ${scores.length} values, not ${yTrue.length} rows of ${classes} classes`,
    )
  }
  assertFiniteScores('scores', scores)
}

/** @throws EscError INVALID_INPUT naming the first number that is not finite. */
export function assertFiniteScores(name: string, scores: ArrayLike<number>): void {
  for (let i = 0; i < scores.length; i++) {
    if (!Number.isFinite(scores[i])) {
      throw new EscError('INVALID_INPUT', `${name}[${i}]=${shown(scores[i])} must be a finite number`)
    }
  }
}

/**
 * {@link assertScoreRows}, and each score must be a probability.
 *
 * @throws EscError INVALID_INPUT if a score is outside [0, 1], or a row has no score above 0.
 */
export function assertProbabilities(
  yTrue: ArrayLike<number>,
  scores: ArrayLike<number>,
  classes: number,
): void {
  assertScoreRows(yTrue, scores, classes)
  for (let row = 0; row < yTrue.length; row++) {
    let sum = 0
    for (let i = row * classes; i < (row + 1) * classes; i++) {
      const score = scores[i]!
      if (!(score >= 0 && score <= 1)) {
        throw new EscError(
          'INVALID_INPUT',
          `scores[${i}]=${score} must be in [0, 1]; turn logits into scores with scoresOf`,
        )
      }
      sum += score
    }
    if (!(sum > 0)) throw new EscError('INVALID_INPUT', `row ${row} of scores sums to 0; it must be > 0`)
  }
}

/**
 * Which answers are right (1) and which are wrong (0), for each list of answers.
 *
 * @throws EscError INVALID_INPUT if there are no examples, a list has another length than `yTrue`, or a class is not an integer >= 0.
 */
export function rightAnswers(
  yTrue: ArrayLike<number>,
  answers: Readonly<Record<string, ArrayLike<number>>>,
): Uint8Array[] {
  assertClassList('yTrue', yTrue, Number.POSITIVE_INFINITY)
  return Object.entries(answers).map(([name, list]) => {
    assertClassList(name, list, Number.POSITIVE_INFINITY)
    assertSameLength(['yTrue', yTrue], [name, list])
    return Uint8Array.from(yTrue, (label, i) => (list[i] === label ? 1 : 0))
  })
}
