/** Sizes that recorders leave in the headers of WAV and AIFF files: which cannot be true, and what is true instead. */

import type { Reading } from '../reading.js'
import { fourCc } from './four-cc.js'

/** A chunk of samples as its header states it, and the file around it. */
export interface StatedChunk {
  id: string
  /** Bytes, as stated. */
  size: number
  /** Bytes from the start of the file to the first byte of the chunk's body. */
  body: number
  /** Bytes from the start of the file to the container: tags may be before it. */
  start: number
  fileSize: number
  littleEndian: boolean
}

/** A size that can be believed, and what to say if it is not the stated one. */
export interface TrueSize {
  size: number
  warning: string | null
}

// From here on a size means "unknown": sox writes 0x7ffff000 to a pipe, arecord 0x7fffffff or 0x80000000, ffmpeg 0xffffffff.
const LEAST_UNKNOWN = 0x7ffff000
const MOST_UNKNOWN = 0xffffffff
// The same in 64 bits; a double holds no number between 2 ** 63 - 1 and this.
const UNKNOWN_64 = 2 ** 63

// How far from the end of a file other chunks are looked for, and how many in a row.
const TAIL_SIZE = 65536
const MAX_CHAIN = 64

/** Chunks that stand behind the samples. Four letters by chance are no chunk: the sizes must lead to the file's end. */
const TAIL_CHUNKS = new Set([
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

/** Whether a size or a count of 32 or 64 bits is one of those that stand for "not known". @example isUnknownSize(0xffffffff) */
export function isUnknownSize(size: number): boolean {
  return size === 0 || (size >= LEAST_UNKNOWN && size <= MOST_UNKNOWN) || size >= UNKNOWN_64
}

/**
 * The size of a chunk of samples, where the stated one cannot be true.
 *
 * Recorders write the header first and its sizes last. One that streams, or is switched off, leaves what it began with:
 * 0, or a size of "unknown" that is more than the file holds. Others count wrong: they state the size of the file, or
 * are off by exactly the length of the header (too little only if chunks follow where the samples then end). All of these are computed from the file: the samples end where it ends,
 * or where a row of known chunks begins (LIST, bext, …) that leads exactly to its end. ffmpeg 5.1 and sox take such
 * chunks for samples, a click at the end of the sound.
 *
 * Any other size is left as it is: whether the file is cut short is for the caller to say.
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
    // One header less, or more, may be where the file or the samples end. More only if chunks follow there: a size that the file
    // has room for can be true, and what stands behind the samples may be anything.
    for (const other of [size - header, size + header]) {
      if (!(other > 0 && other % 2 === 0 && (other < size || body + other < fileSize))) continue
      if (yield* isWhole(chunk, other)) return { size: other, warning: warn(id, size, other) }
    }
    // More than there is may be a file that was cut short; what follows the samples, and is no chunk, may be anything.
    if (size <= rest || !isUnknownSize(size)) return { size, warning: null }
  }
  const found = (yield* findTail(chunk)) - body
  return { size: found, warning: warn(id, size, found) }
}

function warn(id: string, stated: number, size: number): string {
  return `chunk "${id}" states ${stated} bytes, which cannot be true: ${size} were computed from the file`
}

/** Whether the file ends where a chunk of this size does, or a row of chunks goes on from there to its end. */
export function* isWhole(chunk: StatedChunk, size: number): Reading<boolean> {
  const { body, fileSize, littleEndian } = chunk
  let offset = body + size
  for (let count = 0; count < MAX_CHAIN; count++) {
    // The pad byte of an odd chunk may be missing at the end.
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

/** Where the chunks behind the samples begin; the end of the file if there are none. */
function* findTail(chunk: StatedChunk): Reading<number> {
  const { body, fileSize } = chunk
  // Chunks begin at even places.
  const from = Math.max(0, fileSize - body - TAIL_SIZE)
  const first = body + from + (from % 2)
  const view = yield { offset: first, length: fileSize - first }
  for (let at = 0; at + 8 <= view.byteLength; at += 2) {
    if (!TAIL_CHUNKS.has(fourCc(view, at))) continue
    if (yield* isWhole(chunk, first + at - body)) return first + at
  }
  return fileSize
}
