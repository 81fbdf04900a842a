/** Decoders of compressed sound, as plain functions that the caller hands in: the root imports none of them. */
import { EscError } from '@esc/core'
import type { DecodedAudio } from './audio.js'

/** Decodes one whole file; what it returns is checked against the file's own headers. */
export type AudioDecoder = (bytes: Uint8Array) => Promise<DecodedAudio>

/** Decoders for {@link decodeAudio}; a format without one is UNSUPPORTED_FORMAT. */
export interface Codecs {
  /** OGG Vorbis. */
  vorbis?: AudioDecoder
}

/** The part of a decoder of the wasm-audio-decoders family that is used here. */
export interface WasmDecoder {
  ready: Promise<void>
  decodeFile(bytes: Uint8Array): Promise<{
    channelData: Float32Array[]
    sampleRate: number
    errors: readonly { message: string }[]
  }>
  free(): void
}

/**
 * Makes an {@link AudioDecoder} from a decoder class of the wasm-audio-decoders family.
 *
 * @param load - Imports the class; called once per file, so that a program without such files never loads it.
 * @returns A decoder that may run on several files at a time: each gets an instance of its own, freed at the end.
 * @throws EscError CORRUPT_DATA (the returned function) if the decoder reports an error or fails.
 * @example
 * wasmDecoder(async () => (await import('@wasm-audio-decoders/ogg-vorbis')).OggVorbisDecoder)
 */
export function wasmDecoder(load: () => Promise<new () => WasmDecoder>): AudioDecoder {
  return async (bytes) => {
    const Decoder = await load()
    const decoder = new Decoder()
    await decoder.ready
    try {
      const { channelData, sampleRate, errors } = await decoder.decodeFile(bytes)
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
