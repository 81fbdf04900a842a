/** `trainValTest`: a split along the data set's own folds in which the next fold validates. */
import { assertKnown, EscError, type Split } from '@esc/core'
import { splitFolds } from './predefined-folds.js'
import type { SplitSource } from './shared/source.js'

/** Options of {@link trainValTest}. */
export interface TrainValTestOptions {
  testFold: number
  /** @defaultValue the fold after `testFold`, and the first one after the last */
  validationFold?: number | undefined
}

/**
 * {@link predefinedFolds} with the fold after the test fold for validation, and the first one after the last: of
 * ESC-50's five folds three train, one validates and one tests. Over all test folds each fold validates once.
 *
 * @param set - Its clips go where their folds go. In its place it takes fold numbers, one for each example.
 * @returns All three parts.
 * @throws EscError as {@link predefinedFolds} does; with two folds none is left for training. INVALID_OPTION also if
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
