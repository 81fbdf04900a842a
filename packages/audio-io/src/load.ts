/** Any supported file to samples, and to a mono clip at the rate that features are computed at. */
import { type AudioClip, assertPositive, EscError } from '@esc/core'
import { resample } from '@esc/dsp'
import { assertDuration, assertFiniteSamples, DEFAULT_MAX_DURATION_SEC, type DecodedAudio } from './audio.js'
import { toMono } from './channels.js'
import type { AudioDecoder, Codecs } from './codecs.js'
import { readOggVorbis } from './ogg.js'
import { sniffFormat, unsupported } from './sniff.js'
import { decodeWav } from './wav.js'

export interface DecodeOptions {
  /** Decoders of compressed formats. Default none: WAV alone. */
  codecs?: Codecs
  /** Longest file to decode, in seconds; longer ones are refused before they are decoded. Default 3600. */
  maxDurationSec?: number
}

export interface LoadOptions extends DecodeOptions {
  /** Hz; `null` keeps the file's own rate. Default 22050. */
  sampleRate?: number | null
  /** Where to start reading, in seconds. Default 0. */
  offsetSec?: number
  /** How much to read, in seconds, or less where the file ends sooner; `null` reads to the end. Default `null`. */
  durationSec?: number | null
}

/**
 * Decodes a sound file, whatever its name says: WAV, and OGG Vorbis where `codecs.vorbis` is given.
 *
 * @param bytes - The whole file.
 * @returns One array per channel, at the file's own rate.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the bytes look like instead.
 * @throws EscError CORRUPT_DATA if the file is damaged, cut short, or decodes to less than it promises.
 * @throws EscError INVALID_INPUT if it is longer than `maxDurationSec`; INVALID_OPTION if that is not > 0.
 * @example const { channels, sampleRate } = await decodeAudio(bytes)
 */
export async function decodeAudio(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedAudio> {
  const { codecs = {}, maxDurationSec = DEFAULT_MAX_DURATION_SEC } = options
  const format = sniffFormat(bytes)
  if (format === 'wav') return decodeWav(bytes, { maxDurationSec })
  if (format !== 'ogg-vorbis') throw unsupported(bytes)
  if (!codecs.vorbis) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      'format=ogg-vorbis needs codecs.vorbis; @esc/audio-io/node exports the same function with it bound',
      { detail: { format } },
    )
  }
  return decodeVorbis(bytes, codecs.vorbis, maxDurationSec)
}

async function decodeVorbis(
  bytes: Uint8Array,
  decode: AudioDecoder,
  maxDurationSec: number,
): Promise<DecodedAudio> {
  const info = readOggVorbis(bytes)
  assertDuration(info.frames, info.sampleRate, maxDurationSec)
  const audio = await decode(bytes)
  const { channels, sampleRate } = audio
  if (channels.length !== info.channels || sampleRate !== info.sampleRate) {
    throw new EscError(
      'CORRUPT_DATA',
      `Ogg: header promises ${info.channels} channels at ${info.sampleRate} Hz, decoded ${channels.length} at ${sampleRate}`,
    )
  }
  const wrong = channels.find((samples) => samples.length !== info.frames)
  if (wrong) {
    throw new EscError('CORRUPT_DATA', `Ogg: pages promise ${info.frames} samples, decoded ${wrong.length}`, {
      detail: { expected: info.frames, found: wrong.length },
    })
  }
  assertFiniteSamples(channels)
  return audio
}

/**
 * Loads a sound file as a mono clip at a given rate: cuts `[offsetSec, offsetSec + durationSec)` at the file's own
 * rate, averages the channels, resamples.
 *
 * Differs from librosa: an offset past the end is an error, not an empty clip with a warning; the result is always
 * mono; the resampler is that of `@esc/dsp`, not soxr.
 *
 * @param bytes - The whole file.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT as {@link decodeAudio}.
 * @throws EscError INVALID_OPTION if a rate or duration is not > 0, the offset is < 0 or past the end of the file, the
 *   span is shorter than one sample, or `resample` refuses the pair of rates.
 * @see librosa 0.10.2 `load`.
 * @example const clip = await loadAudio(bytes, { sampleRate: 22050, offsetSec: 1, durationSec: 2.5 })
 */
export async function loadAudio(bytes: Uint8Array, options: LoadOptions = {}): Promise<AudioClip> {
  const { sampleRate = 22050, offsetSec = 0, durationSec = null, ...decodeOptions } = options
  if (sampleRate !== null) assertPositive('sampleRate', sampleRate)
  if (durationSec !== null) assertPositive('durationSec', durationSec)
  if (!(offsetSec >= 0)) throw new EscError('INVALID_OPTION', `offsetSec=${offsetSec} must be >= 0`)
  const audio = await decodeAudio(bytes, decodeOptions)
  const samples = toMono(cut(audio, offsetSec, durationSec))
  const fileRate = audio.sampleRate
  if (sampleRate === null || sampleRate === fileRate) return { samples, sampleRate: fileRate }
  return { samples: resample(samples, fileRate, sampleRate), sampleRate }
}

function cut(audio: DecodedAudio, offsetSec: number, durationSec: number | null): Float32Array[] {
  const frames = audio.channels[0]!.length
  const start = Math.trunc(offsetSec * audio.sampleRate)
  const length = durationSec === null ? frames : Math.trunc(durationSec * audio.sampleRate)
  if (start >= frames) {
    throw new EscError(
      'INVALID_OPTION',
      `offsetSec=${offsetSec} must be less than the file's ${frames / audio.sampleRate} s`,
    )
  }
  if (length === 0) {
    throw new EscError(
      'INVALID_OPTION',
      `durationSec=${durationSec} is less than a sample at ${audio.sampleRate} Hz`,
    )
  }
  return audio.channels.map((samples) => samples.subarray(start, start + length))
}
