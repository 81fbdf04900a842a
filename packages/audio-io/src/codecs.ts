/** Decoders of compressed sound, as plain functions that the caller hands in, and what they are handed: the root imports no decoder. */
import { EscError, isEscError } from '@esc/core'
import type { AudioInfo, DecodedAudio } from './audio.js'

/**
 * Decodes the payload of one {@link CompressedStream} in blocks, in order, each of at most a few seconds of sound;
 * trims nothing. Leaving the loop early frees the decoder.
 *
 * `@esc/audio-io/vorbis`, `/opus` and `/mp3` each export one; any function of this shape will do. What it gives is
 * checked against the file's own headers.
 */
export type AudioDecoder = (payload: Uint8Array) => AsyncIterable<DecodedAudio>

/** Decoders for {@link decodeAudio}; a format without one is UNSUPPORTED_FORMAT. */
export interface Codecs {
  /** OGG Vorbis: every sample that the packets give, those past the last page's position included. */
  vorbis?: AudioDecoder
  /** Opus in Ogg: always at 48000 Hz, pre-skip included, before the header's output gain. */
  opus?: AudioDecoder
  /** MPEG layer III: bare frames, without tags and without an info frame; every frame gives its 1152 or 576 samples. */
  mp3?: AudioDecoder
}

/** A compressed file that was checked: what it promises, and what makes its decoder's output the file's sound. */
export interface CompressedFile {
  /** `info.frames` counts what is left after trimming; of a damaged file, it is the most that can be left. */
  info: AudioInfo
  /** Their sound follows one on the other; one but where Ogg files were chained. */
  streams: readonly CompressedStream[]
  /** What was left out of a damaged file, or computed where a header was wrong, a sentence each. */
  warnings: readonly string[]
}

/** A part of a file that one decoder decodes. Lengths are in samples per channel. */
export interface CompressedStream {
  /** What the decoder is given: a whole Ogg stream, or MP3 frames. */
  payload: Uint8Array
  /** The decoder must give at least this. */
  least: number
  /** The decoder may give no more than this. */
  most: number
  /** How many samples are dropped from the start. */
  skip: number
  /** How many are kept after those; what is beyond is dropped. */
  frames: number
  /** Factor on every sample. */
  gain: number
}

/** A stream, and the format of its sound. */
export interface ReadStream {
  stream: CompressedStream
  channels: number
  sampleRate: number
  /** What was odd about it, a sentence each. */
  warnings: readonly string[]
}

/**
 * One file of streams that were chained.
 *
 * @throws EscError UNSUPPORTED_FORMAT if their channels or rates differ.
 * @example joinStreams('vorbis', [first, second])
 */
export function joinStreams(codec: string, parts: readonly ReadStream[]): CompressedFile {
  const { channels, sampleRate } = parts[0]!
  const other = parts.find((part) => part.channels !== channels || part.sampleRate !== sampleRate)
  if (other) {
    throw new EscError(
      'UNSUPPORTED_FORMAT',
      `Ogg: ${channels} channels at ${sampleRate} Hz are chained with ${other.channels} at ${other.sampleRate} Hz`,
    )
  }
  const streams = parts.map(({ stream }) => stream)
  const frames = streams.reduce((sum, stream) => sum + stream.frames, 0)
  const durationSec = frames / sampleRate
  const info = { container: 'ogg', codec, sampleRate, channels, durationSec, frames, bitDepth: null }
  return { info, streams, warnings: parts.flatMap(({ warnings }) => warnings) }
}

/** What is used here of a decoder of the wasm-audio-decoders family. */
export interface WasmDecoder {
  ready: Promise<void>
  free(): void
}

/** What such a decoder gives. */
export interface WasmAudio {
  channelData: Float32Array[]
  sampleRate: number
  errors: readonly { message: string }[]
}

/**
 * Runs a decoder of the wasm-audio-decoders family over one file, and frees it however that ends.
 *
 * @param decoder - Of this file alone, so that several files may be decoded at a time.
 * @param parts - The file, in parts that give a block of sound each.
 * @param decode - Decodes one part.
 * @throws EscError CORRUPT_DATA if the decoder reports an error or fails; IO if WebAssembly cannot be run.
 * @example yield* runDecoder(new OpusDecoder(), batches, (decoder, packets) => decoder.decodeFrames(packets))
 */
export async function* runDecoder<Decoder extends WasmDecoder, Part>(
  decoder: Decoder,
  parts: Iterable<Part>,
  decode: (decoder: Decoder, part: Part) => WasmAudio | Promise<WasmAudio>,
): AsyncGenerator<DecodedAudio, void> {
  try {
    await decoder.ready
  } catch (cause) {
    throw startError(cause)
  }
  try {
    for (const part of parts) {
      const { channelData, sampleRate, errors } = await decode(decoder, part)
      // What came before the error is sound; whoever is strict throws it away.
      if (channelData[0]?.length) yield { channels: channelData, sampleRate }
      if (errors.length > 0) throw new Error(errors[0]!.message)
    }
  } catch (cause) {
    throw isEscError(cause) ? cause : decoderError(cause)
  } finally {
    try {
      decoder.free()
    } catch {
      // A decoder that trapped may trap again; its memory goes with the instance either way.
    }
  }
}

/** The error for a decoder that failed on a file. @example throw decoderError(cause) */
export function decoderError(cause: unknown): EscError {
  return new EscError('CORRUPT_DATA', `the decoder failed: ${messageOf(cause)}`, { cause })
}

/** The error for a decoder that cannot be loaded or started, whatever the file. @example throw startError(cause) */
export function startError(cause: unknown): EscError {
  return new EscError('IO', `the decoder could not be started: ${messageOf(cause)}`, { cause })
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
