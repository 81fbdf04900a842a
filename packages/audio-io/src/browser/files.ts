/** Reads sound files in a page. */
import { wrongBytes } from '@esc/core'
import type { AudioInfo, DecodedAudio } from '../audio.js'
import { bindCodecs } from '../codecs/lazy.js'
import * as portableDecode from '../decode.js'
import * as portableLoad from '../load.js'
import {
  type BoundDecodeOptions,
  type BoundLoadOptions,
  type BoundStreamOptions,
  decodeNames,
  type LoadedClip,
  loadNames,
  streamNames,
} from '../options.js'
import { probeSource } from '../probe.js'
import type { ByteSource } from '../reading.js'
import { blobSource } from './blob-source.js'

/** A `File` or other `Blob`, or the bytes of a whole file. */
export type AudioInput = Blob | Uint8Array

/**
 * Says what a sound file holds, from its header. Of a WAV, AIFF or FLAC `Blob`, only the header is read.
 *
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA as the root's `probeAudio`; IO if the file cannot be read.
 * @example (await probeAudio(file)).durationSec
 */
export async function probeAudio(input: AudioInput): Promise<AudioInfo> {
  return probeSource(sourceOf(input))
}

/**
 * Decodes a sound file (WAV, AIFF, FLAC, OGG Vorbis, Opus, MP3) at its own rate, with all its channels. The samples
 * are the same as in Node, which the page's own `decodeAudioData` does not promise.
 *
 * @throws EscError as the root's `decodeAudio`; IO if the file cannot be read.
 * @example const { channels, sampleRate } = await decodeAudio(file)
 */
export async function decodeAudio(
  input: AudioInput,
  options: BoundDecodeOptions = {},
): Promise<DecodedAudio> {
  const bound = bindCodecs('decodeAudio', options, decodeNames)
  return portableDecode.decodeAudio(sourceOf(input), bound)
}

/**
 * Loads a sound file as a mono clip, at 22050 Hz unless `sampleRate` says otherwise.
 *
 * @throws EscError as the root's `loadAudio`; IO if the file cannot be read.
 * @see librosa 0.10.2 `load`; the root's `loadAudio` says where it differs.
 * @example const clip = await loadAudio(file, { sampleRate: 16000 })
 */
export function loadAudio(
  input: AudioInput,
  options?: BoundLoadOptions & { mono?: true },
): Promise<LoadedClip>
export function loadAudio(
  input: AudioInput,
  options: BoundLoadOptions & { mono: false },
): Promise<DecodedAudio>
export async function loadAudio(
  input: AudioInput,
  options: BoundLoadOptions & { mono?: boolean } = {},
): Promise<LoadedClip | DecodedAudio> {
  const bound = bindCodecs('loadAudio', options, loadNames)
  return portableLoad.loadAnyAudio(sourceOf(input), bound)
}

/**
 * Decodes a sound file block by block; a WAV, AIFF or FLAC `Blob` of any length in constant memory.
 *
 * @throws EscError as the root's `streamAudio`; IO if the file cannot be read.
 * @example for await (const { channels } of streamAudio(file)) console.log(channels)
 */
export function streamAudio(
  input: AudioInput,
  options: BoundStreamOptions = {},
): AsyncGenerator<DecodedAudio, void> {
  const bound = bindCodecs('streamAudio', options, streamNames)
  return portableDecode.streamAudio(sourceOf(input), bound)
}

function sourceOf(input: AudioInput): Uint8Array | ByteSource {
  if (input instanceof Uint8Array) return input
  if (input instanceof Blob) return blobSource(input)
  throw wrongBytes('input', input, 'a Blob or a Uint8Array')
}
