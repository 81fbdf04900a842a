/** The audit of a split: test clips that are siblings or copies of training clips. */
import type { Split } from '@esc/core'
import type { Dataset } from '../record.js'
import { findLeaks } from '../splits/leaks.js'
import type { ClipAudit } from './clip-audit.js'
import type { Finding } from './finding.js'

/** The sizes of a split's parts, and its leaks. */
export interface SplitAudit {
  train: number
  validation: number
  test: number
  /** Test clips with a sibling (another clip of the same source) in training. */
  leakedTestClips: number
  /** Their share of the test clips. */
  leakRate: number
  /** Test clips that are an exact or near copy of a training clip, whatever sources the table gives them. */
  copiedTestClips: number
  findings: Finding[]
}

/** @throws EscError INVALID_INPUT if the split has an index without a record. */
export function auditSplit({ records }: Dataset, split: Split, clips: ClipAudit): SplitAudit {
  const { leakedTestClips } = findLeaks(
    split,
    records.map(({ group }) => group),
  )
  const test = Array.from(split.test, (index) => records[index]!.id)
  const train = new Set(Array.from(split.train, (index) => records[index]!.id))
  const copiesOf = joinCopies(clips)
  const copied = test.filter((id) => copiesOf.get(id)?.some((copy) => train.has(copy)))
  const audit = {
    train: split.train.length,
    validation: split.validation?.length ?? 0,
    test: test.length,
    leakedTestClips,
    leakRate: test.length > 0 ? leakedTestClips / test.length : 0,
    copiedTestClips: copied.length,
  }
  return { ...audit, findings: splitFindings(audit) }
}

/** The copies of each clip and the copies of these, with the clip itself. */
function joinCopies({ duplicates, nearDuplicates }: ClipAudit): Map<string, string[]> {
  const sets = new Map<string, string[]>()
  for (const ids of [...duplicates, ...nearDuplicates.map((pair) => pair.ids)]) {
    const joined = [...new Set(ids.flatMap((id) => sets.get(id) ?? [id]))]
    for (const id of joined) sets.set(id, joined)
  }
  return sets
}

function splitFindings(split: Omit<SplitAudit, 'findings'>): Finding[] {
  const { test, leakedTestClips, leakRate, copiedTestClips } = split
  const findings: Finding[] = []
  if (leakedTestClips > 0) {
    const share = `${leakedTestClips} of ${test} (${(100 * leakRate).toFixed(1)} %)`
    const message = `test clips with a sibling (a clip of the same source) in training: ${share}; split by group`
    findings.push({ severity: 'error', code: 'SPLIT_LEAKS', message, ids: [] })
  }
  if (copiedTestClips > 0) {
    const message = `test clips that are a copy of a training clip, exact or near: ${copiedTestClips} of ${test}`
    findings.push({ severity: 'error', code: 'SPLIT_COPIES', message, ids: [] })
  }
  return findings
}
