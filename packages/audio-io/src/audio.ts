/** What every decoder here returns, and the checks they share. */
import { EscError } from '@esc/core'

/** Decoded sound as the file holds it: not yet mixed to mono, not yet resampled. */
export interface DecodedAudio {
  /** One array per channel, all of one length; nominal range [-1, 1], float files may exceed it. */
  channels: Float32Array[]
  /** Hz. */
  sampleRate: number
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
}

/** The most channels a file may have: a header that claims more is a lie far more often than a recording. */
export const MAX_CHANNELS = 64

/** The longest file that is decoded unless the caller asks for more, in seconds. */
export const DEFAULT_MAX_DURATION_SEC = 3600

/**
 * @throws EscError INVALID_INPUT if `frames` at `sampleRate` last longer than `maxDurationSec`.
 * @throws EscError INVALID_OPTION unless `maxDurationSec > 0`.
 */
export function assertDuration(frames: number, sampleRate: number, maxDurationSec: number): void {
  if (!(maxDurationSec > 0)) {
    throw new EscError('INVALID_OPTION', `maxDurationSec=${maxDurationSec} must be > 0`)
  }
  if (frames > maxDurationSec * sampleRate) {
    throw new EscError(
      'INVALID_INPUT',
      `durationSec=${frames / sampleRate} exceeds maxDurationSec=${maxDurationSec}; raise it to decode longer files`,
      { detail: { frames, sampleRate, maxDurationSec } },
    )
  }
}

/** @throws EscError CORRUPT_DATA naming the first sample that is NaN or infinite. */
export function assertFiniteSamples(channels: readonly Float32Array[]): void {
  for (const [channel, samples] of channels.entries()) {
    for (let i = 0; i < samples.length; i++) {
      if (!Number.isFinite(samples[i]!)) {
        throw new EscError(
          'CORRUPT_DATA',
          `sample ${i} of channel ${channel} is ${samples[i]}, not a number`,
          {
            detail: { channel, sample: i },
          },
        )
      }
    }
  }
}
