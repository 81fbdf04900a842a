/** Turns errors of the file system into `EscError`s. All packages do it here. */
import { EscError } from '../error.js'

/**
 * Makes the error for a file operation that failed.
 *
 * @param did - The operation: `read`, `write`, `open`.
 * @param path - The file or folder. It is also in `detail.path`.
 * @param cause - The system's error, or the reason in words.
 * @returns An error with the code `IO`: `cannot read /data/dog.wav: ENOENT: no such file or directory, …`
 * @example throw ioError('read', path, cause)
 */
export function ioError(did: string, path: string, cause: unknown): EscError {
  return new EscError('IO', `cannot ${did} ${path}: ${reasonOf(cause)}`, { detail: { path }, cause })
}

/**
 * Waits for a file operation. If it fails, the error names the path.
 *
 * @param did - The operation: `read`, `write`, `open`.
 * @param path - The file or folder.
 * @param work - The promise of the operation.
 * @returns The result of the operation.
 * @throws EscError IO, as {@link ioError} makes it.
 * @example const names = await onDisk('read', dir, readdir(dir))
 */
export async function onDisk<T>(did: string, path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw ioError(did, path, cause)
  }
}

/**
 * Returns the message of an error; for any other value, the value as text.
 *
 * @example reasonOf(error) // 'ENOENT: no such file …'
 */
export function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}
