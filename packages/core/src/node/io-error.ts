/** What the system says of a file, as an error of ours. */
import { EscError } from '../error.js'

/**
 * The error for a file operation that failed.
 *
 * @param did - What was tried: `read`, `write`.
 * @param path - Of the file or folder; it is also in `detail.path`.
 * @example throw ioError('read', path, cause)
 */
export function ioError(did: string, path: string, cause: unknown): EscError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EscError('IO', `cannot ${did} ${path}: ${reason}`, { detail: { path }, cause })
}
