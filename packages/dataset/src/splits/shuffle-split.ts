/** `shuffleSplit`: random splits of single clips. It ignores groups, so siblings may land on both sides. */
import { assertInteger, assertKnown, createRng } from '@esc/core'
import { range, type Splits } from './shared/folds.js'
import { drawEach, type PartSizeOptions, partCounts } from './shared/parts.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './shared/source.js'

/** Options of {@link shuffleSplit} and {@link groupShuffleSplit}. */
export interface ShuffleSplitOptions extends PartSizeOptions {
  /** The number of splits. @defaultValue `10` for `shuffleSplit`, `5` for `groupShuffleSplit` */
  nSplits?: number
  /** Seed of the draw. @defaultValue `0` */
  seed?: number
}

/** The names that {@link ShuffleSplitOptions} has. */
export const shuffleOptions: Record<keyof ShuffleSplitOptions, true> = {
  nSplits: true,
  seed: true,
  testSize: true,
  trainSize: true,
}

/**
 * Makes random splits. Each is drawn from all clips, so the test parts of two splits may overlap.
 *
 * Differs from scikit-learn: indices are in ascending order, and the random numbers are not NumPy's, so the same seed gives
 * another draw.
 *
 * @param set - Its clips are drawn. You may pass a number of examples instead.
 * @param options - Without sizes, `testSize` is 0.1.
 * @returns `nSplits` splits into train and test, made one at a time.
 * @throws EscError INVALID_OPTION if an option is out of range; INVALID_INPUT if a part would be empty, both need
 *   more clips than there are, or two examples of one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `ShuffleSplit`.
 * @example for (const { test } of shuffleSplit(features, { nSplits: 3, testSize: 0.2, seed: 42 })) console.log(test)
 */
export function shuffleSplit(set: SplitSource, options?: ShuffleSplitOptions): Splits
/** {@link shuffleSplit} of `count` examples. @example for (const { test } of shuffleSplit(100)) console.log(test) */
export function shuffleSplit(count: number, options?: ShuffleSplitOptions): Splits
export function shuffleSplit(from: SplitSource | number, options: ShuffleSplitOptions = {}): Splits {
  assertKnown('shuffleSplit', options, shuffleOptions)
  if (!isSource(from)) return shuffledUnits(from, options, 'examples')
  const clips = clipsOf(from)
  return expandEach(clips, shuffledUnits(clips.ids.length, options, 'clips'))
}

function shuffledUnits(count: number, options: ShuffleSplitOptions, units: Unit): Splits {
  const { nSplits = 10, seed = 0 } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 1)
  const sizes = partCounts(count, options, 0.1, units)
  return drawEach(range(count), sizes, nSplits, createRng(seed))
}
