/** All codecs for the entries `/node` and `/browser`. Each is imported when the first file needs it. */
import { assertKnown } from '@esc/core'
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

/**
 * Checks the options of a function of `/node` or `/browser`, and adds all codecs to them.
 *
 * @param owner - The function that the user called.
 * @throws EscError INVALID_OPTION naming an option that is unknown. Here `codecs` is unknown, too.
 * @example decodeAudio(source, bindCodecs('decodeAudio', options, decodeNames))
 */
export function bindCodecs<Options extends object>(
  owner: string,
  options: Options,
  names: Readonly<Record<keyof Options, true>>,
): Options & { codecs: Codecs } {
  assertKnown(owner, options, names)
  return { ...options, codecs: lazyCodecs() }
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
