/** Computes the SHA-256 of a file. It reads the file in pieces. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { ioError } from './io-error.js'

/**
 * Computes the SHA-256 of a file. The whole file is never in memory.
 *
 * @returns 64 hexadecimal digits.
 * @throws EscError IO naming the path, if the file cannot be read.
 * @example await hashFile('esc50.zip') // 'e3b0c442…'
 */
export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256')
  try {
    for await (const chunk of createReadStream(path) as AsyncIterable<Uint8Array>) hash.update(chunk)
  } catch (cause) {
    throw ioError('read', path, cause)
  }
  return hash.digest('hex')
}
