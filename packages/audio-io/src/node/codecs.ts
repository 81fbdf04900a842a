/** The codecs of this entry, each imported only when such a file comes. */
import { type Codecs, wasmDecoder } from '../codecs.js'

/** @example decodeAudio(bytes, { codecs: nodeCodecs() }) */
export function nodeCodecs(): Codecs {
  return {
    vorbis: wasmDecoder(async () => (await import('@wasm-audio-decoders/ogg-vorbis')).OggVorbisDecoder),
  }
}
