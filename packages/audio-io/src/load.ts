/** Any supported file to samples, and to a mono clip at the rate that features are computed at. */
import { type AudioClip, assertBytes, assertInteger, assertPositive, EscError } from '@esc/core'
import { resample } from '@esc/dsp'
import {
  type AudioInfo,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  resolveSpan,
  withWarnings,
} from './audio.js'
import { toMono } from './channels.js'
import type { AudioDecoder, Codecs, CompressedFile } from './codecs.js'
import { decodeCompressed, streamCompressed } from './compressed.js'
import { decodeFlac, flacInfoOf, probeFlac } from './flac/decode.js'
import { unwrapOggFlac } from './flac/ogg.js'
import { openFlac } from './flac/open.js'
import { streamFlac } from './flac/stream.js'
import { readMp3 } from './mp3/read.js'
import { readOggOpus } from './ogg/opus.js'
import { readOggVorbis } from './ogg/vorbis.js'
import { assertPortableOptions, decodeNames, loadNames, streamNames } from './option-names.js'
import { type ByteSource, bytesSource, type Reading, readExactly, readSource, sourceOf } from './reading.js'
import { type AudioFormat, detectSound, readFormat, unsupported } from './sniff.js'
import { probeAiff, readAiff } from './wav/aiff.js'
import { decodePcm, type PcmFile, pcmInfo, pcmRange } from './wav/pcm-file.js'
import { readWav } from './wav/riff.js'
import { probeWav } from './wav/wav.js'

export interface DecodeOptions extends DecodeLimits {
  /** Decoders of the formats that need one: OGG Vorbis, Opus, MP3. Default none. */
  codecs?: Codecs
}

export interface LoadOptions extends DecodeOptions {
  /** Hz; `null` keeps the file's own rate. Default 22050. */
  sampleRate?: number | null
}

export interface StreamOptions extends Omit<DecodeOptions, 'maxDurationSec'> {
  /** Samples per channel of each block but the last, which may be shorter. Default 65536. */
  blockFrames?: number
}

/** A mono clip, and what was wrong with its file. */
export interface LoadedClip extends AudioClip {
  /** A sentence for each loss, and for what was computed of a header; absent where nothing was. */
  warnings?: readonly string[]
}

// Nine hours of Opus at its highest rate.
const MAX_COMPRESSED_SIZE = 2 ** 31

/** Formats whose samples can be found in the file without decoding what is before them. */
const PCM_READERS: Partial<Record<AudioFormat, (fileSize: number, tolerant: boolean) => Reading<PcmFile>>> = {
  wav: readWav,
  aiff: readAiff,
}

/** Formats that are checked here and decoded by one of {@link Codecs}. */
const COMPRESSED_READERS: Partial<
  Record<AudioFormat, { codec: keyof Codecs; read: (bytes: Uint8Array, tolerant: boolean) => CompressedFile }>
> = {
  'ogg-vorbis': { codec: 'vorbis', read: readOggVorbis },
  'ogg-opus': { codec: 'opus', read: readOggOpus },
  mp3: { codec: 'mp3', read: readMp3 },
}

/**
 * What a sound file holds, from its header: nothing is decoded, and no codec is needed. Where the header does not say
 * how long the sound is (Ogg, MP3 without an info frame), its pages or frames are walked, and damage to them is noticed.
 *
 * @param bytes - The whole file.
 * @returns Container, codec, sample rate, channels, length, bits per sample where the codec has such a thing, and
 *   `warnings` where a header could not be true.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the bytes look like instead.
 * @throws EscError CORRUPT_DATA if the header is damaged or contradicts the file's size.
 * @throws EscError INVALID_INPUT if they are no Uint8Array; {@link probeSource} takes sources.
 * @example probeAudio(bytes) // { container: 'flac', codec: 'flac', sampleRate: 44100, channels: 2, bitDepth: 16, … }
 */
export function probeAudio(bytes: Uint8Array): AudioInfo {
  assertBytes('bytes', bytes)
  const format = detectSound(bytes)
  if (format === 'wav') return probeWav(bytes)
  if (format === 'aiff') return probeAiff(bytes)
  if (format === 'flac') return probeFlac(bytes)
  if (format === 'ogg-flac') {
    const inner = unwrapOggFlac(bytes, false)
    const info = { ...probeFlac(inner.bytes), container: 'ogg' }
    return withWarnings(info, [...inner.warnings, ...(info.warnings ?? [])])
  }
  const reader = format ? COMPRESSED_READERS[format] : undefined
  if (!reader) throw unsupported(bytes)
  const { info, warnings } = reader.read(bytes, false)
  return withWarnings(info, warnings)
}

