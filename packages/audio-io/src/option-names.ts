/** The names of the options that decoding takes, and the check that refuses all others. */
import { assertKnown } from '@esc/core'
import { decodeLimitNames } from './audio.js'
import type { Codecs } from './codecs.js'
import type { DecodeOptions, LoadOptions, StreamOptions } from './load.js'

/** Names that a function of the root takes; its siblings in `/node` and `/browser` take them without `codecs`. */
type Names<Options> = Readonly<Record<Exclude<keyof Options, 'codecs'>, true>>

/** Of `decodeAudio`. */
export const decodeNames: Names<DecodeOptions> = decodeLimitNames

/** Of `loadAudio`. */
export const loadNames: Names<LoadOptions & { mono?: boolean }> = {
  sampleRate: true,
  mono: true,
  ...decodeLimitNames,
}

/** Of `streamAudio`. */
export const streamNames: Names<StreamOptions> = {
  blockFrames: true,
  offset: true,
  duration: true,
  tolerant: true,
}

const codecNames: Readonly<Record<keyof Codecs, true>> = { vorbis: true, opus: true, mp3: true }

/**
 * Checks the options of a function of the root, which takes codecs.
 *
 * @param owner - The function that the user called.
 * @throws EscError INVALID_OPTION naming an option, or a codec, that is unknown.
 * @example assertPortableOptions('decodeAudio', options, decodeNames)
 */
export function assertPortableOptions<Options extends { codecs?: Codecs }>(
  owner: string,
  options: Options,
  names: Names<Options>,
): void {
  assertKnown<{ codecs?: Codecs }>(owner, options, { ...names, codecs: true })
  assertKnown(`codecs of ${owner}`, options.codecs, codecNames)
}
