/** What every decoder here returns, and the checks they share. */
import { assertPositive, EscError, wrongOption } from '@esc/core'

/** Decoded sound as the file holds it: not yet mixed to mono, not yet resampled. */
export interface DecodedAudio {
  /** One array per channel, all of one length; nominal range [-1, 1], float files may exceed it. */
  channels: Float32Array[]
  /** Hz. */
  sampleRate: number
  /**
   * A sentence for each thing that was wrong: what was computed because a header cannot be true, and what `tolerant` lost
   * of a damaged file. Absent where nothing was.
   */
  warnings?: readonly string[]
}

/** Which part of a file is wanted, how much at most, and what happens where it is damaged. */
export interface DecodeLimits {
  /** Where to start, in seconds; cut to a whole sample. Default 0. */
  offset?: number
  /** How much to decode, in seconds, or less where the file ends sooner; `null` decodes to the end. Default `null`. */
  duration?: number | null
  /**
   * The most that is decoded, in seconds; more is refused before it is decoded. Default 3600. A second takes four bytes for
   * each sample of each channel: of files from strangers, allow no more than is needed.
   */
  maxDurationSec?: number
  /**
   * `true` returns what can be read of a damaged file, and lists in `warnings` what was lost; a file of which nothing can
   * be read is refused all the same. Default `false`: any damage is CORRUPT_DATA. Headers that recorders leave unfinished
   * while all of the sound is there are no damage: they are read either way, with a warning.
   */
  tolerant?: boolean
}

/** Every name of {@link DecodeLimits}, for the check of options. */
export const decodeLimitNames: Readonly<Record<keyof DecodeLimits, true>> = {
  offset: true,
  duration: true,
  maxDurationSec: true,
  tolerant: true,
}

/** A part of a sound, in samples per channel. */
export interface Span {
  start: number
  length: number
}

/** What a file's header says of its sound. */
export interface AudioInfo {
  /** `wav`, `aiff`, `ogg`, `flac` or `mp3`, as ffprobe's `format_name`. */
  container: string
  /** As ffprobe's `codec_name`: `pcm_s16le`, `adpcm_ms`. */
  codec: string
  /** Hz. */
  sampleRate: number
  channels: number
  durationSec: number
  /** Samples per channel. */
  frames: number
  /** Bits of one stored sample that carry signal; `null` where the codec has no such thing. */
  bitDepth: number | null
  /** What was computed because the header cannot be true, a sentence each; absent where nothing was. */
  warnings?: readonly string[]
}

/** The most channels a file may have: a header that claims more is a lie far more often than a recording. */
export const MAX_CHANNELS = 64

/** The longest file that is decoded unless the caller asks for more, in seconds. */
const DEFAULT_MAX_DURATION_SEC = 3600

/**
 * The samples that {@link DecodeLimits} ask for.
 *
 * @param frames - Samples per channel that the file has.
 * @param sampleRate - The file's own, in Hz.
 * @throws EscError INVALID_OPTION unless `offset >= 0` lies in the file, `duration` is `null` or at least a sample, and
 *   `maxDurationSec > 0`.
 * @throws EscError INVALID_INPUT if they last longer than `maxDurationSec`.
 * @see librosa 0.10.2 `load`: both ends are cut to whole samples as there.
 * @example resolveSpan(44100, 22050, { offset: 0.5 }) // { start: 11025, length: 33075 }
 */
export function resolveSpan(frames: number, sampleRate: number, limits: DecodeLimits): Span {
  const { offset = 0, duration = null, maxDurationSec = DEFAULT_MAX_DURATION_SEC } = limits
  const hasLimit = typeof maxDurationSec === 'number' && maxDurationSec > 0
  if (!hasLimit) throw wrongOption('maxDurationSec', maxDurationSec, '> 0')
  if (!(typeof offset === 'number' && offset >= 0)) throw wrongOption('offset', offset, '>= 0')
  if (duration !== null) assertPositive('duration', duration)
  const start = Math.trunc(offset * sampleRate)
  if (start >= frames) {
    throw new EscError(
      'INVALID_OPTION',
      `offset=${offset} must be less than the file's ${frames / sampleRate} s`,
    )
  }
  const wanted = duration === null ? frames : Math.trunc(duration * sampleRate)
  if (wanted === 0) {
    throw new EscError('INVALID_OPTION', `duration=${duration} is less than a sample at ${sampleRate} Hz`)
  }
  const length = Math.min(wanted, frames - start)
  if (length > maxDurationSec * sampleRate) {
    throw new EscError(
      'INVALID_INPUT',
      `${length / sampleRate} s exceed maxDurationSec=${maxDurationSec}; raise it, read a part by offset and duration, or stream it`,
      { detail: { frames: length, sampleRate, maxDurationSec } },
    )
  }
  return { start, length }
}

/**
 * Room for decoded sound.
 *
 * @throws EscError INVALID_INPUT if there is not that much memory.
 * @example allocateChannels(2, 44100)
 */
export function allocateChannels(channels: number, frames: number): Float32Array[] {
  try {
    return Array.from({ length: channels }, () => new Float32Array(frames))
  } catch (cause) {
    throw new EscError(
      'INVALID_INPUT',
      `${channels} channels of ${frames} samples do not fit in memory; read a part by offset and duration`,
      { cause },
    )
  }
}

/**
 * Sets samples that are NaN or infinite to 0.
 *
 * @returns What was lost, in a sentence; none if all samples were numbers.
 * @example warnings.push(...silenceNonFinite(channels))
 */
export function silenceNonFinite(channels: readonly Float32Array[]): string[] {
  let count = 0
  for (const samples of channels) {
    for (let i = 0; i < samples.length; i++) {
      if (Number.isFinite(samples[i]!)) continue
      samples[i] = 0
      count++
    }
  }
  return count === 0 ? [] : [`${count} samples were NaN or infinite and were set to 0`]
}

/** Information with what was computed of it, where anything was. @example withWarnings(file.info, file.warnings) */
export function withWarnings(info: AudioInfo, warnings: readonly string[]): AudioInfo {
  return warnings.length === 0 ? info : { ...info, warnings }
}

/** Sound with what was lost of it, where anything was. @example decoded(channels, 44100, []) */
export function decoded(
  channels: Float32Array[],
  sampleRate: number,
  warnings: readonly string[],
): DecodedAudio {
  return warnings.length === 0 ? { channels, sampleRate } : { channels, sampleRate, warnings }
}
