/** Any supported file to samples, and to a mono clip at the rate that features are computed at. */
import { type AudioClip, assertPositive, EscError } from '@esc/core'
import { resample } from '@esc/dsp'
import { decodeAiff, probeAiff } from './aiff.js'
import {
  type AudioInfo,
  assertDuration,
  assertFiniteSamples,
  DEFAULT_MAX_DURATION_SEC,
  type DecodedAudio,
} from './audio.js'
import { toMono } from './channels.js'
import type { AudioDecoder, Codecs, CompressedFile } from './codecs.js'
import { readFlac } from './flac.js'
import { readMp3 } from './mp3.js'
import { readOggVorbis } from './ogg.js'
import { readOggOpus } from './opus.js'
import { type AudioFormat, sniffFormat, unsupported } from './sniff.js'
import { decodeWav, probeWav } from './wav.js'

export interface DecodeOptions {
  /** Decoders of compressed formats. Default none: WAV and AIFF alone. */
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

/** How a format is read: by code of our own, or checked here and decoded by one of {@link Codecs}. */
type Reader =
  | {
      decode: (bytes: Uint8Array, options: { maxDurationSec: number }) => DecodedAudio
      probe: (bytes: Uint8Array) => AudioInfo
    }
  | { codec: keyof Codecs; read: (bytes: Uint8Array) => CompressedFile }

const READERS: Partial<Record<AudioFormat, Reader>> = {
  wav: { decode: decodeWav, probe: probeWav },
  aiff: { decode: decodeAiff, probe: probeAiff },
  'ogg-vorbis': { codec: 'vorbis', read: readOggVorbis },
  'ogg-opus': { codec: 'opus', read: readOggOpus },
  flac: { codec: 'flac', read: readFlac },
  mp3: { codec: 'mp3', read: readMp3 },
}

/**
 * What a sound file holds, without decoding it and without a codec. Compressed files are walked to their end, so that
 * length and integrity are known, not claimed.
 *
 * @param bytes - The whole file.
 * @returns Container, codec, sample rate, channels, length, and bits per sample where the codec has such a thing.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the bytes look like instead.
 * @throws EscError CORRUPT_DATA if the file is damaged or cut short.
 * @example probeAudio(bytes) // { container: 'flac', codec: 'flac', sampleRate: 44100, channels: 2, bitDepth: 16, … }
 */
export function probeAudio(bytes: Uint8Array): AudioInfo {
  const reader = READERS[sniffFormat(bytes)]
  if (!reader) throw unsupported(bytes)
  return 'read' in reader ? reader.read(bytes).info : reader.probe(bytes)
}

/**
 * Decodes a sound file, whatever its name says: WAV and AIFF, and where `codecs` holds their decoder OGG Vorbis, Opus,
 * FLAC and MP3.
 *
 * @param bytes - The whole file.
 * @returns One array per channel, at the file's own rate, in the file's own order of channels.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the bytes look like instead.
 * @throws EscError CORRUPT_DATA if the file is damaged, cut short, or decodes to less than it promises.
 * @throws EscError INVALID_INPUT if it is longer than `maxDurationSec`; INVALID_OPTION if that is not > 0.
 * @example const { channels, sampleRate } = await decodeAudio(bytes)
 */
export async function decodeAudio(bytes: Uint8Array, options: DecodeOptions = {}): Promise<DecodedAudio> {
  const { codecs = {}, maxDurationSec = DEFAULT_MAX_DURATION_SEC } = options
  const format = sniffFormat(bytes)
  const reader = READERS[format]
  if (!reader) throw unsupported(bytes)
  if ('decode' in reader) return reader.decode(bytes, { maxDurationSec })
  const decode = codecs[reader.codec]
  if (!decode) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `format=${format} needs codecs.${reader.codec}; @esc/audio-io/node exports the same function with it bound`,
      { detail: { format } },
    )
  }
  return decodeCompressed(reader.read(bytes), decode, maxDurationSec)
}

async function decodeCompressed(
  file: CompressedFile,
  decode: AudioDecoder,
  maxDurationSec: number,
): Promise<DecodedAudio> {
  const { info, skip, gain, decodedFrames } = file
  assertDuration(info.frames, info.sampleRate, maxDurationSec)
  const { channels, sampleRate } = await decode(file.payload)
  if (channels.length !== info.channels || sampleRate !== info.sampleRate) {
    throw new EscError(
      'CORRUPT_DATA',
      `${info.codec}: header promises ${info.channels} channels at ${info.sampleRate} Hz, ` +
        `decoded ${channels.length} at ${sampleRate}`,
    )
  }
  const wrong = channels.find((samples) => !decodedFrames.includes(samples.length))
  if (wrong) {
    throw new EscError(
      'CORRUPT_DATA',
      `${info.codec}: the file promises ${decodedFrames.join(' or ')} samples, decoded ${wrong.length}`,
      { detail: { expected: decodedFrames[0], found: wrong.length } },
    )
  }
  assertFiniteSamples(channels)
  const trimmed = channels.map((samples) => samples.subarray(skip, skip + info.frames))
  return { channels: gain === 1 ? trimmed : trimmed.map((samples) => scaled(samples, gain)), sampleRate }
}

function scaled(samples: Float32Array, gain: number): Float32Array {
  return samples.map((sample) => sample * gain)
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
