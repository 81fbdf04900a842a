/** `groupShuffleSplit`: random splits that keep the clips of one group together. */
import { assertInteger, assertKnown, createRng } from '@esc/core'
import type { Splits } from './shared/folds.js'
import { encodeByAppearance, type Labels } from './shared/labels.js'
import { drawEach, partCounts } from './shared/parts.js'
import { clipsOf, expandEach, isSource, type SplitSource } from './shared/source.js'
import { type ShuffleSplitOptions, shuffleOptions } from './shuffle-split.js'

/**
 * Makes random splits in which no group is on both sides. Each is drawn from all groups. Sizes count groups, not clips.
 *
 * Differs from scikit-learn as {@link shuffleSplit} does. Renaming the groups changes nothing.
 *
 * @param set - The groups of its clips are drawn. You may pass groups instead, one for each example.
 * @param options - Without sizes, `testSize` is 0.2.
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
  assertKnown('groupShuffleSplit', options, shuffleOptions)
  if (!isSource(from)) return shuffledGroups(from, options)
  const clips = clipsOf(from)
  return expandEach(clips, shuffledGroups(clips.groups, options))
}

function shuffledGroups(groups: Labels, options: ShuffleSplitOptions): Splits {
  const { nSplits = 5, seed = 0 } = options
  assertInteger('nSplits', nSplits, 1)
  const { codes, counts } = encodeByAppearance('groups', groups)
  const sizes = partCounts(counts.length, options, 0.2, 'groups')
  return drawEach(codes, sizes, nSplits, createRng(seed))
}
