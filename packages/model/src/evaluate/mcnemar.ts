/** McNemar's test: whether two models differ on the same examples. */
import { erfc } from './erfc.js'
import { rightAnswers } from './score-checks.js'

/** Result of {@link mcnemarTest}. */
export interface McnemarResult {
  /** Examples that only the first model gets right. */
  onlyFirst: number
  /** Examples that only the second model gets right. */
  onlySecond: number
  /** `exact`: the binomial distribution; `chi-square`: the approximation by chi-square with a continuity correction. */
  method: 'exact' | 'chi-square'
  /** The statistic of chi-square; `null` for the exact test. */
  statistic: number | null
  /** Probability of a difference at least as large if both models are equally good, in [0, 1]. */
  pValue: number
}

/**
 * McNemar's test: do two models differ in how many examples they get right? Only examples that exactly one model gets right count. With
 * fewer than 25 of them, the p-value is exact.
 *
 * @param yTrue - Class index of each example.
 * @param first - Classes that the first model predicts.
 * @param second - Classes that the second model predicts for the same examples.
 * @throws EscError INVALID_INPUT if there are no examples, the lengths differ, or a class is not an integer >= 0.
 * @see McNemar 1947; Edwards 1948 for the correction; statsmodels 0.14 `mcnemar`. Differs from statsmodels: if both models alone get
 *   the same number right, the correction is not applied and the p-value is 1, as R's `mcnemar.test` does.
 * @example mcnemarTest([0, 0, 0, 1], [0, 0, 0, 1], [1, 1, 1, 1]).pValue // 0.25
 */
export function mcnemarTest(
  yTrue: ArrayLike<number>,
  first: ArrayLike<number>,
  second: ArrayLike<number>,
): McnemarResult {
  const [a, b] = rightAnswers(yTrue, { first, second }) as [Uint8Array, Uint8Array]
  let [onlyFirst, onlySecond] = [0, 0]
  for (let i = 0; i < a.length; i++) {
    if (a[i]! > b[i]!) onlyFirst++
    else if (b[i]! > a[i]!) onlySecond++
  }
  const total = onlyFirst + onlySecond
  if (total < 25) {
    const pValue = exactPValue(Math.min(onlyFirst, onlySecond), total)
    return { onlyFirst, onlySecond, method: 'exact', statistic: null, pValue }
  }
  const statistic = Math.max(0, Math.abs(onlyFirst - onlySecond) - 1) ** 2 / total
  const pValue = erfc(Math.sqrt(statistic / 2))
  return { onlyFirst, onlySecond, method: 'chi-square', statistic, pValue }
}

/** Twice the probability of at most `least` heads in `total` throws of a coin, at most 1. */
function exactPValue(least: number, total: number): number {
  // C(n, k) is a whole number: all terms are exact below n = 25.
  let [choices, sum] = [1, 0]
  for (let k = 0; k <= least; k++) {
    sum += choices
    choices = (choices * (total - k)) / (k + 1)
  }
  return Math.min(1, (2 * sum) / 2 ** total)
}
