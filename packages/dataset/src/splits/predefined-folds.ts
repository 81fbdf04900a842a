/** `predefinedFolds`: a split along the folds that came with the data set. */
import { assertKnown, EscError, type Split, shown, wrongOption } from '@esc/core'
import { assertList } from './shared/labels.js'
import { clipsOf, expand, isSource, type SplitSource } from './shared/source.js'

/** The folds that are held out of training. */
export interface PredefinedFoldsOptions {
  /** The number of the fold for testing. */
  testFold: number
  /** The number of the fold for validation; `null` makes no validation part. @defaultValue `null` */
  validationFold?: number | null
}

/** One fold for each clip, and the name of each clip in messages. */
interface Folds {
  folds: ArrayLike<number | null>
  nameOf: (index: number) => string
}

/**
 * Splits along the data set's own folds: one for testing, one for validation, the others for training.
 *
 * @param set - Each of its clips goes where its fold goes. You may pass fold numbers instead, one for each example.
 * @returns Indices in ascending order; every example is in one part.
 * @throws EscError INVALID_OPTION naming the existing folds, if a fold does not exist or both are the same; INVALID_INPUT if a clip has no fold, no fold is left for training, or two examples of one clip differ in label,
 *   group or fold.
 * @see scikit-learn 1.2 `PredefinedSplit`, which has no validation part.
 * @example predefinedFolds(features, { testFold: 5, validationFold: 4 })
 */
export function predefinedFolds(set: SplitSource, options: PredefinedFoldsOptions): Split
/** {@link predefinedFolds} of examples in these folds. @example predefinedFolds([1, 2, 3, 1], { testFold: 1 }) */
export function predefinedFolds(folds: ArrayLike<number | null>, options: PredefinedFoldsOptions): Split
export function predefinedFolds(
  from: SplitSource | ArrayLike<number | null>,
  options: PredefinedFoldsOptions,
): Split {
  assertKnown('predefinedFolds', options, { testFold: true, validationFold: true })
  const { testFold, validationFold = null } = options ?? {}
  return splitFolds(from, testFold, validationFold)
}

/** @param validation - `next` is the fold after the test fold, and the first fold after the last. */
export function splitFolds(
  from: SplitSource | ArrayLike<number | null>,
  testFold: number,
  validation: number | null | 'next',
): Split {
  if (typeof testFold !== 'number') throw wrongOption('testFold', testFold, 'the number of a fold')
  if (!isSource(from)) return splitKnown({ folds: from, nameOf: (i) => `example ${i}` }, testFold, validation)
  const clips = clipsOf(from)
  const folds = { folds: clips.folds, nameOf: (i: number) => `clip '${clips.ids[i]}'` }
  return expand(clips, splitKnown(folds, testFold, validation))
}

function splitKnown({ folds, nameOf }: Folds, testFold: number, validation: number | null | 'next'): Split {
  assertList('folds', folds)
  const existing = existingFolds({ folds, nameOf })
  const validationFold = validation === 'next' ? foldAfter(testFold, existing) : validation
  assertExisting(existing, { testFold, validationFold })
  const train = where(folds, (fold) => fold !== testFold && fold !== validationFold)
  if (train.length === 0) {
    throw new EscError('INVALID_INPUT', `no fold of ${existing.join(', ')} is left for training`)
  }
  const test = where(folds, (fold) => fold === testFold)
  if (validationFold === null) return { train, test }
  return { train, validation: where(folds, (fold) => fold === validationFold), test }
}

function foldAfter(testFold: number, existing: readonly number[]): number | null {
  return existing.find((fold) => fold > testFold) ?? existing[0] ?? null
}

/** @throws EscError INVALID_OPTION unless both exist, or the second is `null`, and they differ. */
function assertExisting(
  existing: readonly number[],
  { testFold, validationFold }: Required<PredefinedFoldsOptions>,
): void {
  for (const [name, fold] of Object.entries({ testFold, validationFold })) {
    if (fold !== null && !existing.includes(fold)) {
      throw new EscError(
        'INVALID_OPTION',
        `${name}=${shown(fold)} does not exist; folds: ${existing.join(', ')}`,
        {
          detail: { existing },
        },
      )
    }
  }
  if (validationFold === testFold) {
    throw new EscError('INVALID_OPTION', `validationFold=${validationFold} must differ from testFold`)
  }
}

/** The existing fold numbers, in ascending order. */
function existingFolds({ folds, nameOf }: Folds): number[] {
  const existing = new Set<number>()
  for (let i = 0; i < folds.length; i++) {
    const fold = folds[i]!
    if (!Number.isInteger(fold)) {
      throw new EscError(
        'INVALID_INPUT',
        `${nameOf(i)} has fold ${shown(fold)}; each needs a number. For a data set without folds use stratifiedGroupSplit`,
      )
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
