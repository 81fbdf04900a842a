/** Sound files on disk. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { type AudioClip, assertKnown, assertText, EscError, isEscError, wrongBytes } from '@esc/core'
import { ioError, writeAtomically } from '@esc/core/node'
import type { AudioInfo, DecodedAudio } from '../audio.js'
import { lazyCodecs } from '../codecs/lazy.js'
import * as portable from '../load.js'
import { decodeNames, loadNames, streamNames } from '../option-names.js'
import type { ByteSource } from '../reading.js'
import { type EncodeWavOptions, encodeWav, encodeWavNames } from '../wav/wav.js'

/** A path, or the bytes of a whole file. */
export type AudioInput = string | URL | Uint8Array

/** Options of `loadAudio`; the codecs are bound. */
export type LoadOptions = Omit<portable.LoadOptions, 'codecs'>

/**
 * What a sound file holds, from its header; of WAV, AIFF and FLAC no more than that is read.
 *
 * @param input - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA as the root's `probeAudio`, naming the path.
 * @example (await probeAudio('dog.flac')).durationSec
 */
export function probeAudio(input: AudioInput): Promise<AudioInfo> {
  return withSource(input, portable.probeSource)
}

/**
 * Decodes a sound file (WAV, AIFF, OGG Vorbis, Opus, FLAC, MP3) at its own rate, with all its channels. Of WAV and AIFF,
 * only the part that `offset` and `duration` ask for is read.
 *
 * @param input - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as the root's `decodeAudio`, naming
 *   the path.
 * @example const { channels, sampleRate } = await decodeAudio('dog.ogg')
 */
export async function decodeAudio(
  input: AudioInput,
  options: Omit<portable.DecodeOptions, 'codecs'> = {},
): Promise<DecodedAudio> {
  assertKnown('decodeAudio', options, decodeNames)
  return withSource(input, (source) => portable.decodeAudio(source, { ...options, codecs: lazyCodecs() }))
}

/**
 * Loads a sound file of any of these formats as a mono clip, at 22050 Hz unless asked otherwise.
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
  return withSource(input, (source) => portable.loadAudio(source, bound))
}

/**
 * Decodes a sound file block by block; WAV, AIFF and FLAC of any length in constant memory.
 *
 * @param input - A path, or the whole file's bytes. The file is closed when the loop ends, however it ends.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_OPTION as the root's `streamAudio`, naming the path.
 * @example for await (const { channels, sampleRate } of streamAudio('night.wav')) console.log(channels[0].length)
 */
export async function* streamAudio(
  input: AudioInput,
  options: Omit<portable.StreamOptions, 'codecs'> = {},
): AsyncGenerator<DecodedAudio, void> {
  assertKnown('streamAudio', options, streamNames)
  const bound = { ...options, codecs: lazyCodecs() }
  if (input instanceof Uint8Array) {
    yield* portable.streamAudio(input, bound)
    return
  }
  assertPath(input)
  const path = String(input)
  const file = await openFile(input)
  try {
    yield* portable.streamAudio(file.source, bound)
  } catch (cause) {
    throw naming(path, cause)
  } finally {
    await file.handle.close()
  }
}

/**
 * Writes a WAV file: to a temporary name in the same folder first, then renamed, so that no reader ever sees half a
 * file and a failure leaves what was there before.
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

async function withSource<T>(
  input: AudioInput,
  use: (source: Uint8Array | ByteSource) => T | Promise<T>,
): Promise<T> {
  if (input instanceof Uint8Array) return use(input)
  assertPath(input)
  const file = await openFile(input)
  try {
    return await use(file.source)
  } catch (cause) {
    throw naming(String(input), cause)
  } finally {
    await file.handle.close()
  }
}

function assertPath(input: unknown): void {
  if ((typeof input === 'string' && input !== '') || input instanceof URL) return
  if (input === '') throw new EscError('INVALID_INPUT', 'input is empty; it must be a path')
  throw wrongBytes('input', input, 'a path, a URL or a Uint8Array')
}

async function openFile(input: string | URL): Promise<{ handle: FileHandle; source: ByteSource }> {
  const path = String(input)
  try {
    // Before it is opened: a pipe would wait for its writer.
    const found = await stat(input)
    if (!found.isFile()) throw new Error('it is not a regular file')
    const { size } = found
    const handle = await open(input)
    const read = (offset: number, length: number) =>
      readAt(handle, path, offset, Math.max(0, Math.min(length, size - offset)))
    return { handle, source: { size, read } }
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}

async function readAt(handle: FileHandle, path: string, offset: number, length: number): Promise<Uint8Array> {
  try {
    const bytes = new Uint8Array(length)
    let filled = 0
    while (filled < bytes.length) {
      const { bytesRead } = await handle.read(bytes, filled, bytes.length - filled, offset + filled)
      if (bytesRead === 0) break
      filled += bytesRead
    }
    return bytes.subarray(0, filled)
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}

function naming(path: string, cause: unknown): unknown {
  if (!isEscError(cause) || cause.code === 'IO') return cause
  return new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
}
