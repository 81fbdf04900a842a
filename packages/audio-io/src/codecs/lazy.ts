/** The codecs of the entries for Node and browsers, each imported only when such a file comes. */
import { type AudioDecoder, type Codecs, startError } from '../codecs.js'

/**
 * All decoders; none is loaded before its first file.
 *
 * @example decodeAudio(bytes, { codecs: lazyCodecs() })
 */
export function lazyCodecs(): Codecs {
  return {
    vorbis: lazily(async () => (await import('./vorbis.js')).vorbis),
    opus: lazily(async () => (await import('./opus.js')).opus),
    mp3: lazily(async () => (await import('./mp3.js')).mp3),
  }
}

function lazily(load: () => Promise<AudioDecoder>): AudioDecoder {
  return async function* (payload) {
    let decode: AudioDecoder
    try {
      decode = await load()
    } catch (cause) {
      throw startError(cause)
    }
    yield* decode(payload)
  }
}
