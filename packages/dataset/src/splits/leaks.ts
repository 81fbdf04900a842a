/** Finds groups that a split tears apart. */
import { EscError, type Split } from '@esc/core'
import type { Labels } from './labels.js'

const PARTS = ['train', 'validation', 'test'] as const

/** A group with examples in more than one part. */
export interface GroupLeak {
  group: number | string
  /** Indices of the group's examples in each part. */
  train: number[]
  validation: number[]
  test: number[]
}

/** What {@link findLeaks} found. */
export interface LeakReport {
  /** In the order in which the groups first appear in the parts. */
  leaks: GroupLeak[]
  /** Test examples that have a sibling in training: those whose result cannot be trusted. */
  leakedTestClips: number
}

/**
 * Lists the groups that have examples in more than one part of a split. A network may recognise such a
 * recording's microphone and room instead of the sound.
 *
 * @param groups - One group per example, such as `record.group`.
 * @throws EscError INVALID_INPUT if the split has an index without a group.
 * @example findLeaks(split, dataset.records.map((record) => record.group)).leakedTestClips
 */
export function findLeaks(split: Split, groups: Labels): LeakReport {
  const torn = tornGroups(split, groups)
  const byGroup = new Map<number | string, GroupLeak>()
  for (const group of torn) byGroup.set(group, { group, train: [], validation: [], test: [] })
  if (torn.length > 0) {
    for (const part of PARTS) {
      for (const index of split[part] ?? []) byGroup.get(groups[index]!)?.[part].push(index)
    }
  }
  const leaks = [...byGroup.values()]
  const leakedTestClips = leaks.reduce(
    (sum, { train, test }) => sum + (train.length > 0 ? test.length : 0),
    0,
  )
  return { leaks, leakedTestClips }
}

/** The groups with examples in two parts or three, in the order in which they first appear. */
function tornGroups(split: Split, groups: Labels): (number | string)[] {
  const partsOf = new Map<number | string, number>()
  for (const [bit, part] of PARTS.entries()) {
    for (const index of split[part] ?? []) {
      const group = groups[index]
      if (group === undefined) {
        throw new EscError('INVALID_INPUT', `${part} holds index ${index}; there are ${groups.length} groups`)
      }
      const seen = partsOf.get(group) ?? 0
      if ((seen & (1 << bit)) === 0) partsOf.set(group, seen | (1 << bit))
    }
  }
  // A power of two is one part alone.
  return [...partsOf].flatMap(([group, seen]) => ((seen & (seen - 1)) === 0 ? [] : [group]))
}

/**
 * Refuses a split that tears a group apart.
 *
 * @throws EscError GROUP_LEAK naming the first such groups, with all of them in `detail.leaks`; INVALID_INPUT
 *   as {@link findLeaks}.
 * @example assertNoLeaks(split, dataset.records.map((record) => record.group))
 */
export function assertNoLeaks(split: Split, groups: Labels): void {
  const { leaks, leakedTestClips } = findLeaks(split, groups)
  if (leaks.length === 0) return
  const shown = leaks.slice(0, 5).map(({ group }) => group)
  const more = leaks.length > 5 ? ` and ${leaks.length - 5} more` : ''
  const what = `${leaks.length} groups are in more than one part: ${shown.join(', ')}${more}`
  const harm = `${leakedTestClips} test clips have a sibling in training; split by group`
  throw new EscError('GROUP_LEAK', `${what}; ${harm}`, { detail: { leaks, leakedTestClips } })
}
