/** What the clips themselves give away. */
import { count, type Finding } from './finding.js'
import type { ClipFacts } from './measure.js'
import { groupBy } from './table.js'

/** Result of {@link auditClips}: plain JSON. */
export interface ClipAudit {
  clips: number
  /** Middle of the durations, in seconds. */
  medianDurationSec: number
  /** How many clips have each rate, the most frequent first. */
  sampleRates: { sampleRate: number; clips: number }[]
  /** Ids of clips with equal samples, in sets of two or more. */
  duplicates: string[][]
  findings: Finding[]
}

const durationTolerance = 0.05
const longSilenceSec = 0.5
const clippedLimit = 1e-4
const dcLimit = 0.01

/**
 * Audits the facts of many clips: silent clips, exact copies, durations more than 5 % off the median, odd
 * sample rates, more than half a second of silence at an end, clipping (more than 1 sample in 10,000), a DC
 * offset above 0.01.
 *
 * @returns Plain JSON; `findings` is empty where nothing is worth a word.
 * @example auditClips(clips.map(({ id, clip }) => measureClip(id, [clip.samples], clip.sampleRate))).findings
 */
export function auditClips(facts: readonly ClipFacts[]): ClipAudit {
  const medianDurationSec = median(facts.map((clip) => clip.durationSec))
  const sampleRates = [...groupBy(facts, (clip) => clip.sampleRate)]
    .map(([sampleRate, { length }]) => ({ sampleRate, clips: length }))
    .sort((a, b) => b.clips - a.clips)
  // Silent clips of one length are all alike, and have a finding of their own.
  const copies = groupBy(facts.filter(isAudible), (clip) => clip.hash).values()
  const duplicates = [...copies].filter((set) => set.length > 1).map((set) => set.map(({ id }) => id))
  const commonRate = sampleRates[0]?.sampleRate ?? 0
  const isOddDuration = ({ durationSec }: ClipFacts) =>
    Math.abs(durationSec - medianDurationSec) > durationTolerance * medianDurationSec
  const isPadded = (clip: ClipFacts) =>
    isAudible(clip) && Math.max(clip.leadingSilenceSec, clip.trailingSilenceSec) > longSilenceSec
  const list = (
    severity: Finding['severity'],
    code: string,
    what: string,
    test: (clip: ClipFacts) => boolean,
  ) => toFinding(severity, code, what, facts.filter(test))
  return {
    clips: facts.length,
    medianDurationSec,
    sampleRates,
    duplicates,
    findings: [
      ...list('error', 'SILENT_CLIP', 'no sound at all', (clip) => !isAudible(clip)),
      ...duplicateFinding(duplicates),
      ...list('warning', 'ODD_DURATION', `not ${round(medianDurationSec)} s long (±5 %)`, isOddDuration),
      ...list(
        'warning',
        'ODD_SAMPLE_RATE',
        `not at ${commonRate} Hz`,
        (clip) => clip.sampleRate !== commonRate,
      ),
      ...list('warning', 'CLIPPING', 'clipped', (clip) => clip.clippedShare > clippedLimit),
      ...list('warning', 'DC_OFFSET', 'DC offset', (clip) => Math.abs(clip.dcOffset) > dcLimit),
      ...list('info', 'SILENT_PADDING', `over ${longSilenceSec} s of silence at the start or end`, isPadded),
    ],
  }
}

function isAudible(clip: ClipFacts): boolean {
  return clip.peak > 0
}

function toFinding(
  severity: Finding['severity'],
  code: string,
  what: string,
  clips: readonly ClipFacts[],
): Finding[] {
  if (clips.length === 0) return []
  return [
    { severity, code, message: `${what}: ${count(clips.length, 'clip')}`, ids: clips.map(({ id }) => id) },
  ]
}

function duplicateFinding(duplicates: readonly string[][]): Finding[] {
  if (duplicates.length === 0) return []
  const shown = duplicates.slice(0, 5).map((ids) => ids.join(' = '))
  const more = duplicates.length > 5 ? ` and ${duplicates.length - 5} more` : ''
  const message = `equal sounds: ${shown.join('; ')}${more}`
  return [{ severity: 'error', code: 'DUPLICATE_CLIP', message, ids: duplicates.flat() }]
}

function median(values: readonly number[]): number {
  if (values.length === 0) return 0
  const sorted = [...values].sort((a, b) => a - b)
  const half = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[half]! : (sorted[half - 1]! + sorted[half]!) / 2
}

function round(value: number): number {
  return Math.round(value * 1000) / 1000
}
