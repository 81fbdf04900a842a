/** Random splits, as many as one likes: of examples, or of whole groups. */
import { assertInteger, assertKnown, createRng, type Rng } from '@esc/core'
import { range, type Splits } from './folds.js'
import { encodeByAppearance, type Labels } from './labels.js'
import { drawParts, type PartCounts, type PartSizeOptions, partCounts, splitOf } from './parts.js'
import { clipsOf, expandEach, isSource, type SplitSource, type Unit } from './source.js'

/** Options of {@link shuffleSplit} and {@link groupShuffleSplit}. */
export interface ShuffleSplitOptions extends PartSizeOptions {
  /** @defaultValue 10; 5 of {@link groupShuffleSplit} */
  nSplits?: number
  /** @defaultValue 0 */
  seed?: number
}

const optionNames: Record<keyof ShuffleSplitOptions, true> = {
  nSplits: true,
  seed: true,
  testSize: true,
  trainSize: true,
}

/**
 * Random splits, each drawn anew: test parts of two splits may overlap.
 *
 * Differs from scikit-learn: indices are in ascending order, and the random numbers are not NumPy's, so one seed
 * gives another draw.
 *
 * @param set - Its clips are drawn. A number in its place is a number of examples.
 * @param options - `testSize` is by default 0.1.
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
  assertKnown('shuffleSplit', options, optionNames)
  if (!isSource(from)) return shuffledUnits(from, options, 'examples')
  const clips = clipsOf(from)
  return expandEach(clips, shuffledUnits(clips.ids.length, options, 'clips'))
}

function shuffledUnits(count: number, options: ShuffleSplitOptions, units: Unit): Splits {
  const { nSplits = 10, seed = 0 } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 1)
  const sizes = partCounts(count, options, 0.1, units)
  return shuffled(range(count), sizes, nSplits, createRng(seed))
}

/**
 * Random splits in which no group is on both sides, each drawn anew. Sizes count groups, not clips.
 *
 * Differs from scikit-learn as {@link shuffleSplit} does. Renaming the groups changes nothing.
 *
 * @param set - The groups of its clips are drawn. In its place it takes groups, one for each example.
 * @param options - `testSize` is by default 0.2.
 * @returns As {@link shuffleSplit}.
 * @throws EscError as {@link shuffleSplit}, of groups.
 * @see scikit-learn 1.2 `GroupShuffleSplit`.
 * @example for (const { test } of groupShuffleSplit(features, { testSize: 0.2, seed: 42 })) console.log(test)
 */
export function groupShuffleSplit(set: SplitSource, options?: ShuffleSplitOptions): Splits
/**
 * {@link groupShuffleSplit} of examples that are of these groups.
 *
 * @example for (const { test } of groupShuffleSplit(['a', 'a', 'b', 'c'], { testSize: 1 })) console.log(test)
 */
export function groupShuffleSplit(groups: Labels, options?: ShuffleSplitOptions): Splits
export function groupShuffleSplit(from: SplitSource | Labels, options: ShuffleSplitOptions = {}): Splits {
  assertKnown('groupShuffleSplit', options, optionNames)
  if (!isSource(from)) return shuffledGroups(from, options)
  const clips = clipsOf(from)
  return expandEach(clips, shuffledGroups(clips.groups, options))
}

function shuffledGroups(groups: Labels, options: ShuffleSplitOptions): Splits {
  const { nSplits = 5, seed = 0 } = options
  assertInteger('nSplits', nSplits, 1)
  const { codes, counts } = encodeByAppearance('groups', groups)
  const sizes = partCounts(counts.length, options, 0.2, 'groups')
  return shuffled(codes, sizes, nSplits, createRng(seed))
}

function* shuffled(unitOf: Int32Array, sizes: PartCounts, nSplits: number, rng: Rng): Splits {
  for (let split = 0; split < nSplits; split++) yield splitOf(unitOf, drawParts(sizes, rng))
}
