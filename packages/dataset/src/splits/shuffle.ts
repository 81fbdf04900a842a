/** Random splits, as many as one likes: of examples, or of whole groups. */
import { assertInteger, createRng, type Rng, type Split } from '@esc/core'
import { range } from './folds.js'
import { encodeByAppearance, type Labels } from './labels.js'
import { drawParts, type PartCounts, type PartSizeOptions, partCounts, splitOf } from './parts.js'

/** Options of {@link shuffleSplit} and {@link groupShuffleSplit}. */
export interface ShuffleSplitOptions extends PartSizeOptions {
  /** Default 10; for groups 5. */
  nSplits?: number
  /** Default 0. */
  seed?: number
}

/**
 * Random splits, each drawn anew: test parts of two splits may overlap.
 *
 * Differs from scikit-learn: indices are in ascending order, and the random numbers are not NumPy's, so one seed
 * gives another draw.
 *
 * @param count - How many examples there are.
 * @param options - `testSize` is by default 0.1.
 * @returns `nSplits` splits into train and test, made one at a time.
 * @throws EscError INVALID_OPTION if an option is out of range; INVALID_INPUT if a part would be empty, or both need
 *   more examples than there are.
 * @see scikit-learn 1.2 `ShuffleSplit`.
 * @example for (const { test } of shuffleSplit(100, { nSplits: 3, testSize: 0.2, seed: 42 })) console.log(test)
 */
export function shuffleSplit(
  count: number,
  options: ShuffleSplitOptions = {},
): Generator<Split, void, undefined> {
  const { nSplits = 10, seed = 0 } = options
  assertInteger('count', count, 1)
  assertInteger('nSplits', nSplits, 1)
  const sizes = partCounts(count, options, 0.1, 'examples')
  return shuffled(range(count), sizes, nSplits, createRng(seed))
}

/**
 * Random splits in which no group is on both sides, each drawn anew. Sizes count groups, not examples.
 *
 * Differs from scikit-learn as {@link shuffleSplit} does. Renaming the groups changes nothing.
 *
 * @param groups - One group per example, such as `record.group`.
 * @param options - `testSize` is by default 0.2.
 * @returns As {@link shuffleSplit}.
 * @throws EscError as {@link shuffleSplit}, of groups.
 * @see scikit-learn 1.2 `GroupShuffleSplit`.
 * @example for (const { test } of groupShuffleSplit(['a', 'a', 'b', 'c'], { testSize: 1 })) console.log(test)
 */
export function groupShuffleSplit(
  groups: Labels,
  options: ShuffleSplitOptions = {},
): Generator<Split, void, undefined> {
  const { nSplits = 5, seed = 0 } = options
  assertInteger('nSplits', nSplits, 1)
  const { codes, counts } = encodeByAppearance('groups', groups)
  const sizes = partCounts(counts.length, options, 0.2, 'groups')
  return shuffled(codes, sizes, nSplits, createRng(seed))
}

function* shuffled(
  unitOf: Int32Array,
  sizes: PartCounts,
  nSplits: number,
  rng: Rng,
): Generator<Split, void, undefined> {
  for (let split = 0; split < nSplits; split++) yield splitOf(unitOf, drawParts(sizes, rng))
}
