/** Reads and writes sound files on disk. */
import { fileURLToPath } from 'node:url'
import { type AudioClip, assertKnown, assertText } from '@esc/core'
import { ioError, writeAtomically } from '@esc/core/node'
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
import { type EncodeWavOptions, encodeWav, encodeWavNames } from '../wav/encode.js'
import { type AudioInput, naming, openFile, withSource } from './open-file.js'

/**
 * Says what a sound file holds, from its header. Of WAV, AIFF and FLAC, only the header is read.
 *
 * @param input - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA as the root's `probeAudio`, naming the path.
 * @example (await probeAudio('dog.flac')).durationSec
 */
export function probeAudio(input: AudioInput): Promise<AudioInfo> {
  return withSource(input, probeSource)
}

/**
 * Decodes a sound file (WAV, AIFF, OGG Vorbis, Opus, FLAC, MP3) at its own rate, with all its channels. Of WAV and
 * AIFF, only the part between `offset` and `offset + duration` is read.
 *
 * @param input - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as the root's `decodeAudio`,
 *   naming the path.
 * @example const { channels, sampleRate } = await decodeAudio('dog.ogg')
 */
export async function decodeAudio(
  input: AudioInput,
  options: BoundDecodeOptions = {},
): Promise<DecodedAudio> {
  const bound = bindCodecs('decodeAudio', options, decodeNames)
  return withSource(input, (source) => portableDecode.decodeAudio(source, bound))
}

/**
 * Loads a sound file of any of these formats as a mono clip, at 22050 Hz unless `sampleRate` says otherwise.
 *
 * @param input - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as the root's `loadAudio`, naming
 *   the path.
 * @see librosa 0.10.2 `load`; the root's `loadAudio` says where it differs.
 * @example const clip = await loadAudio('dog.ogg', { sampleRate: 22050, duration: 5 })
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
  return withSource(input, (source) => portableLoad.loadAnyAudio(source, bound))
}

/**
 * Decodes a sound file block by block; WAV, AIFF and FLAC of any length in constant memory.
 *
 * @param input - A path, or the whole file's bytes. The file is closed when the loop ends, also after an error.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_OPTION as the root's `streamAudio`, naming the path.
 * @example for await (const { channels, sampleRate } of streamAudio('night.wav')) console.log(channels[0].length)
 */
export async function* streamAudio(
  input: AudioInput,
  options: BoundStreamOptions = {},
): AsyncGenerator<DecodedAudio, void> {
  const bound = bindCodecs('streamAudio', options, streamNames)
  if (input instanceof Uint8Array) {
    yield* portableDecode.streamAudio(input, bound)
    return
  }
  const file = await openFile(input)
  try {
    yield* portableDecode.streamAudio(file.source, bound)
  } catch (cause) {
    throw naming(input, cause)
  } finally {
    await file.handle.close()
  }
}

/**
 * Writes a WAV file. The bytes go to a temporary name in the same folder, which is then renamed: no reader ever sees
 * half a file, and after a failure the old file is still there.
 *
 * @param to - A path or a `file:` URL. Its folder must exist; an existing file is replaced.
 * @param audio - A mono clip, or one array per channel.
 * @throws EscError IO naming the path if it cannot be written.
 * @throws EscError INVALID_INPUT, INVALID_OPTION as `encodeWav`.
 * @example await writeWav('dog.wav', clip, { bitDepth: 24 })
 */
export async function writeWav(
  to: string | URL,
  audio: AudioClip | DecodedAudio,
  options: EncodeWavOptions = {},
): Promise<void> {
  assertKnown('writeWav', options, encodeWavNames)
  const bytes = encodeWav(audio, options)
  await writeAtomically(pathOf(to), bytes, { flush: false })
}

function pathOf(to: string | URL): string {
  if (!(to instanceof URL)) {
    assertText('to', to)
    return to
  }
  try {
    return fileURLToPath(to)
  } catch (cause) {
    throw ioError('write', String(to), cause)
  }
}
