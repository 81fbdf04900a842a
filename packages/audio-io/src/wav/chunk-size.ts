/** Finds wrong chunk sizes in the headers of WAV and AIFF files, and computes the right ones. */

import type { Reading } from '../reading.js'
import { fourCc } from './four-cc.js'

/** A chunk of samples with its stated size, and the file around it. */
export interface StatedChunk {
  id: string
  /** Bytes, as stated. */
  size: number
  /** Bytes from the start of the file to the first byte of the chunk's body. */
  body: number
  /** Bytes from the start of the file to the container; tags may stand before it. */
  start: number
  fileSize: number
  littleEndian: boolean
}

/** The size of a chunk, and a warning if it is not the stated one. */
export interface TrueSize {
  size: number
  warning: string | null
}

// Sizes in this range mean "unknown": sox writes 0x7ffff000 to a pipe, arecord 0x7fffffff or 0x80000000, ffmpeg
// 0xffffffff.
const leastUnknown = 0x7ffff000
const mostUnknown = 0xffffffff
// From this size on, a size of 64 bits means "unknown". 2 ** 63 - 1 rounds to this number in a double.
const leastUnknown64 = 2 ** 63

// Other chunks are searched in this many bytes at the end of a file.
const tailSize = 65536
// A row of chunks may have at most this many.
const maxChain = 64

/**
 * Names of chunks that may follow the samples. Samples may look like a name, so the sizes must also lead to the
 * file's end.
 */
const tailChunks = new Set([
  ...['LIST', 'INFO', 'id3 ', 'ID3 ', 'bext', 'iXML', 'axml', 'chna', 'cue ', 'smpl', 'inst', 'fact', 'PEAK'],
  ...[
    'JUNK',
    'junk',
    'PAD ',
    'FLLR',
    '_PMX',
    'DISP',
    'acid',
    'afsp',
    'plst',
    'umid',
    'levl',
    'note',
    'labl',
    'fmt ',
  ],
  ...['COMM', 'NAME', 'AUTH', '(c) ', 'ANNO', 'COMT', 'MARK', 'INST', 'MIDI', 'AESD', 'APPL', 'CHAN', 'FVER'],
])

/** Whether a size or a count of 32 or 64 bits is one that means "unknown". @example isUnknownSize(0xffffffff) */
export function isUnknownSize(size: number): boolean {
  return size === 0 || (size >= leastUnknown && size <= mostUnknown) || size >= leastUnknown64
}

/**
 * Checks the size of a chunk of samples, and computes it from the file if the stated size is wrong.
 *
 * A recorder writes the header first and its sizes last. A recorder that streams, or is switched off, leaves its
 * first values: 0, or an "unknown" size that is more than the file holds. Other programs state the size of the whole
 * file, or a size that is wrong by exactly the length of the header. (A size that is too small by that length counts
 * as wrong only if chunks follow where the samples really end.)
 *
 * In all these cases the samples end where the file ends, or where a row of known chunks (LIST, bext, …) begins that
 * leads exactly to the file's end. ffmpeg 5.1 and sox decode such chunks as samples, which is a click at the end of
 * the sound.
 *
 * Any other size is returned as it is. The caller decides whether the file was cut short.
 *
 * @example const { size, warning } = yield* trueSize({ id: 'data', size: 0, body: 44, start: 0, fileSize: 3244, littleEndian: true })
 */
export function* trueSize(chunk: StatedChunk): Reading<TrueSize> {
  const { id, size, body, start, fileSize } = chunk
  const rest = fileSize - body
  const header = body - start
  if (rest <= 0 || (yield* isWhole(chunk, size))) {
    return { size: rest <= 0 && isUnknownSize(size) ? 0 : size, warning: null }
  }
  const isOwnSize = size === rest + header || size === fileSize
  if (!isOwnSize && size !== 0) {
    // The file or the samples may end one header length earlier or later. Later counts only if chunks follow there: a
    // stated size that fits in the file can be right, and any bytes may follow the samples.
    for (const other of [size - header, size + header]) {
      if (!(other > 0 && other % 2 === 0 && (other < size || body + other < fileSize))) continue
      if (yield* isWhole(chunk, other)) return { size: other, warning: warn(id, size, other) }
    }
    // A size of more than the file holds may mean that the file was cut short. A smaller size may be right.
    if (size <= rest || !isUnknownSize(size)) return { size, warning: null }
  }
  const found = (yield* findTail(chunk)) - body
  return { size: found, warning: warn(id, size, found) }
}

function warn(id: string, stated: number, size: number): string {
  return `chunk "${id}" states a size of ${stated} bytes, which is wrong: by the size of the file it has ${size} bytes`
}

/**
 * Whether a chunk of this size ends where the file ends, or where a row of chunks begins that leads to the file's
 * end.
 */
export function* isWhole(chunk: StatedChunk, size: number): Reading<boolean> {
  const { body, fileSize, littleEndian } = chunk
  let offset = body + size
  for (let count = 0; count < maxChain; count++) {
    // The pad byte of a chunk of odd size may be missing at the end of the file.
    if (offset === fileSize) return size > 0 || count > 0
    if ((offset - body) % 2 === 1) offset++
    if (offset === fileSize) return size > 0 || count > 0
    if (offset + 8 > fileSize) return false
    const head = yield { offset, length: 8 }
    if (fourCc(head, 0).includes('?')) return false
    offset += 8 + head.getUint32(4, littleEndian)
    if (offset > fileSize) return false
  }
  return false
}

/** Finds where the chunks after the samples begin; the end of the file if there are none. */
function* findTail(chunk: StatedChunk): Reading<number> {
  const { body, fileSize } = chunk
  // Chunks begin at even offsets.
  const from = Math.max(0, fileSize - body - tailSize)
  const first = body + from + (from % 2)
  const view = yield { offset: first, length: fileSize - first }
  for (let at = 0; at + 8 <= view.byteLength; at += 2) {
    if (!tailChunks.has(fourCc(view, at))) continue
    if (yield* isWhole(chunk, first + at - body)) return first + at
  }
  return fileSize
}
