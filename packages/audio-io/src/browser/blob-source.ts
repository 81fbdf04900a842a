/** Files that a page was given: by an `<input type="file">`, by a drop, by `fetch`. */
import { EscError } from '@esc/core'
import type { ByteSource } from '../reading.js'

/**
 * A `Blob` or `File` as a source of bytes; only the parts that are asked for are read into memory.
 *
 * @returns Its `read` throws EscError IO if the file was moved, changed or locked since the page was given it.
 * @example for await (const { channels } of streamAudio(blobSource(input.files[0]))) meter.push(channels[0])
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
