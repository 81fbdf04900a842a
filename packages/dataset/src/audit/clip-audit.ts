/** What an audit says about the clips of a data set. */
import type { Finding } from './finding.js'
import type { NearDuplicate } from './near.js'
import type { Spread } from './spread.js'

/** A clip whose file is there but cannot be decoded. */
export interface UnreadableClip {
  id: string
  reason: string
}

/** Levels and bandwidths of the clips of a class. */
export interface ClassSound {
  label: string
  /** Clips that could be measured. */
  clips: number
  /** Levels of the clips that are not silent; `null` if there are none. */
  rmsDb: Spread | null
  bandwidthHz: Spread | null
}

/** What `auditFacts` says about the clips: plain JSON. */
export interface ClipAudit {
  /** Clips that could be measured. */
  clips: number
  /** Ids of clips that are in the table and were not given. */
  missing: string[]
  unreadable: UnreadableClip[]
  durationSec: Spread | null
  /** The number of clips with each rate, the most frequent rate first. */
  sampleRates: { sampleRate: number; clips: number }[]
  /** The number of clips with each number of channels, the most frequent one first. */
  channels: { channels: number; clips: number }[]
  /** The number of clips of each codec, as far as codecs are known: `wav pcm_s16le`, `ogg vorbis`. */
  codecs: { codec: string; clips: number }[]
  /** Silence at the start, at the end and in between, as shares of the time of all clips. */
  silence: { leading: number; trailing: number; inside: number }
  /** Levels of the clips that are not silent. */
  rmsDb: Spread | null
  /** Effective bandwidths of the clips that are not silent. */
  bandwidthHz: Spread | null
  /** In the order of the data set's labels. */
  classes: ClassSound[]
  /** Ids of clips with equal samples, in sets of two or more. */
  duplicates: string[][]
  nearDuplicates: NearDuplicate[]
  findings: Finding[]
}
