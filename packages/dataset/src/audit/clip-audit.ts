/** What an audit says about the clips of a data set. */
import type { Finding } from './finding.js'
import type { NearDuplicate } from './near.js'
import type { Spread } from './spread.js'

/** A clip whose file is there but cannot be decoded. */
export interface UnreadableClip {
  id: string
  reason: string
}

/** How the clips of a class sound, as far as a number says. */
export interface ClassSound {
  label: string
  /** Clips that could be measured. */
  clips: number
  /** Of clips that are not silent; `null` where there is none. */
  rmsDb: Spread | null
  bandwidthHz: Spread | null
}

/** What {@link auditFacts} says about the clips: plain JSON. */
export interface ClipAudit {
  /** Clips that could be measured. */
  clips: number
  /** Ids of clips that the table names and nobody gave. */
  missing: string[]
  unreadable: UnreadableClip[]
  durationSec: Spread | null
  /** How many clips have each rate, and each number of channels, the most frequent first. */
  sampleRates: { sampleRate: number; clips: number }[]
  channels: { channels: number; clips: number }[]
  /** How the clips are stored, where it is known: `wav pcm_s16le`, `ogg vorbis`. */
  codecs: { codec: string; clips: number }[]
  /** Shares of all time: silence at the start, at the end, and in between. */
  silence: { leading: number; trailing: number; inside: number }
  /** Levels and effective bandwidths of clips that are not silent. */
  rmsDb: Spread | null
  bandwidthHz: Spread | null
  /** In the order of the data set's labels. */
  classes: ClassSound[]
  /** Ids of clips with equal samples, in sets of two or more. */
  duplicates: string[][]
  nearDuplicates: NearDuplicate[]
  findings: Finding[]
}
