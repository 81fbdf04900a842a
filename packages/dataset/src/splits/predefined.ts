/** Splits along the folds that came with the data set. */
import { EscError, type Split } from '@esc/core'

/** Which folds are held out. */
export interface PredefinedFoldsOptions {
  testFold: number
  /** `null`, the default, makes no validation part. */
  validationFold?: number | null
}

/**
 * Splits along the data set's own folds: one for testing, one for validation, the others for training.
 *
 * @param folds - One fold number per example; `dataset.records.map((record) => record.fold)`.
 * @returns Indices in ascending order; every example is in one part.
 * @throws EscError INVALID_OPTION naming the folds there are, if one asked for does not exist or both are the
 *   same; INVALID_INPUT if an example has no fold, or no fold is left for training.
 * @see scikit-learn 1.2 `PredefinedSplit`, which has no validation part.
 * @example predefinedFolds(dataset.records.map((record) => record.fold), { testFold: 5, validationFold: 4 })
 */
export function predefinedFolds(folds: ArrayLike<number | null>, options: PredefinedFoldsOptions): Split {
  const { testFold, validationFold = null } = options
  const existing = existingFolds(folds)
  for (const [name, fold] of Object.entries({ testFold, validationFold })) {
    if (fold !== null && !existing.includes(fold)) {
      throw new EscError('INVALID_OPTION', `${name}=${fold} does not exist; folds: ${existing.join(', ')}`, {
        detail: { existing },
      })
    }
  }
  if (validationFold === testFold) {
    throw new EscError('INVALID_OPTION', `validationFold=${validationFold} must differ from testFold`)
  }
  const train = where(folds, (fold) => fold !== testFold && fold !== validationFold)
  if (train.length === 0) {
    throw new EscError('INVALID_INPUT', `no fold of ${existing.join(', ')} is left for training`)
  }
  const test = where(folds, (fold) => fold === testFold)
  if (validationFold === null) return { train, test }
  return { train, validation: where(folds, (fold) => fold === validationFold), test }
}

/** Options of {@link trainValTest}. */
export interface TrainValTestOptions {
  testFold: number
}

/**
 * {@link predefinedFolds} with the fold after the test fold for validation, and the first one after the last: of
 * ESC-50's five folds three train, one validates and one tests. Over all test folds each fold validates once.
 *
 * @param folds - One fold number per example.
 * @throws EscError as {@link predefinedFolds} does; with two folds none is left for training.
 * @example
 * const folds = dataset.records.map((record) => record.fold)
 * for (const testFold of [1, 2, 3, 4, 5]) console.log(trainValTest(folds, { testFold }).validation)
 */
export function trainValTest(folds: ArrayLike<number | null>, options: TrainValTestOptions): Required<Split> {
  const { testFold } = options
  const existing = existingFolds(folds)
  const validationFold = existing.find((fold) => fold > testFold) ?? existing[0] ?? null
  return predefinedFolds(folds, { testFold, validationFold }) as Required<Split>
}

/** The fold numbers there are, in ascending order. */
function existingFolds(folds: ArrayLike<number | null>): number[] {
  const existing = new Set<number>()
  for (let i = 0; i < folds.length; i++) {
    const fold = folds[i]!
    if (!Number.isInteger(fold)) {
      throw new EscError('INVALID_INPUT', `example ${i} has fold ${fold}; each needs a number`)
    }
    existing.add(fold)
  }
  return [...existing].sort((a, b) => a - b)
}

function where(folds: ArrayLike<number | null>, belongs: (fold: number) => boolean): Int32Array {
  const indices = new Int32Array(folds.length)
  let count = 0
  for (let i = 0; i < folds.length; i++) if (belongs(folds[i]!)) indices[count++] = i
  return indices.slice(0, count)
}
