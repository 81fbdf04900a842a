/** SHA-256 of a file, read piece by piece. */
import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { ioError } from './io-error.js'

/**
 * SHA-256 of a file, hexadecimal. The file is never whole in memory.
 *
 * @throws EscError IO naming the path, if it cannot be read.
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
