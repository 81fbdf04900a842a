/** Finds the tags (title, artist, cover) that programs put before and after the sound. */
import { bytesOf, latin1, viewOf } from './bytes.js'
import type { Reading } from './reading.js'

// Most files have one tag, some have two. Each costs a read.
const maxTags = 16

/** A tag may be followed by zeros that its size does not include. They are searched in this many bytes. */
const maxTagPadding = 4096

/**
 * Finds where a file begins after its ID3v2 tags; 0 if it has none. Zeros after a tag are padding.
 *
 * Some programs put such tags before files of any format, although the format has a place for them. ffmpeg and
 * libsndfile skip them.
 *
 * @example const start = yield* readTagsBefore()
 */
export function* readTagsBefore(): Reading<number> {
  let offset = 0
  for (let count = 0; count < maxTags; count++) {
    const size = id3Size(bytesOf(yield { offset, length: 10 }))
    if (size === 0) break
    offset += size
    const rest = bytesOf(yield { offset, length: maxTagPadding })
    const padding = rest.findIndex((byte) => byte !== 0)
    if (padding > 0) offset += padding
  }
  return offset
}

/**
 * Bytes of the ID3v2 tag at the start; 0 if there is none. A text that begins with "ID3" is no tag.
 *
 * @see id3.org, "ID3 tag version 2.4.0 - Main Structure", section 3.1.
 * @example bytes.subarray(id3Size(bytes))
 */
export function id3Size(bytes: Uint8Array): number {
  if (bytes.length < 10 || bytes[0] !== 0x49 || bytes[1] !== 0x44 || bytes[2] !== 0x33) return 0
  // Only versions 2.2, 2.3 and 2.4 exist.
  if (bytes[3]! < 2 || bytes[3]! > 4 || bytes[4] === 0xff) return 0
  // Only seven bits of each byte count, so that a size never looks like the sync of a frame.
  const size = bytes.subarray(6, 10).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
  const hasFooter = (bytes[5]! & 0x10) !== 0
  return 10 + size + (hasFooter ? 10 : 0)
}

/**
 * The file without the ID3v2 tags before its sound, and without the ID3, APE and Lyrics3 tags after it.
 *
 * @returns A view of the same bytes; empty if a tag states more bytes than the file has.
 * @see id3.org, "ID3 tag version 2.4.0 - Main Structure" and "Lyrics3 v2.00"; wiki.hydrogenaud.io, "APEv2
 *   specification".
 * @example readMp3Header(withoutTags(bytes), 0)
 */
export function withoutTags(bytes: Uint8Array): Uint8Array {
  let start = 0
  for (let size = id3Size(bytes); size > 0; size = id3Size(bytes.subarray(start))) start += size
  let end = bytes.length
  for (let size = lastTagSize(bytes, end); size > 0; size = lastTagSize(bytes, end)) end -= size
  return bytes.subarray(start, Math.max(start, end))
}

/** Bytes of the tag that ends at `end`; 0 if no tag ends there. */
function lastTagSize(bytes: Uint8Array, end: number): number {
  const view = viewOf(bytes)
  if (latin1(bytes, end - 128, 3) === 'TAG') return 128
  if (latin1(bytes, end - 227, 4) === 'TAG+') return 227
  if (latin1(bytes, end - 32, 8) === 'APETAGEX') {
    const hasHeader = view.getUint32(end - 12, true) >= 0x80000000
    return view.getUint32(end - 20, true) + (hasHeader ? 32 : 0)
  }
  if (latin1(bytes, end - 9, 9) === 'LYRICS200') {
    // The six digits before the mark count the bytes before them.
    const size = Number(latin1(bytes, end - 15, 6))
    return Number.isInteger(size) ? size + 15 : 0
  }
  // An ID3v2 tag at the end repeats its header as a footer, with its letters in reverse order.
  if (latin1(bytes, end - 10, 3) === '3DI') {
    return 20 + bytes.subarray(end - 4, end).reduce((sum, byte) => sum * 128 + (byte & 127), 0)
  }
  return 0
}
