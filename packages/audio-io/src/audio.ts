/** What every decoder here returns, which part of a file it decodes, and the checks that decoders share. */
import { assertPositive, EscError, wrongOption } from '@esc/core'

/** Decoded sound as the file holds it: not yet mixed to mono, not yet resampled. */
export interface DecodedAudio {
  /** One array per channel, all of one length; nominal range [-1, 1], float files may exceed it. */
  channels: Float32Array[]
  /** Hz. */
  sampleRate: number
  /**
   * One sentence for each problem: a wrong value in the header that was corrected, or a part of a damaged file that
   * was lost (only with `tolerant`). Absent if there was no problem.
   */
  warnings?: readonly string[]
}

/** Which part of a file to decode, how much at most, and what to do with a damaged file. */
export interface DecodeLimits {
  /** Where to start, in seconds; rounded down to a whole sample. @defaultValue `0` */
  offset?: number
  /**
   * How much to decode, in seconds; less if the file ends earlier. `null` decodes to the end of the file.
   *
   * @defaultValue `null`
   */
  duration?: number | null
  /**
   * The longest sound that may be decoded, in seconds. A longer one is refused before it is decoded. Each sample of
   * each channel takes four bytes of memory: for files that you do not trust, allow no more than you need.
   *
   * @defaultValue `3600`
   */
  maxDurationSec?: number
  /**
   * `true` returns the part of a damaged file that can be read, and lists in `warnings` what was lost. A file of
   * which nothing can be read is still refused. `false` refuses every damaged file with CORRUPT_DATA. A header that a
   * recorder left unfinished is no damage if all of the sound is there: such a file is always read, with a warning.
   *
   * @defaultValue `false`
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

/** What a file's header says about its sound. */
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
  /** Bits of one stored sample that carry signal; `null` for a codec that does not store samples. */
  bitDepth: number | null
  /** One sentence for each wrong value in the header that was corrected; absent if there was none. */
  warnings?: readonly string[]
}

/** The most channels that a file may have. A header that claims more is almost always wrong. */
export const maxChannels = 64

/** The longest sound that is decoded unless the caller allows more, in seconds. */
const defaultMaxDurationSec = 3600

/**
 * Turns {@link DecodeLimits} into samples.
 *
 * @param frames - Samples per channel that the file has.
 * @param sampleRate - The file's own, in Hz.
 * @throws EscError INVALID_OPTION if `offset` is not >= 0 or lies past the end of the file, if `duration` is neither
 *   `null` nor at least one sample, or if `maxDurationSec` is not > 0.
 * @throws EscError INVALID_INPUT if the part is longer than `maxDurationSec`.
 * @see librosa 0.10.2 `load`, which also rounds both ends down to whole samples.
 * @example resolveSpan(44100, 22050, { offset: 0.5 }) // { start: 11025, length: 33075 }
 */
export function resolveSpan(frames: number, sampleRate: number, limits: DecodeLimits): Span {
  const { offset = 0, duration = null, maxDurationSec = defaultMaxDurationSec } = limits
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
    throw new EscError(
      'INVALID_OPTION',
      `duration=${duration} is shorter than one sample at ${sampleRate} Hz`,
    )
  }
  const length = Math.min(wanted, frames - start)
  if (length > maxDurationSec * sampleRate) {
    throw new EscError(
      'INVALID_INPUT',
      `the sound lasts ${length / sampleRate} s, longer than maxDurationSec=${maxDurationSec}; ` +
        'raise maxDurationSec, read a part with offset and duration, or use streamAudio',
      { detail: { frames: length, sampleRate, maxDurationSec } },
    )
  }
  return { start, length }
}

/**
 * Allocates arrays for decoded sound.
 *
 * @throws EscError INVALID_INPUT if there is not enough memory.
 * @example allocateChannels(2, 44100)
 */
export function allocateChannels(channels: number, frames: number): Float32Array[] {
  try {
    return Array.from({ length: channels }, () => new Float32Array(frames))
  } catch (cause) {
    throw new EscError(
      'INVALID_INPUT',
      `${channels} channels of ${frames} samples do not fit in memory; read a part with offset and duration`,
      { cause },
    )
  }
}

/**
 * Sets samples that are NaN or infinite to 0.
 *
 * @returns A warning that says how many; empty if all samples were finite.
 * @example silenceNonFinite([Float32Array.of(1, NaN)]) // ['1 samples were NaN or infinite and were set to 0']
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
  return silencedWarning(count)
}

/** The warning about samples that were set to 0; empty if there were none. @example silencedWarning(3) */
export function silencedWarning(count: number): string[] {
  return count === 0 ? [] : [`${count} samples were NaN or infinite and were set to 0`]
}

/** The information, with `warnings` only if there are any. @example withWarnings(info, ['blockAlign=0 is wrong']) */
export function withWarnings(info: AudioInfo, warnings: readonly string[]): AudioInfo {
  return warnings.length === 0 ? info : { ...info, warnings }
}

/** Decoded sound, with `warnings` only if there are any. @example decoded([samples], 44100, []) */
export function decoded(
  channels: Float32Array[],
  sampleRate: number,
  warnings: readonly string[],
): DecodedAudio {
  return warnings.length === 0 ? { channels, sampleRate } : { channels, sampleRate, warnings }
}
