/** Opens a sound file on disk as a source of bytes, and puts its path into error messages. */
import { type FileHandle, open, stat } from 'node:fs/promises'
import { EscError, isEscError, wrongBytes } from '@esc/core'
import { ioError } from '@esc/core/node'
import type { ByteSource } from '../reading.js'

/** A path, or the bytes of a whole file. */
export type AudioInput = string | URL | Uint8Array

/** An open file. */
export interface OpenFile {
  handle: FileHandle
  source: ByteSource
}

/**
 * Opens a file, passes it to `use`, and closes it at the end. Bytes are passed on as they are.
 *
 * @throws EscError IO naming the path if the file cannot be read; an error of `use`, with the path in its message.
 * @example await withSource('dog.wav', probeSource)
 */
export async function withSource<T>(
  input: AudioInput,
  use: (source: Uint8Array | ByteSource) => T | Promise<T>,
): Promise<T> {
  if (input instanceof Uint8Array) return use(input)
  const file = await openFile(input)
  try {
    return await use(file.source)
  } catch (cause) {
    throw naming(input, cause)
  } finally {
    await file.handle.close()
  }
}

/**
 * Opens a file. The caller closes its handle.
 *
 * @throws EscError INVALID_INPUT if `input` is no path; IO naming the path if the file cannot be read.
 * @example const { handle, source } = await openFile('dog.wav')
 */
export async function openFile(input: string | URL): Promise<OpenFile> {
  assertPath(input)
  const path = String(input)
  try {
    // This check stands before the file is opened: opening a pipe would wait for its writer.
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

/** The same error with the path in its message; an IO error has it already. @example throw naming(path, cause) */
export function naming(input: string | URL, cause: unknown): unknown {
  if (!isEscError(cause) || cause.code === 'IO') return cause
  const path = String(input)
  return new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
}

function assertPath(input: unknown): void {
  if ((typeof input === 'string' && input !== '') || input instanceof URL) return
  if (input === '') throw new EscError('INVALID_INPUT', 'input is empty; it must be a path')
  throw wrongBytes('input', input, 'a path, a URL or a Uint8Array')
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
