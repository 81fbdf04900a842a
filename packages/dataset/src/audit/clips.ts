/** The audit of measured clips. */
import { EscError } from '@esc/core'
import type { Dataset } from '../record.js'
import { count } from '../words.js'
import type { ClassSound, ClipAudit, UnreadableClip } from './clip-audit.js'
import { sortFindings } from './finding.js'
import { type ClipFit, findUnfit } from './fit.js'
import { type ClipFacts, isAudible } from './measure.js'
import { findNearDuplicates } from './near.js'
import { findRecordingLeaks } from './recording.js'
import { spreadOf } from './spread.js'
import { groupBy } from './table.js'
import { findTrouble } from './trouble.js'

/**
 * Audits the facts of many clips.
 *
 * @throws EscError INVALID_INPUT if there are facts about a clip that is not in the table.
 */
export function auditClips(
  { labels, records }: Dataset,
  facts: readonly ClipFacts[],
  unreadable: readonly UnreadableClip[],
  fit: ClipFit,
): ClipAudit {
  const recordOf = new Map(records.map((record) => [record.id, record]))
  const stranger = [...facts, ...unreadable].find(({ id }) => !recordOf.has(id))
  if (stranger) {
    throw new EscError(
      'INVALID_INPUT',
      `clip ${stranger.id} is not in the table of ${count(records.length, 'clip')}`,
    )
  }
  const given = groupBy([...facts, ...unreadable], ({ id }) => id)
  const repeated = [...given].find(([, clips]) => clips.length > 1)
  if (repeated)
    throw new EscError('INVALID_INPUT', `clip ${repeated[0]} was given ${repeated[1].length} times`)
  const missing = records.filter(({ id }) => !given.has(id)).map(({ id }) => id)
  const audible = facts.filter(isAudible)
  // Silent clips of one length have equal samples. They have a finding of their own.
  const byHash = [...groupBy(audible, ({ hash }) => hash).values()]
  const duplicates = byHash.filter((set) => set.length > 1).map((set) => set.map(({ id }) => id))
  const nearDuplicates = findNearDuplicates(byHash.map((set) => set[0]!))
  const byLabel = groupBy(facts, ({ id }) => recordOf.get(id)!.labelIndex)
  const seconds = facts.reduce((sum, clip) => sum + clip.durationSec, 0)
  const shareOf = (silence: (clip: ClipFacts) => number) =>
    seconds > 0 ? facts.reduce((sum, clip) => sum + silence(clip), 0) / seconds : 0
  const audit = {
    clips: facts.length,
    missing,
    unreadable: [...unreadable],
    durationSec: spreadOf(facts.map((clip) => clip.durationSec)),
    sampleRates: countEach(facts, ({ sampleRate }) => sampleRate).map(([sampleRate, clips]) => ({
      sampleRate,
      clips,
    })),
    channels: countEach(facts, ({ channels }) => channels).map(([channels, clips]) => ({ channels, clips })),
    codecs: countEach(facts, ({ codec }) => codec).flatMap(([codec, clips]) =>
      codec === null ? [] : [{ codec, clips }],
    ),
    silence: {
      leading: shareOf((clip) => clip.leadingSilenceSec),
      // In a silent clip the silence reaches both ends. It counts once.
      trailing: shareOf((clip) => (isAudible(clip) ? clip.trailingSilenceSec : 0)),
      inside: shareOf((clip) => clip.insideSilenceSec),
    },
    rmsDb: spreadOf(audible.map((clip) => clip.rmsDb)),
    bandwidthHz: spreadOf(audible.map((clip) => clip.bandwidthHz)),
    classes: labels.map((label, index) => describeClass(label, byLabel.get(index) ?? [])),
    duplicates,
    nearDuplicates,
  }
  const sounds = labels.map((_, index) => byLabel.get(index) ?? [])
  const findings = [
    ...findTrouble(audit, facts, recordOf),
    ...findRecordingLeaks(labels, sounds),
    ...findUnfit(facts, fit),
  ]
  return { ...audit, findings: sortFindings(findings) }
}

/** Values and how often each occurs, the most frequent first. */
function countEach<T>(
  facts: readonly ClipFacts[],
  keyOf: (clip: ClipFacts) => T,
): [value: T, clips: number][] {
  return [...groupBy(facts, keyOf)]
    .map(([value, { length }]): [T, number] => [value, length])
    .sort((a, b) => b[1] - a[1])
}

function describeClass(label: string, facts: readonly ClipFacts[]): ClassSound {
  const audible = facts.filter(isAudible)
  return {
    label,
    clips: facts.length,
    rmsDb: spreadOf(audible.map((clip) => clip.rmsDb)),
    bandwidthHz: spreadOf(audible.map((clip) => clip.bandwidthHz)),
  }
}
