/** SHA-256 over texts and arrays, for checkpoints. */
import { EscError } from '@esc/core'

/** Values, and a header that says what they are. */
export type Part = readonly [header: unknown, data: Float32Array]

/** A SHA-256 over parts that are added one by one, so that memory need not hold a second copy of all features. */
export interface Digest {
  add(part: Part): Promise<void>
  /** Returns its first 16 hexadecimal digits. */
  finish(): Promise<string>
}

/**
 * Starts a digest over parts in their order.
 *
 * @throws EscError INVALID_OPTION if there is no SHA-256: a page has it only over https and on localhost.
 */
export function createDigest(): Digest {
  if (!globalThis.crypto?.subtle) {
    throw new EscError(
      'INVALID_OPTION',
      'checkpoint needs SHA-256, which a page has only over https and on localhost',
    )
  }
  const hashes: Uint8Array[] = []
  return {
    async add([header, data]) {
      const text = new TextEncoder().encode(`${canonicalJson(header)}\n`)
      const bytes = new Uint8Array(text.length + data.byteLength)
      bytes.set(text)
      bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), text.length)
      hashes.push(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)))
    },
    async finish() {
      const all = new Uint8Array(32 * hashes.length)
      for (const [i, hash] of hashes.entries()) all.set(hash, 32 * i)
      const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', all))
      return Array.from(digest.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join('')
    },
  }
}

/** {@link createDigest} over a list of parts. */
export async function digest(parts: readonly Part[]): Promise<string> {
  const growing = createDigest()
  for (const part of parts) await growing.add(part)
  return growing.finish()
}

/** JSON that does not depend on the order of an object's keys. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, inner) =>
    typeof inner === 'object' && inner !== null && !Array.isArray(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([a], [b]) => (a < b ? -1 : 1)))
      : inner,
  )
}
