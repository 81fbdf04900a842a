/** Computes SHA-256 in Node and in pages. */
import { assertBytes } from './check/options.js'
import { EscError } from './error.js'

/**
 * Computes the SHA-256 of bytes.
 *
 * @returns 64 hexadecimal digits.
 * @throws EscError INVALID_INPUT if they are not a Uint8Array; INVALID_STATE if there is no Web Crypto: a page has it over https
 *   and on localhost only.
 * @example await sha256(bytes) // 'e3b0c442…'
 */
export async function sha256(bytes: Uint8Array): Promise<string> {
  assertBytes('bytes', bytes)
  if (!globalThis.crypto?.subtle) {
    throw new EscError(
      'INVALID_STATE',
      'SHA-256 is not available: a page has it over https and on localhost only',
    )
  }
  const hash = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as Uint8Array<ArrayBuffer>))
  return Array.from(hash, (byte) => byte.toString(16).padStart(2, '0')).join('')
}
