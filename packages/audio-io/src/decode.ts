/** Any supported file to samples: whole, in part, or block by block. */
import { assertInteger } from '@esc/core'
import type { DecodedAudio } from './audio.js'
import { type FormatReader, formatReaders, readWhole } from './formats.js'
import {
  assertPortableOptions,
  type DecodeOptions,
  decodeNames,
  type StreamOptions,
  streamNames,
} from './options.js'
import { type ByteSource, readSource, sourceOf } from './reading.js'
import { readFormat, unsupported } from './sniff.js'

/**
 * Decodes a sound file. The file's name does not matter, only its bytes. WAV, AIFF and FLAC need no codec; OGG
 * Vorbis, Opus and MP3 need their decoder in `codecs`. Of WAV and AIFF, only the part between `offset` and `offset +
 * duration` is read.
 *
 * @param input - The whole file, or a source to read it from.
 * @returns One array per channel, at the file's own rate, in the file's own order of channels. `warnings` says which
 *   values of an unfinished header were corrected (sizes of 0 or "unknown", no end of stream, …): such files are read
 *   whole, with or without `tolerant`.
 * @throws EscError UNSUPPORTED_FORMAT naming the format, or what the file seems to be instead.
 * @throws EscError CORRUPT_DATA if the file is damaged, cut short, or decodes to less than its header states. With
 *   `tolerant`, only if nothing of it can be read.
 * @throws EscError INVALID_INPUT if the sound is longer than `maxDurationSec`.
 * @throws EscError INVALID_OPTION if the offset is < 0 or past the end, a duration is not > 0 or shorter than one
 *   sample, or an option is unknown.
 * @example const { channels, sampleRate } = await decodeAudio(bytes)
 */
export async function decodeAudio(
  input: Uint8Array | ByteSource,
  options: DecodeOptions = {},
): Promise<DecodedAudio> {
  assertPortableOptions('decodeAudio', options, decodeNames)
  const source = sourceOf(input)
  const reader = await readerOf(source)
  return reader.decode(source, options)
}

/**
 * Decodes a sound file block by block. WAV, AIFF and FLAC take constant memory, however long they are: only the
 * current block is read and decoded. A file of OGG Vorbis, Opus or MP3 is held in memory as it is, and each block is
 * decoded when the loop reaches it.
 *
 * All blocks together equal the result of {@link decodeAudio}, whatever `blockFrames` is. If you leave the loop
 * early, the work ends.
 *
 * @param input - The whole file, or a source to read it from.
 * @returns Blocks at the file's own rate; `createResampleStream` of `@esc/dsp` changes it.
 * @throws EscError as {@link decodeAudio}, when the loop reaches the damage; INVALID_OPTION if `blockFrames` is not a
 *   whole number > 0.
 * @see librosa 0.10.2 `stream`, whose blocks are counted in frames that overlap.
 * @example
 * for await (const { channels, sampleRate } of streamAudio(bytes, { blockFrames: 48000 })) {
 *   console.log(channels[0].length / sampleRate)
 * }
 */
export async function* streamAudio(
  input: Uint8Array | ByteSource,
  options: StreamOptions = {},
): AsyncGenerator<DecodedAudio, void> {
  assertPortableOptions('streamAudio', options, streamNames)
  const { blockFrames = 65536 } = options
  assertInteger('blockFrames', blockFrames, 1)
  const source = sourceOf(input)
  const reader = await readerOf(source)
  yield* reader.stream(source, { ...options, blockFrames })
}

async function readerOf(source: ByteSource): Promise<FormatReader> {
  const format = await readSource(source, readFormat())
  if (format === null) throw unsupported(await readWhole(source))
  return formatReaders[format]
}