/**
 * {@link probeAudio} for a file that is read where needed: of WAV and AIFF no more than the header is fetched, of FLAC
 * too where the header states the length.
 *
 * @throws EscError as {@link probeAudio}; INVALID_INPUT also if a file that must be read whole has more than 2 GiB.
 * @example await probeSource(source)
 */
export async function probeSource(input: Uint8Array | ByteSource): Promise<AudioInfo> {
  const source = sourceOf(input)
  const format = await readSource(source, readFormat())
  const readPcm = format ? PCM_READERS[format] : undefined
  if (readPcm) return pcmInfo(await readSource(source, readPcm(source.size, false)))
  if (format === 'flac') return flacInfoOf(await readSource(source, openFlac(source.size, false)))
  return probeAudio(await readWhole(source))
}

/** @throws EscError INVALID_INPUT if it is larger than any sound that fits in memory once decoded. */
async function readWhole(source: ByteSource): Promise<Uint8Array> {
  if (source.size > MAX_COMPRESSED_SIZE) {
    throw new EscError(
      'INVALID_INPUT',
      `${source.size} bytes: a file that must be read whole may have at most ${MAX_COMPRESSED_SIZE}`,
    )
  }
  return readExactly(source, { offset: 0, length: source.size })
}

/**
 * Decodes a sound file, whatever its name says: WAV, AIFF and FLAC, and where `codecs` holds their decoder OGG Vorbis,
 * Opus and MP3. Of WAV and AIFF, only the part that `offset` and `duration` ask for is read.
 *
 * @param input - The whole file, or where to read it.
 * @returns One array per channel, at the file's own rate, in the file's own order of channels. `warnings` says what was
 *   wrong with a header that recorders leave unfinished (sizes of 0 or "unknown", no end of stream, …): such files are
 *   read whole in strict mode too.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the bytes look like instead.
 * @throws EscError CORRUPT_DATA if the file is damaged, cut short, or decodes to less than it promises, unless
 *   `tolerant` is set and something of it can be read.
 * @throws EscError INVALID_INPUT if more than `maxDurationSec` would be decoded.
 * @throws EscError INVALID_OPTION if the offset is < 0 or past the end, a duration is not > 0 or less than a sample, or an
 *   option is unknown.
 * @example const { channels, sampleRate } = await decodeAudio(bytes)
 */
export async function decodeAudio(
  input: Uint8Array | ByteSource,
  options: DecodeOptions = {},
): Promise<DecodedAudio> {
  assertPortableOptions('decodeAudio', options, decodeNames)
  const { codecs = {}, ...limits } = options
  const { tolerant = false } = limits
  const source = sourceOf(input)
  const format = await readSource(source, readFormat())
  const readPcm = format ? PCM_READERS[format] : undefined
  if (readPcm) {
    const file = await readSource(source, readPcm(source.size, tolerant))
    const span = resolveSpan(file.frames, file.sampleRate, limits)
    return decodePcm(file, await readExactly(source, pcmRange(file, span)), span, tolerant)
  }
  const bytes = await readWhole(source)
  if (format === 'flac') return decodeFlac(bytes, limits)
  if (format === 'ogg-flac') {
    const inner = unwrapOggFlac(bytes, tolerant)
    const { channels, sampleRate, warnings = [] } = decodeFlac(inner.bytes, limits)
    return decoded(channels, sampleRate, [...inner.warnings, ...warnings])
  }
  const { file, decode } = openCompressed(format, bytes, codecs, tolerant)
  return decodeCompressed(file, decode, limits)
}

function openCompressed(
  format: AudioFormat | null,
  bytes: Uint8Array,
  codecs: Codecs,
  tolerant: boolean,
): { file: CompressedFile; decode: AudioDecoder } {
  const reader = format ? COMPRESSED_READERS[format] : undefined
  if (!reader) throw unsupported(bytes)
  const decode = codecs[reader.codec]
  if (!decode) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `format=${format} needs codecs.${reader.codec}, from @esc/audio-io/${reader.codec}; ` +
        '@esc/audio-io/node and /browser export the same function with it bound',
      { detail: { format } },
    )
  }
  return { file: reader.read(bytes, tolerant), decode }
}

