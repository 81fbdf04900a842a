/** `findLeaks` and `assertNoLeaks`: groups that a split puts into several parts. */
import { EscError, hasField, isNumberList, type Split, shown, wrongValue } from '@esc/core'
import { count } from '../words.js'
import { assertValues, type Labels } from './shared/labels.js'
import { clipsOf, isSource, type SplitSource } from './shared/source.js'

const parts = ['train', 'validation', 'test'] as const

/** A group with examples in more than one part. */
export interface GroupLeak {
  group: number | string
  /** Indices of the group's examples in each part. */
  train: number[]
  validation: number[]
  test: number[]
}

/** Result of {@link findLeaks}. */
export interface LeakReport {
  /** In the order in which the groups first appear in the parts. */
  leaks: GroupLeak[]
  /** Test clips with a sibling (a clip of the same group) in training: their results cannot be trusted. Windows of a clip count once. */
  leakedTestClips: number
}

/** The group of each example. `clipOf` has its clip if examples may be windows, and is `null` otherwise. */
interface Grouping {
  groups: Labels
  clipOf: Int32Array | null
}

/**
 * Lists the groups that have examples in more than one part of a split. A network may recognise such a
 * recording's microphone and room instead of the sound.
 *
 * @param set - The set that was split. You may pass groups instead, one for each example; then each example counts as a clip.
 * @throws EscError INVALID_INPUT if the split has an index without an example, or two examples of one clip differ in
 *   label, group or fold.
 * @example findLeaks(split, features).leakedTestClips
 */
export function findLeaks(split: Split, set: SplitSource): LeakReport
/** {@link findLeaks} of examples that are of these groups. @example findLeaks(split, ['a', 'a', 'b']).leakedTestClips */
export function findLeaks(split: Split, groups: Labels): LeakReport
export function findLeaks(split: Split, from: SplitSource | Labels): LeakReport {
  assertParts(split)
  return reportLeaks(split, groupingOf(from))
}

/** Without this check, swapped arguments would have no leaks. */
function assertParts(split: Split): void {
  const advice = { 'a feature set': 'pass the split first, and then the set' }
  if (!hasField(split, 'train')) throw wrongValue('split', split, '{ train, test }', { advice })
  for (const part of parts) {
    const indices: unknown = split[part]
    if (isNumberList(indices) || (part === 'validation' && indices === undefined)) continue
    throw wrongValue(`split.${part}`, indices, 'a list of indices')
  }
}

function groupingOf(from: SplitSource | Labels): Grouping {
  if (!isSource(from)) {
    assertValues('groups', from)
    return { groups: from, clipOf: null }
  }
  const { groups, clipOf } = clipsOf(from)
  return { groups: Array.from(clipOf, (clip) => groups[clip]!), clipOf }
}

function reportLeaks(split: Split, { groups, clipOf }: Grouping): LeakReport {
  const torn = tornGroups(split, groups)
  const byGroup = new Map<number | string, GroupLeak>()
  for (const group of torn) byGroup.set(group, { group, train: [], validation: [], test: [] })
  if (torn.length > 0) {
    for (const part of parts) {
      for (const index of split[part] ?? []) byGroup.get(groups[index]!)?.[part].push(index)
    }
  }
  const leaks = [...byGroup.values()]
  const clipsAmong = (indices: number[]) =>
    clipOf === null ? indices.length : new Set(indices.map((index) => clipOf[index])).size
  const leakedTestClips = leaks.reduce(
    (sum, { train, test }) => sum + (train.length > 0 ? clipsAmong(test) : 0),
    0,
  )
  return { leaks, leakedTestClips }
}

/** The groups with examples in two parts or three, in the order in which they first appear. */
function tornGroups(split: Split, groups: Labels): (number | string)[] {
  const partsOf = new Map<number | string, number>()
  for (const [bit, part] of parts.entries()) {
    for (const index of split[part] ?? []) {
      const group = groups[index]
      if (group === undefined) {
        throw new EscError(
          'INVALID_INPUT',
          `split.${part} holds index ${shown(index)}; the number of examples is ${groups.length}`,
        )
      }
      const seen = partsOf.get(group) ?? 0
      if ((seen & (1 << bit)) === 0) partsOf.set(group, seen | (1 << bit))
    }
  }
  // A power of two means one part alone.
  return [...partsOf].flatMap(([group, seen]) => ((seen & (seen - 1)) === 0 ? [] : [group]))
}

/**
 * Refuses a split that puts a group into several parts.
 *
 * @param set - The set that was split. You may pass groups instead, one for each example.
 * @throws EscError GROUP_LEAK naming the first such groups, with all of them in `detail.leaks`; INVALID_INPUT
 *   as {@link findLeaks}.
 * @example assertNoLeaks(split, features)
 */
export function assertNoLeaks(split: Split, set: SplitSource): void
/** {@link assertNoLeaks} of examples that are of these groups. @example assertNoLeaks(split, ['a', 'a', 'b']) */
export function assertNoLeaks(split: Split, groups: Labels): void
export function assertNoLeaks(split: Split, from: SplitSource | Labels): void {
  assertParts(split)
  const { leaks, leakedTestClips } = reportLeaks(split, groupingOf(from))
  if (leaks.length === 0) return
  const shown = leaks.slice(0, 5).map(({ group }) => group)
  const more = leaks.length > 5 ? ` and ${leaks.length - 5} more` : ''
  const what = `${count(leaks.length, 'group')} in more than one part: ${shown.join(', ')}${more}`
  const harm = `${count(leakedTestClips, 'test clip')} with a sibling (a clip of the same group) in training`
  throw new EscError('GROUP_LEAK', `${what}; ${harm}; split by group`, { detail: { leaks, leakedTestClips } })
}
