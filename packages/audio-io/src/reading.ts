/** How parsers here ask for bytes, so that the same one reads an array in memory and a file of any size. */
import { EscError } from '@esc/core'

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

/**
 * Runs a parser over a source; only what it asks for is fetched.
 *
 * @example await readSource(source, readWav(source.size))
 */
export async function readSource<T>(source: ByteSource, reading: Reading<T>): Promise<T> {
  let step = reading.next()
  while (!step.done) {
    const part = await readExactly(source, step.value)
    step = reading.next(new DataView(part.buffer, part.byteOffset, part.byteLength))
  }
  return step.value
}

/**
 * A stretch of a source, shorter only where the source ends.
 *
 * @throws EscError CORRUPT_DATA if the source gives less than its size promises: the file shrank meanwhile.
 * @example await readExactly(source, { offset: 0, length: 12 })
 */
export async function readExactly(source: ByteSource, { offset, length }: ByteRange): Promise<Uint8Array> {
  const part = await source.read(offset, length)
  const expected = Math.max(0, Math.min(length, source.size - offset))
  if (part.length < expected) {
    throw new EscError(
      'CORRUPT_DATA',
      `${part.length} bytes came from byte ${offset}, expected ${expected}: the file changed while it was read`,
    )
  }
  return part
}
