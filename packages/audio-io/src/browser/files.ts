/** Sound files in a page. */
import { assertKnown, wrongBytes } from '@esc/core'
import type { AudioInfo, DecodedAudio } from '../audio.js'
import { lazyCodecs } from '../codecs/lazy.js'
import * as portable from '../load.js'
import { decodeNames, loadNames, streamNames } from '../option-names.js'
import type { ByteSource } from '../reading.js'
import { blobSource } from './blob-source.js'

/** A `File` or other `Blob`, or the bytes of a whole file. */
export type AudioInput = Blob | Uint8Array

/** Options of `loadAudio`; the codecs are bound. */
export type LoadOptions = Omit<portable.LoadOptions, 'codecs'>

/**
 * What a sound file holds, from its header; of a WAV or AIFF `Blob` no more than that is read.
 *
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA as the root's `probeAudio`; IO if the file cannot be read.
 * @example (await probeAudio(input.files[0])).durationSec
 */
export async function probeAudio(input: AudioInput): Promise<AudioInfo> {
  return portable.probeSource(sourceOf(input))
}

/**
 * Decodes a sound file (WAV, AIFF, FLAC, OGG Vorbis, Opus, MP3) at its own rate, with all its channels: the same samples
 * as in Node, which the page's own `decodeAudioData` does not promise.
 *
 * @throws EscError as the root's `decodeAudio`; IO if the file cannot be read.
 * @example const { channels, sampleRate } = await decodeAudio(input.files[0])
 */
export async function decodeAudio(
  input: AudioInput,
  options: Omit<portable.DecodeOptions, 'codecs'> = {},
): Promise<DecodedAudio> {
  assertKnown('decodeAudio', options, decodeNames)
  return portable.decodeAudio(sourceOf(input), { ...options, codecs: lazyCodecs() })
}

/**
 * Loads a sound file as a mono clip, at 22050 Hz unless asked otherwise.
 *
 * @throws EscError as the root's `loadAudio`; IO if the file cannot be read.
 * @see librosa 0.10.2 `load`; the root's `loadAudio` says where it differs.
 * @example const clip = await loadAudio(input.files[0], { sampleRate: 16000 })
 */
export function loadAudio(
  input: AudioInput,
  options?: LoadOptions & { mono?: true },
): Promise<portable.LoadedClip>
export function loadAudio(input: AudioInput, options: LoadOptions & { mono: false }): Promise<DecodedAudio>
export async function loadAudio(
  input: AudioInput,
  options: LoadOptions & { mono?: boolean } = {},
): Promise<portable.LoadedClip | DecodedAudio> {
  assertKnown('loadAudio', options, loadNames)
  // The overloads of the root say the same; which of them it is depends on what came in.
  const bound = { ...options, codecs: lazyCodecs() } as portable.LoadOptions & { mono?: true }
  return portable.loadAudio(sourceOf(input), bound)
}

/**
 * Decodes a sound file block by block; a WAV, AIFF or FLAC `Blob` of any length in constant memory.
 *
 * @throws EscError as the root's `streamAudio`; IO if the file cannot be read.
 * @example for await (const { channels } of streamAudio(input.files[0])) meter.push(channels[0])
 */
export function streamAudio(
  input: AudioInput,
  options: Omit<portable.StreamOptions, 'codecs'> = {},
): AsyncGenerator<DecodedAudio, void> {
  assertKnown('streamAudio', options, streamNames)
  return portable.streamAudio(sourceOf(input), { ...options, codecs: lazyCodecs() })
}

function sourceOf(input: AudioInput): Uint8Array | ByteSource {
  if (input instanceof Uint8Array) return input
  if (input instanceof Blob) return blobSource(input)
  throw wrongBytes('input', input, 'a Blob or a Uint8Array')
}
