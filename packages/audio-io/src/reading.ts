/** How parsers here ask for bytes, so that the same one reads an array in memory and a file of any size. */
import { EscError, hasField, wrongBytes, wrongValue } from '@esc/core'

/** A stretch of a file. */
export interface ByteRange {
  /** Bytes from the start of the file. */
  offset: number
  /** Bytes wanted; fewer come where the file ends sooner. */
  length: number
}

/** A parser at work: yields the stretch it needs next, is given a view of it, and returns what it made of the file. */
export type Reading<T> = Generator<ByteRange, T, DataView>

/** Bytes that are fetched where they are needed: a file on a disk, a `Blob`. */
export interface ByteSource {
  /** Bytes in all. */
  size: number
  /** Up to `length` bytes from `offset`, fewer only where the source ends. */
  read(offset: number, length: number): Promise<Uint8Array>
}

/**
 * What a caller handed in, as a source.
 *
 * @throws EscError INVALID_INPUT if it is neither bytes nor a source.
 * @example sourceOf(bytes).size
 */
export function sourceOf(input: Uint8Array | ByteSource): ByteSource {
  if (input instanceof Uint8Array) return bytesSource(input)
  const { size, read } = (input ?? {}) as Partial<ByteSource>
  if (typeof read !== 'function' || !Number.isSafeInteger(size) || size! < 0) {
    if (typeof read !== 'function' && hasField(input, 'read'))
      throw wrongValue('input.read', read, 'a function')
    if (hasField(input, 'read')) throw wrongValue('input.size', size, 'an integer >= 0')
    throw wrongBytes('input', input, 'a Uint8Array, or { size, read } with a whole size >= 0')
  }
  return input
}

/** Bytes in memory as a source; it hands out views of them, not copies. @example streamAudio(bytesSource(bytes)) */
export function bytesSource(bytes: Uint8Array): ByteSource {
  return { size: bytes.length, read: async (offset, length) => bytes.subarray(offset, offset + length) }
}

/**
 * Runs a parser over bytes in memory; it sees views of them, not copies.
 *
 * @example readBytes(bytes, readWav(bytes.length))
 */
export function readBytes<T>(bytes: Uint8Array, reading: Reading<T>): T {
  let step = reading.next()
  while (!step.done) {
    const { offset, length } = step.value
    const part = bytes.subarray(offset, offset + length)
    step = reading.next(new DataView(part.buffer, part.byteOffset, part.byteLength))
  }
  return step.value
}

// A header is read in steps of a few bytes: a file is asked for this much at a time.
const WINDOW_SIZE = 4096

/**
 * Runs a parser over a source; no more is fetched than what it asks for, and some bytes after that.
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
      window = await readExactly(source, { offset, length: Math.max(length, WINDOW_SIZE) })
      start = offset
    }
    const part = window.subarray(offset - start, offset - start + length)
    step = reading.next(new DataView(part.buffer, part.byteOffset, part.byteLength))
  }
  return step.value
}

/**
 * A stretch of a source, shorter only where the source ends.
 *
 * @throws EscError CORRUPT_DATA if the source gives less than its size promises: the file shrank meanwhile;
 *   INVALID_INPUT if it gives no bytes; whatever its `read` rejects with.
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
      `${part.length} bytes came from byte ${offset}, expected ${expected}: the file changed while it was read`,
    )
  }
  return part.length > expected ? part.subarray(0, expected) : part
}
