/** The joint between a checked compressed file and its decoder, which the caller passes as a plain function. */
import { EscError } from '@esc/core'
import type { AudioInfo, DecodedAudio } from './audio.js'

/**
 * Decodes the payload of one {@link CompressedStream}. It yields blocks in order, each at most a few seconds long,
 * and trims nothing. If the caller leaves the loop early, the decoder is freed.
 *
 * `@esc/audio-io/vorbis`, `/opus` and `/mp3` each export one. Any function of this type works: its output is checked
 * against the file's own headers.
 */
export type AudioDecoder = (payload: Uint8Array) => AsyncIterable<DecodedAudio>

/** Decoders for {@link decodeAudio}. A file whose decoder is missing is refused with UNSUPPORTED_FORMAT. */
export interface Codecs {
  /**
   * OGG Vorbis: must yield every sample of every packet, also those past the last page's position.
   *
   * @defaultValue `undefined`: OGG Vorbis is refused
   */
  vorbis?: AudioDecoder
  /**
   * Opus in Ogg: must yield 48000 Hz, with the pre-skip (samples before the sound begins), and before the output gain
   * of the header.
   *
   * @defaultValue `undefined`: Opus is refused
   */
  opus?: AudioDecoder
  /**
   * MPEG layer III: gets frames alone, without tags and without an info frame; must yield 1152 or 576 samples for
   * every frame.
   *
   * @defaultValue `undefined`: MP3 is refused
   */
  mp3?: AudioDecoder
}

/**
 * A compressed file that was checked: what its headers state, and how the decoder's output becomes the file's sound.
 */
export interface CompressedFile {
  /** `info.frames` counts the samples after trimming. For a damaged file it is the most that can be left. */
  info: AudioInfo
  /** Their sound is joined in this order. Only chained Ogg files have more than one. */
  streams: readonly CompressedStream[]
  /** One sentence for each part of a damaged file that was left out, and for each wrong value that was corrected. */
  warnings: readonly string[]
}

/** A part of a file that one decoder decodes. Lengths are in samples per channel. */
export interface CompressedStream {
  /** The decoder's input: a whole Ogg stream, or MP3 frames. */
  payload: Uint8Array
  /** The decoder must yield at least this many samples. */
  least: number
  /** The decoder may yield no more than this. */
  most: number
  /** Samples to drop from the start. */
  skip: number
  /** Samples to keep after those; the rest is dropped. */
  frames: number
  /** Factor on every sample. */
  gain: number
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