/**
 * Loads a sound file as a mono clip at a given rate: decodes `[offset, offset + duration)`, averages the channels,
 * resamples.
 *
 * Differs from librosa: an offset past the end is an error, not an empty clip with a warning; the resampler is that of
 * `@esc/dsp`, not soxr.
 *
 * @param input - The whole file, or where to read it.
 * @param options - `mono: false` keeps the channels apart, and gives what {@link decodeAudio} gives, resampled.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as {@link decodeAudio}.
 * @throws EscError INVALID_OPTION if `sampleRate` is not > 0, or `resample` refuses the pair of rates.
 * @see librosa 0.10.2 `load`.
 * @example const clip = await loadAudio(bytes, { sampleRate: 22050, offset: 1, duration: 2.5 })
 */
export function loadAudio(
  input: Uint8Array | ByteSource,
  options?: LoadOptions & { mono?: true },
): Promise<LoadedClip>
export function loadAudio(
  input: Uint8Array | ByteSource,
  options: LoadOptions & { mono: false },
): Promise<DecodedAudio>
export async function loadAudio(
  input: Uint8Array | ByteSource,
  options: LoadOptions & { mono?: boolean } = {},
): Promise<LoadedClip | DecodedAudio> {
  assertPortableOptions('loadAudio', options, loadNames)
  const { sampleRate = 22050, mono = true, ...decodeOptions } = options
  if (sampleRate !== null) assertPositive('sampleRate', sampleRate)
  const { channels, sampleRate: fileRate, ...rest } = await decodeAudio(input, decodeOptions)
  const rate = sampleRate ?? fileRate
  const atRate = (samples: Float32Array) => (rate === fileRate ? samples : resample(samples, fileRate, rate))
  if (mono) return { samples: atRate(toMono(channels)), sampleRate: rate, ...rest }
  return { channels: channels.map(atRate), sampleRate: rate, ...rest }
}

/**
 * Decodes a sound file block by block. WAV, AIFF and FLAC take constant memory however long they are: only the block at
 * hand is read and decoded. Of OGG Vorbis, Opus and MP3 the compressed file is held in memory, and each block is decoded
 * when it is asked for.
 *
 * All blocks together equal what {@link decodeAudio} gives, whatever `blockFrames` is. Leaving the loop early ends the
 * work.
 *
 * @param input - The whole file, or where to read it.
 * @returns Blocks at the file's own rate; `createResampleStream` of `@esc/dsp` changes it.
 * @throws EscError as {@link decodeAudio}, where the loop has come to the damage; INVALID_OPTION if `blockFrames` is not
 *   a whole number > 0.
 * @see librosa 0.10.2 `stream`, whose blocks are counted in frames that overlap.
 * @example for await (const { channels } of streamAudio(source, { blockFrames: 48000 })) meter.push(channels[0])
 */
export async function* streamAudio(
  input: Uint8Array | ByteSource,
  options: StreamOptions = {},
): AsyncGenerator<DecodedAudio, void> {
  assertPortableOptions('streamAudio', options, streamNames)
  const { codecs = {}, blockFrames = 65536, ...part } = options
  assertInteger('blockFrames', blockFrames, 1)
  const { tolerant = false } = part
  const source = sourceOf(input)
  const format = await readSource(source, readFormat())
  const readPcm = format ? PCM_READERS[format] : undefined
  if (readPcm) {
    yield* streamPcm(source, await readSource(source, readPcm(source.size, tolerant)), {
      ...part,
      blockFrames,
    })
  } else if (format === 'flac') {
    yield* streamFlac(source, { ...part, blockFrames })
  } else {
    const bytes = await readWhole(source)
    if (format === 'ogg-flac') {
      const { bytes: flac, warnings } = unwrapOggFlac(bytes, tolerant)
      yield* streamFlac(bytesSource(flac), { ...part, blockFrames }, warnings)
      return
    }
    const { file, decode } = openCompressed(format, bytes, codecs, tolerant)
    yield* streamCompressed(file, decode, { ...part, blockFrames })
  }
}

async function* streamPcm(
  source: ByteSource,
  file: PcmFile,
  { blockFrames, tolerant = false, ...part }: DecodeLimits & { blockFrames: number },
): AsyncGenerator<DecodedAudio, void> {
  const limits = { ...part, maxDurationSec: Number.POSITIVE_INFINITY }
  const { start, length } = resolveSpan(file.frames, file.sampleRate, limits)
  for (let done = 0; done < length; done += blockFrames) {
    const span = { start: start + done, length: Math.min(blockFrames, length - done) }
    // What is wrong with the header is said once.
    const block = done === 0 ? file : { ...file, warnings: [] }
    yield decodePcm(block, await readExactly(source, pcmRange(file, span)), span, tolerant)
  }
}
