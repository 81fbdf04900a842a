/** The table of formats: how each is probed, decoded and streamed. */
import { EscError } from '@esc/core'
import {
  type AudioInfo,
  type DecodedAudio,
  type DecodeLimits,
  decoded,
  resolveSpan,
  withWarnings,
} from './audio.js'
import type { Codecs, CompressedFile } from './codecs.js'
import { decodeCompressed, streamCompressed } from './compressed.js'
import { decodeFlac, flacInfoOf, probeFlac } from './flac/decode.js'
import { unwrapOggFlac } from './flac/ogg.js'
import { openFlac } from './flac/open.js'
import { streamFlac } from './flac/stream.js'
import { readMp3 } from './mp3/read.js'
import { readOggOpus } from './ogg/opus.js'
import { readOggVorbis } from './ogg/vorbis.js'
import type { DecodeOptions, StreamOptions } from './options.js'
import { type ByteSource, bytesSource, readBytes, readExactly, readSource } from './reading.js'
import type { AudioFormat } from './sniff.js'
import { readAiff } from './wav/aiff.js'
import { decodePcm, type PcmFile, type PcmReader, pcmInfo, pcmRange } from './wav/pcm-file.js'
import { readWav } from './wav/riff.js'

/** What can be done with a file of one format. */
export interface FormatReader {
  /** What the header of a file in memory says. */
  probe(bytes: Uint8Array): AudioInfo
  /** What the header says; reads no more of the source than it needs. */
  probeSource(source: ByteSource): Promise<AudioInfo>
  /** The sound, or the part that the options name. */
  decode(source: ByteSource, options: DecodeOptions): Promise<DecodedAudio>
  /** The same in blocks. */
  stream(source: ByteSource, options: BlockOptions): AsyncGenerator<DecodedAudio, void>
}

/** {@link StreamOptions} with the default filled in. */
export type BlockOptions = StreamOptions & { blockFrames: number }

/** Nine hours of Opus at its highest rate, in bytes. */
const maxCompressedSize = 2 ** 31

/** A reader for each format. A format that is missing here does not compile. */
export const formatReaders: Readonly<Record<AudioFormat, FormatReader>> = {
  wav: pcmFormat(readWav),
  aiff: pcmFormat(readAiff),
  flac: {
    probe: probeFlac,
    probeSource: async (source) => flacInfoOf(await readSource(source, openFlac(source.size, false))),
    decode: async (source, { codecs: _, ...limits }) => decodeFlac(await readWhole(source), limits),
    stream: (source, { codecs: _, ...part }) => streamFlac(source, part),
  },
  'ogg-flac': {
    probe: probeOggFlac,
    probeSource: async (source) => probeOggFlac(await readWhole(source)),
    decode: async (source, { codecs: _, ...limits }) => {
      const inner = unwrapOggFlac(await readWhole(source), limits.tolerant ?? false)
      const { channels, sampleRate, warnings = [] } = decodeFlac(inner.bytes, limits)
      return decoded(channels, sampleRate, [...inner.warnings, ...warnings])
    },
    async *stream(source, { codecs: _, ...part }) {
      const inner = unwrapOggFlac(await readWhole(source), part.tolerant ?? false)
      yield* streamFlac(bytesSource(inner.bytes), part, inner.warnings)
    },
  },
  'ogg-vorbis': compressedFormat('ogg-vorbis', 'vorbis', readOggVorbis),
  'ogg-opus': compressedFormat('ogg-opus', 'opus', readOggOpus),
  mp3: compressedFormat('mp3', 'mp3', readMp3),
}

/**
 * Reads all of a source into memory.
 *
 * @throws EscError INVALID_INPUT if it has more bytes than any file whose decoded sound fits in memory.
 * @example await readWhole(source)
 */
export async function readWhole(source: ByteSource): Promise<Uint8Array> {
  if (source.size > maxCompressedSize) {
    throw new EscError(
      'INVALID_INPUT',
      `the file has ${source.size} bytes; a file of this format must be read whole, and may have at most ${maxCompressedSize}`,
    )
  }
  return readExactly(source, { offset: 0, length: source.size })
}

/** A format that stores samples: any part of it can be decoded without what stands before it. */
function pcmFormat(read: PcmReader): FormatReader {
  return {
    probe: (bytes) => pcmInfo(readBytes(bytes, read(bytes.length, false))),
    probeSource: async (source) => pcmInfo(await readSource(source, read(source.size, false))),
    async decode(source, { codecs: _, ...limits }) {
      const { tolerant = false } = limits
      const file = await readSource(source, read(source.size, tolerant))
      const span = resolveSpan(file.frames, file.sampleRate, limits)
      return decodePcm(file, await readExactly(source, pcmRange(file, span)), span, tolerant)
    },
    async *stream(source, { codecs: _, ...part }) {
      const file = await readSource(source, read(source.size, part.tolerant ?? false))
      yield* streamPcm(source, file, part)
    },
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
    // Only the first block carries the warnings about the header.
    const block = done === 0 ? file : { ...file, warnings: [] }
    yield decodePcm(block, await readExactly(source, pcmRange(file, span)), span, tolerant)
  }
}

function probeOggFlac(bytes: Uint8Array): AudioInfo {
  const inner = unwrapOggFlac(bytes, false)
  const info = { ...probeFlac(inner.bytes), container: 'ogg' }
  return withWarnings(info, [...inner.warnings, ...(info.warnings ?? [])])
}

/** A format that is checked by `read`, and decoded by one of the {@link Codecs}. */
function compressedFormat(
  format: AudioFormat,
  codec: keyof Codecs,
  read: (bytes: Uint8Array, tolerant: boolean) => CompressedFile,
): FormatReader {
  const probe = (bytes: Uint8Array) => {
    const { info, warnings } = read(bytes, false)
    return withWarnings(info, warnings)
  }
  const open = async (
    source: ByteSource,
    { codecs = {}, tolerant = false }: DecodeOptions | StreamOptions,
  ) => {
    const bytes = await readWhole(source)
    const decode = codecs[codec]
    if (!decode) throw missingCodec(format, codec)
    return { file: read(bytes, tolerant), decode }
  }
  return {
    probe,
    probeSource: async (source) => probe(await readWhole(source)),
    async decode(source, options) {
      const { file, decode } = await open(source, options)
      return decodeCompressed(file, decode, options)
    },
    async *stream(source, options) {
      const { file, decode } = await open(source, options)
      yield* streamCompressed(file, decode, options)
    },
  }
}

function missingCodec(format: AudioFormat, codec: keyof Codecs): EscError {
  return new EscError(
    'UNSUPPORTED_FORMAT',
    `format=${format} needs codecs.${codec}, from @esc/audio-io/${codec}; ` +
      'the functions of @esc/audio-io/node and /browser need no codecs',
    { detail: { format } },
  )
}
