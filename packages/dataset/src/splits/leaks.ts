/** Finds groups that a split tears apart. */
import { EscError, type Split } from '@esc/core'
import type { Labels } from './labels.js'

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
  const byGroup = new Map<number | string, GroupLeak>()
  for (const part of ['train', 'validation', 'test'] as const) {
    for (const index of split[part] ?? []) {
      const group = groups[index]
      if (group === undefined) {
        throw new EscError('INVALID_INPUT', `${part} holds index ${index}; there are ${groups.length} groups`)
      }
      const entry = byGroup.get(group) ?? { group, train: [], validation: [], test: [] }
      entry[part].push(index)
      byGroup.set(group, entry)
    }
  }
  const leaks = [...byGroup.values()].filter(
    ({ train, validation, test }) =>
      Number(train.length > 0) + Number(validation.length > 0) + Number(test.length > 0) > 1,
  )
  const leakedTestClips = leaks.reduce(
    (sum, { train, test }) => sum + (train.length > 0 ? test.length : 0),
    0,
  )
  return { leaks, leakedTestClips }
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
