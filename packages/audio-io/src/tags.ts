/** Tags that players put around the sound. */
import type { Reading } from './reading.js'

// One is usual, two happen; each costs a read.
const MAX_TAGS = 16

/** Bytes after a tag that are looked through for padding that the tag does not count. */
export const MAX_TAG_PADDING = 4096

/**
 * Where a file begins behind the ID3v2 tags before it; 0 if there are none. Zeros after a tag are padding.
 *
 * Taggers put such tags before files of any format, whose own chunks have room for them; ffmpeg and libsndfile step
 * over them.
 *
 * @example const start = yield* readTagsBefore()
 */
export function* readTagsBefore(): Reading<number> {
  let offset = 0
  for (let count = 0; count < MAX_TAGS; count++) {
    const size = id3Size(bytesOf(yield { offset, length: 10 }))
    if (size === 0) break
    offset += size
    const rest = bytesOf(yield { offset, length: MAX_TAG_PADDING })
    const padding = rest.findIndex((byte) => byte !== 0)
    if (padding > 0) offset += padding
  }
  return offset
}

/**
 * Bytes of the ID3v2 tag that stands first; 0 if there is none. A text that begins with "ID3" is none.
 *
 * @see id3.org, "ID3 tag version 2.4.0 - Main Structure", section 3.1.
 * @example bytes.subarray(id3Size(bytes))
 */
export function id3Size(bytes: Uint8Array): number {
  if (bytes.length < 10 || bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0
  // Versions 2.2, 2.3 and 2.4 are all there are.
  if (bytes[3]! < 2 || bytes[3]! > 4 || bytes[4] === 0xff) return 0
  // Seven bits of each byte count, so that a size never looks like the sync of a frame.
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
  const hasFooter = (bytes[5]! & 0x10) !== 0
  return 10 + size + (hasFooter ? 10 : 0)
}

/**
 * A file without the ID3v2 tags before its sound, and the ID3, APE and Lyrics3 tags after it.
 *
 * @returns A view of the same bytes; empty if a tag claims more than there is.
 * @see id3.org, "ID3 tag version 2.4.0 - Main Structure" and "Lyrics3 v2.00"; wiki.hydrogenaud.io, "APEv2 specification".
 * @example readMp3Header(withoutTags(bytes), 0)
 */
export function withoutTags(bytes: Uint8Array): Uint8Array {
  let start = 0
  for (let size = id3Size(bytes); size > 0; size = id3Size(bytes.subarray(start))) start += size
  let end = bytes.length
  for (let size = lastTagSize(bytes, end); size > 0; size = lastTagSize(bytes, end)) end -= size
  return bytes.subarray(start, Math.max(start, end))
}

/** Bytes of the tag that ends at `end`; 0 if none does. */
function lastTagSize(bytes: Uint8Array, end: number): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (latin1(bytes, end - 128, 3) === 'TAG') return 128
  if (latin1(bytes, end - 227, 4) === 'TAG+') return 227
  if (latin1(bytes, end - 32, 8) === 'APETAGEX') {
    const hasHeader = view.getUint32(end - 12, true) >= 0x80000000
    return view.getUint32(end - 20, true) + (hasHeader ? 32 : 0)
  }
  if (latin1(bytes, end - 9, 9) === 'LYRICS200') {
    // Six digits count what is before them.
    const size = Number(latin1(bytes, end - 15, 6))
    return Number.isInteger(size) ? size + 15 : 0
  }
  // An ID3v2 tag at the end has its header repeated as a footer, its letters turned around.
  if (latin1(bytes, end - 10, 3) === '3DI') {
    return 20 + bytes.subarray(end - 4, end).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
  }
  return 0
}

function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

function latin1(bytes: Uint8Array, start: number, length: number): string {
  return start < 0 ? '' : String.fromCharCode(...bytes.subarray(start, start + length))
}
