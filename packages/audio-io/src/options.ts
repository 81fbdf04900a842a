/** The options of decoding, loading and streaming, and the check that refuses every other name. */
import { type AudioClip, assertKnown } from '@esc/core'
import { type DecodeLimits, decodeLimitNames } from './audio.js'
import type { Codecs } from './codecs.js'

/** Options of `decodeAudio`. */
export interface DecodeOptions extends DecodeLimits {
  /**
   * Decoders of OGG Vorbis, Opus and MP3. Each of these formats needs its own; the other formats need none.
   *
   * @defaultValue `{}`: none
   */
  codecs?: Codecs
}

/** Options of `loadAudio`. */
export interface LoadOptions extends DecodeOptions {
  /** Hz; `null` keeps the file's own rate. @defaultValue `22050` */
  sampleRate?: number | null
}

/** Options of `streamAudio`. */
export interface StreamOptions extends Omit<DecodeOptions, 'maxDurationSec'> {
  /** Samples per channel of each block; the last block may be shorter. @defaultValue `65536` */
  blockFrames?: number
}

/** Options of `decodeAudio` of `/node` and `/browser`, which have all codecs. */
export type BoundDecodeOptions = Omit<DecodeOptions, 'codecs'>

/** Options of `loadAudio` of `/node` and `/browser`, which have all codecs. */
export type BoundLoadOptions = Omit<LoadOptions, 'codecs'>

/** Options of `streamAudio` of `/node` and `/browser`, which have all codecs. */
export type BoundStreamOptions = Omit<StreamOptions, 'codecs'>

/** A mono clip, and what was wrong with its file. */
export interface LoadedClip extends AudioClip {
  /** As the warnings of {@link DecodedAudio}; absent if there was no problem. */
  warnings?: readonly string[]
}

/**
 * Names that a function of the root takes. The functions of `/node` and `/browser` take the same without `codecs`.
 */
type Names<Options> = Readonly<Record<Exclude<keyof Options, 'codecs'>, true>>

/** Names of the options of `decodeAudio`. */
export const decodeNames: Names<DecodeOptions> = decodeLimitNames

/** Names of the options of `loadAudio`. */
export const loadNames: Names<LoadOptions & { mono?: boolean }> = {
  sampleRate: true,
  mono: true,
  ...decodeLimitNames,
}

/** Names of the options of `streamAudio`. */
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
 * @throws EscError INVALID_OPTION naming an option or a codec that is unknown.
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
