/** The codecs of this entry, each imported only when such a file comes. */
import { type Codecs, wasmDecoder } from '../codecs.js'
import { splitFlac } from '../flac.js'

/** @example decodeAudio(bytes, { codecs: nodeCodecs() }) */
export function nodeCodecs(): Codecs {
  return {
    vorbis: wasmDecoder(
      async () => new (await import('@wasm-audio-decoders/ogg-vorbis')).OggVorbisDecoder(),
      (decoder, bytes) => decoder.decodeFile(bytes),
    ),
    opus: wasmDecoder(
      async () => new (await import('ogg-opus-decoder')).OggOpusDecoder(),
      (decoder, bytes) => decoder.decodeFile(bytes),
    ),
    flac: wasmDecoder(
      async () => new (await import('@wasm-audio-decoders/flac')).FLACDecoder(),
      async (decoder, bytes) => {
        // Its own search for frames, in decodeFile, loses the last one of some files.
        const audio = await decoder.decodeFrames(splitFlac(bytes))
        for (const samples of audio.channelData) toFullScale(samples, audio.bitDepth)
        return audio
      },
    ),
    mp3: wasmDecoder(
      async () => new (await import('mpg123-decoder')).MPEGDecoder({ enableGapless: false }),
      (decoder, bytes) => {
        const audio = decoder.decode(bytes)
        // Mono comes as two equal channels; the top bits of the fourth byte of a frame say which it is.
        const isMono = bytes[3]! >> 6 === 3
        return isMono ? { ...audio, channelData: audio.channelData.slice(0, 1) } : audio
      },
    ),
  }
}

/** The FLAC decoder divides by `2 ** (n - 1) - 1`, so that full scale is 1; here as everywhere it is `2 ** (n - 1)`. */
function toFullScale(samples: Float32Array, bitDepth: number): void {
  const top = 2 ** (bitDepth - 1)
  for (let i = 0; i < samples.length; i++) samples[i] = Math.round(samples[i]! * (top - 1)) / top
}
