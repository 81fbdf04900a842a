/** Sound files on disk. */
import { randomUUID } from 'node:crypto'
import { readFile, rename, rm, writeFile } from 'node:fs/promises'
import { type AudioClip, EscError, isEscError } from '@esc/core'
import type { DecodedAudio } from '../audio.js'
import {
  type DecodeOptions,
  decodeAudio as decodeBytes,
  type LoadOptions,
  loadAudio as loadBytes,
} from '../load.js'
import { type EncodeWavOptions, encodeWav } from '../wav.js'
import { nodeCodecs } from './codecs.js'

/** A path, or the bytes of a whole file. */
export type AudioSource = string | URL | Uint8Array

/**
 * Decodes a sound file (WAV, AIFF, OGG Vorbis, Opus, FLAC, MP3) at its own rate, with all its channels.
 *
 * @param source - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT as the root's `decodeAudio`, naming the path.
 * @example const { channels, sampleRate } = await decodeAudio('dog.ogg')
 */
export function decodeAudio(
  source: AudioSource,
  options: Omit<DecodeOptions, 'codecs'> = {},
): Promise<DecodedAudio> {
  return withBytes(source, (bytes) => decodeBytes(bytes, { ...options, codecs: nodeCodecs() }))
}

/**
 * Loads a sound file of any of these formats as a mono clip, at 22050 Hz unless asked otherwise.
 *
 * @param source - A path, or the whole file's bytes.
 * @throws EscError IO naming the path if the file cannot be read.
 * @throws EscError UNSUPPORTED_FORMAT, CORRUPT_DATA, INVALID_INPUT, INVALID_OPTION as the root's `loadAudio`, naming
 *   the path.
 * @see librosa 0.10.2 `load`; the root's `loadAudio` says where it differs.
 * @example const clip = await loadAudio('dog.ogg', { sampleRate: 22050, durationSec: 5 })
 */
export function loadAudio(
  source: AudioSource,
  options: Omit<LoadOptions, 'codecs'> = {},
): Promise<AudioClip> {
  return withBytes(source, (bytes) => loadBytes(bytes, { ...options, codecs: nodeCodecs() }))
}

/**
 * Writes a WAV file: to a temporary name in the same folder first, then renamed, so that no reader ever sees half a
 * file and a failure leaves what was there before.
 *
 * @param path - Its folder must exist; an existing file is replaced.
 * @param audio - A mono clip, or one array per channel.
 * @throws EscError IO naming the path if it cannot be written.
 * @throws EscError INVALID_INPUT, INVALID_OPTION as `encodeWav`.
 * @example await writeWav('dog.wav', clip, { bitDepth: 24 })
 */
export async function writeWav(
  path: string,
  audio: AudioClip | DecodedAudio,
  options: EncodeWavOptions = {},
): Promise<void> {
  const bytes = encodeWav(audio, options)
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, bytes, { flag: 'wx' })
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true })
    throw ioError('write', path, cause)
  }
}

async function withBytes<T>(source: AudioSource, use: (bytes: Uint8Array) => Promise<T>): Promise<T> {
  if (source instanceof Uint8Array) return use(source)
  const path = String(source)
  const bytes = await readFile(source).catch((cause: unknown) => {
    throw ioError('read', path, cause)
  })
  try {
    return await use(bytes)
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    throw new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
  }
}

function ioError(action: 'read' | 'write', path: string, cause: unknown): EscError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EscError('IO', `cannot ${action} ${path}: ${reason}`, { detail: { path }, cause })
}
