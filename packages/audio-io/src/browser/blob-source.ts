/** Reads files that a page got from an `<input type="file">`, from a drop, or from `fetch`. */
import { EscError } from '@esc/core'
import type { ByteSource } from '../reading.js'

/**
 * A `Blob` or `File` as a source of bytes. Only the requested parts are read into memory.
 *
 * @returns A source whose `read` throws EscError IO if the file was moved, changed or locked after the page got it.
 * @example await blobSource(file).read(0, 12)
 */
export function blobSource(blob: Blob): ByteSource {
  return {
    size: blob.size,
    async read(offset, length) {
      try {
        return new Uint8Array(await blob.slice(offset, offset + length).arrayBuffer())
      } catch (cause) {
        const reason = cause instanceof Error ? cause.message : String(cause)
        throw new EscError('IO', `cannot read ${nameOf(blob)}: ${reason}`, { cause })
      }
    },
  }
}

function nameOf(blob: Blob): string {
  return 'name' in blob ? String(blob.name) : 'the blob'
}
