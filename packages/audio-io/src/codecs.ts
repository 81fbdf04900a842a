/** Decoders of compressed sound, as plain functions that the caller hands in: the root imports none of them. */
import { EscError } from '@esc/core'
import type { AudioInfo, DecodedAudio } from './audio.js'

/**
 * Decodes one whole file, and trims nothing but what {@link Codecs} says. What it returns is checked against the
 * file's own headers.
 */
export type AudioDecoder = (bytes: Uint8Array) => Promise<DecodedAudio>

/** Decoders for {@link decodeAudio}; a format without one is UNSUPPORTED_FORMAT. */
export interface Codecs {
  /** OGG Vorbis. */
  vorbis?: AudioDecoder
  /** Opus in Ogg: always at 48000 Hz, without pre-skip, before the header's output gain. */
  opus?: AudioDecoder
  /** FLAC; PCM of `n` bits divided by `2 ** (n - 1)`. */
  flac?: AudioDecoder
  /** MPEG layer III: bare frames, without tags and without an info frame; every frame gives its 1152 or 576 samples. */
  mp3?: AudioDecoder
}

/** An intact compressed file: what it promises, and what makes its decoder's output the file's sound. */
export interface CompressedFile {
  /** `info.frames` counts what is left after trimming. */
  info: AudioInfo
  /** What the decoder is given. */
  payload: Uint8Array
  /** The lengths, in samples per channel, of which the decoder must give one. */
  decodedFrames: readonly number[]
  /** Of these, how many are dropped from the start; what is beyond `info.frames` is dropped from the end. */
  skip: number
  /** Factor on every sample. */
  gain: number
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
 * Makes an {@link AudioDecoder} from a decoder of the wasm-audio-decoders family.
 *
 * @param create - Imports the class and makes an instance; called once per file, so that a program without such files
 *   never loads it.
 * @param decode - Decodes one whole file.
 * @returns A decoder that may run on several files at a time: each gets an instance of its own, freed at the end.
 * @throws EscError CORRUPT_DATA (the returned function) if the decoder reports an error or fails.
 * @example
 * wasmDecoder(
 *   async () => new (await import('@wasm-audio-decoders/ogg-vorbis')).OggVorbisDecoder(),
 *   (decoder, bytes) => decoder.decodeFile(bytes),
 * )
 */
export function wasmDecoder<Decoder extends WasmDecoder>(
  create: () => Promise<Decoder>,
  decode: (decoder: Decoder, bytes: Uint8Array) => WasmAudio | Promise<WasmAudio>,
): AudioDecoder {
  return async (bytes) => {
    const decoder = await create()
    await decoder.ready
    try {
      const { channelData, sampleRate, errors } = await decode(decoder, bytes)
      if (errors.length > 0) throw new Error(errors[0]!.message)
      return { channels: channelData, sampleRate }
    } catch (cause) {
      const reason = cause instanceof Error ? cause.message : String(cause)
      throw new EscError('CORRUPT_DATA', `the decoder failed: ${reason}`, { cause })
    } finally {
      try {
        decoder.free()
      } catch {
        // A decoder that trapped may trap again; its memory goes with the instance either way.
      }
    }
  }
}
