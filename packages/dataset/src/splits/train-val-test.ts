/** `trainValTest`: a split along the data set's own folds in which the next fold validates. */
import { assertKnown, EscError, type Split } from '@esc/core'
import { splitFolds } from './predefined-folds.js'
import type { SplitSource } from './shared/source.js'

/** Options of {@link trainValTest}. */
export interface TrainValTestOptions {
  /** The number of the fold for testing. */
  testFold: number
  /** The number of the fold for validation. @defaultValue the fold after `testFold`; after the last fold, the first one */
  validationFold?: number | undefined
}

/**
 * Splits along the data set's own folds, as `predefinedFolds` does. The fold after the test fold validates; after the last fold, the
 * first one. Of ESC-50's five folds three train, one validates and one tests. With each fold once for testing, each fold validates
 * once.
 *
 * @param set - Each of its clips goes where its fold goes. You may pass fold numbers instead, one for each example.
 * @returns All three parts.
 * @throws EscError as `predefinedFolds` does; with two folds none is left for training. INVALID_OPTION also if
 *   `validationFold` is `null`: there always is a validation part.
 * @example for (const testFold of [1, 2, 3, 4, 5]) console.log(trainValTest(features, { testFold }).validation)
 */
export function trainValTest(set: SplitSource, options: TrainValTestOptions): Required<Split>
/** {@link trainValTest} of examples in these folds. @example trainValTest([1, 2, 3, 1], { testFold: 1 }) */
export function trainValTest(folds: ArrayLike<number | null>, options: TrainValTestOptions): Required<Split>
export function trainValTest(
  from: SplitSource | ArrayLike<number | null>,
  options: TrainValTestOptions,
): Required<Split> {
  assertKnown('trainValTest', options, { testFold: true, validationFold: true })
  const { testFold, validationFold = 'next' } = options ?? {}
  if (validationFold === null) {
    const hint = 'leave it out for the fold after the test fold, or use predefinedFolds'
    throw new EscError('INVALID_OPTION', `validationFold=null must be a fold; ${hint}`)
  }
  return splitFolds(from, testFold, validationFold) as Required<Split>
}
