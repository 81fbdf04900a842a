/** Small helpers for bytes: a text from them, a view of them, several arrays made one. */

/** The bytes as characters, one each. @example latin1(bytes, 0, 4) // 'RIFF' */
export function latin1(bytes: Uint8Array, start: number, length: number): string {
  return start < 0 ? '' : String.fromCharCode(...bytes.subarray(start, start + length))
}

/** The bytes that a view shows; no copy. @example bytesOf(new DataView(bytes.buffer, 4, 8)).length */
export function bytesOf({ buffer, byteOffset, byteLength }: DataView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength)
}

/** A view of the bytes; no copy. @example viewOf(bytes).getUint32(0) */
export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/**
 * All parts, one after the other, as one new array.
 *
 * @example concat([Uint8Array.of(1), Uint8Array.of(2, 3)]).length // 3
 */
export function concat(parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    out.set(part, offset)
    offset += part.length
  }
  return out
}
