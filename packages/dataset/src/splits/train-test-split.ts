/** `trainTestSplit`: one random split, with the classes' shares if asked, of single clips or of whole groups. */
import { assertKnown, EscError, type Split } from '@esc/core'
import { type DrawOptions, drawSplit } from './shared/draw-split.js'
import type { Labels } from './shared/labels.js'
import type { PartSizeOptions } from './shared/parts.js'
import { type Clips, clipsOf, expand, isSource, labelsOfClips, type SplitSource } from './shared/source.js'

/** Options of {@link trainTestSplit} of a number of examples. Without sizes, `testSize` is 0.25. */
export interface TrainTestSplitOptions extends PartSizeOptions {
  /** Seed of the draw. @defaultValue `0` */
  seed?: number
  /** One class for each example: both parts then have the classes' shares. `null` draws freely. @defaultValue `null` */
  stratify?: Labels | null
  /**
   * One group for each example: no group is then on both sides. `null` ignores siblings. With groups, sizes count groups, as in
   * `groupShuffleSplit`, and `stratify` keeps the classes' shares of the groups. A group of several classes counts for the class
   * that most of its examples have.
   *
   * @defaultValue `null`
   */
  groups?: Labels | null
}

/** Options of {@link trainTestSplit} of a set: {@link TrainTestSplitOptions}, in which `true` means the set's own labels or groups. */
export interface TrainTestSplitSetOptions extends Omit<TrainTestSplitOptions, 'stratify' | 'groups'> {
  /** `true` keeps the shares of the set's classes in both parts; you may pass other classes. @defaultValue `null` */
  stratify?: true | Labels | null
  /** `true` puts none of the set's groups on both sides; you may pass other groups. @defaultValue `null` */
  groups?: true | Labels | null
}

/**
 * Splits clips at random into training and test. With `stratify`, each class gets its exact share, rounded down or up: the clips that
 * are left after rounding down go to the classes with the largest remainders, and ties are drawn at random. With `groups`, whole
 * groups are drawn, and large ones are as likely as small ones. If the clips of each class must be even, use the first fold of
 * `stratifiedGroupKFold`.
 *
 * Differs from scikit-learn: it takes a set or a count, and returns indices in ascending order; it takes groups; it compares
 * remainders exactly, and `_approximate_mode` compares floats; its random numbers are others, so the same seed gives another draw.
 *
 * @param set - Its clips are drawn. You may pass a number of examples instead.
 * @throws EscError INVALID_OPTION if a size is out of range; INVALID_INPUT if a part would be empty, both need more
 *   clips than there are, a class has one member, or a part has fewer clips than there are classes; with
 *   groups, the same of groups. INVALID_INPUT also if two examples of one clip differ in label, group or fold.
 * @see scikit-learn 1.2 `train_test_split`, `StratifiedShuffleSplit`, `_approximate_mode`.
 * @example const { train, test } = trainTestSplit(features, { seed: 42, stratify: true, groups: true })
 */
export function trainTestSplit(set: SplitSource, options?: TrainTestSplitSetOptions): Split
/**
 * {@link trainTestSplit} of `count` examples.
 *
 * @example const { train, test } = trainTestSplit(4, { testSize: 2, stratify: ['dog', 'rain', 'dog', 'rain'] })
 */
export function trainTestSplit(count: number, options?: TrainTestSplitOptions): Split
export function trainTestSplit(from: SplitSource | number, options: TrainTestSplitSetOptions = {}): Split {
  assertKnown('trainTestSplit', options, {
    seed: true,
    stratify: true,
    groups: true,
    testSize: true,
    trainSize: true,
  })
  const clips = isSource(from) ? clipsOf(from) : null
  const drawn: DrawOptions = {
    ...options,
    stratify: listOf('stratify', options.stratify ?? null, clips?.labels, clips),
    groups: listOf('groups', options.groups ?? null, clips?.groups, clips),
  }
  if (clips === null) return drawSplit(from as number, drawn, 'examples')
  return expand(clips, drawSplit(clips.ids.length, drawn, 'clips'))
}

/** The list for an option of {@link trainTestSplit}: one value for each unit that is drawn. */
function listOf(
  name: 'stratify' | 'groups',
  value: true | Labels | null,
  own: Labels | undefined,
  clips: Clips | null,
): Labels | null {
  if (value === null) return null
  if (typeof value === 'object') return clips === null ? value : labelsOfClips(name, value, clips)
  if (value === true && own !== undefined) return own
  const rule = own === undefined ? 'an array, or null' : 'true, an array, or null'
  throw new EscError('INVALID_OPTION', `${name}=${String(value)} must be ${rule}`)
}
