/** Parsers ask for the bytes they need, so that the same parser reads an array in memory and a file of any size. */
import { EscError, hasField, wrongBytes, wrongValue } from '@esc/core'
import { viewOf } from './bytes.js'

/** A part of a file. */
export interface ByteRange {
  /** Bytes from the start of the file. */
  offset: number
  /** Number of bytes; a parser gets fewer where the file ends. */
  length: number
}

/**
 * A running parser. It yields the part that it needs next, gets a view of that part, and returns its result at the
 * end.
 */
export type Reading<T> = Generator<ByteRange, T, DataView>

/** Bytes that are read only where they are needed: a file on a disk, a `Blob`. */
export interface ByteSource {
  /** Number of all bytes. */
  size: number
  /** Reads `length` bytes from `offset` on; fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/**
 * Turns the caller's input into a source.
 *
 * @throws EscError INVALID_INPUT if the input is neither bytes nor a source.
 * @example sourceOf(bytes).size
 */
export function sourceOf(input: Uint8Array | ByteSource): ByteSource {
  if (input instanceof Uint8Array) return bytesSource(input)
  const { size, read } = (input ?? {}) as Partial<ByteSource>
  if (typeof read !== 'function' || !Number.isSafeInteger(size) || size! < 0) {
    if (typeof read !== 'function' && hasField(input, 'read')) {
      throw wrongValue('input.read', read, 'a function')
    }
    if (hasField(input, 'read')) throw wrongValue('input.size', size, 'an integer >= 0')
    throw wrongBytes('input', input, 'a Uint8Array, or { size, read } with a whole size >= 0')
  }
  return input
}

/** Bytes in memory as a source, which returns views and makes no copies. @example streamAudio(bytesSource(bytes)) */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/**
 * Runs a parser over bytes in memory. The parser gets views, not copies.
 *
 * @example readBytes(bytes, readWav(bytes.length))
 */
export function readBytes<T>(bytes: Uint8Array, reading: Reading<T>): T {
  let step = reading.next()
  while (!step.done) {
    const { offset, length } = step.value
    const part = bytes.subarray(offset, offset + length)
    step = reading.next(viewOf(part))
  }
  return step.value
}

// A parser of a header asks for a few bytes at a time. This many are read at once.
const windowSize = 4096

/**
 * Runs a parser over a source. It reads the parts that the parser asks for, and a few bytes after each.
 *
 * @example await readSource(source, readWav(source.size))
 */
export async function readSource<T>(source: ByteSource, reading: Reading<T>): Promise<T> {
  let start = 0
  let window: Uint8Array = new Uint8Array(0)
  let step = reading.next()
  while (!step.done) {
    const { offset, length } = step.value
    const end = Math.min(offset + length, source.size)
    if (offset < start || end > start + window.length) {
      window = await readExactly(source, { offset, length: Math.max(length, windowSize) })
      start = offset
    }
    const part = window.subarray(offset - start, offset - start + length)
    step = reading.next(viewOf(part))
  }
  return step.value
}

/**
 * Reads a part of a source; it is shorter only where the source ends.
 *
 * @throws EscError CORRUPT_DATA if the source returns less than its size allows: the file became shorter while it was
 *   read; INVALID_INPUT if it returns no Uint8Array; any error of its `read`.
 * @example await readExactly(source, { offset: 0, length: 12 })
 */
export async function readExactly(source: ByteSource, { offset, length }: ByteRange): Promise<Uint8Array> {
  const part = await source.read(offset, length)
  if (!(part instanceof Uint8Array)) {
    throw new EscError('INVALID_INPUT', 'source.read must resolve to a Uint8Array')
  }
  const expected = Math.max(0, Math.min(length, source.size - offset))
  if (part.length < expected) {
    throw new EscError(
      'CORRUPT_DATA',
      `source.read returned ${part.length} bytes from byte ${offset} on, expected ${expected}: the file changed while it was read`,
    )
  }
  return part.length > expected ? part.subarray(0, expected) : part
}
