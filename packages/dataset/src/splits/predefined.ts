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
export function predefinedFolds(folds: readonly (number | null)[], options: PredefinedFoldsOptions): Split {
  const { testFold, validationFold = null } = options
  const missing = folds.findIndex((fold) => fold === null || !Number.isInteger(fold))
  if (missing >= 0) {
    throw new EscError('INVALID_INPUT', `example ${missing} has fold ${folds[missing]}; each needs a number`)
  }
  const existing = [...new Set(folds as readonly number[])].sort((a, b) => a - b)
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
  const where = (belongs: (fold: number | null) => boolean) =>
    Int32Array.from(folds.keys()).filter((i) => belongs(folds[i]!))
  const train = where((fold) => fold !== testFold && fold !== validationFold)
  if (train.length === 0) {
    throw new EscError('INVALID_INPUT', `no fold of ${existing.join(', ')} is left for training`)
  }
  const test = where((fold) => fold === testFold)
  if (validationFold === null) return { train, test }
  return { train, validation: where((fold) => fold === validationFold), test }
}
