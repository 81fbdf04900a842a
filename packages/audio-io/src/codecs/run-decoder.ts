/** Runs one WebAssembly decoder over one file. */
import { isEscError } from '@esc/core'
import type { DecodedAudio } from '../audio.js'
import { decoderError, startError } from '../codecs.js'

/** The part of a decoder of the wasm-audio-decoders family that is used here. */
export interface WasmDecoder {
  ready: Promise<void>
  free(): void
}

/** The output of such a decoder. */
export interface WasmAudio {
  channelData: Float32Array[]
  sampleRate: number
  errors: readonly { message: string }[]
}

/**
 * Runs a decoder of the wasm-audio-decoders family over one file, and frees it at the end, also after an error.
 *
 * @param decoder - A new one for each file, so that several files can be decoded at the same time.
 * @param parts - The file in parts; each part becomes one block of sound.
 * @param decode - Decodes one part.
 * @throws EscError CORRUPT_DATA if the decoder reports an error or fails; IO if WebAssembly cannot be run.
 * @example for await (const { channels } of runDecoder(decoder, parts, decode)) show(channels)
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
      // The samples before the error are sound. A strict caller drops them.
      if (channelData[0]?.length) yield { channels: channelData, sampleRate }
      if (errors.length > 0) throw new Error(errors[0]!.message)
    }
  } catch (cause) {
    throw isEscError(cause) ? cause : decoderError(cause)
  } finally {
    try {
      decoder.free()
    } catch {
      // A decoder that trapped can trap again. Its memory is freed with the WebAssembly instance in either case.
    }
  }
}
