/** Damaged files. */
import { createRng, EscError, isEscError } from '@esc/core'
import { expect, test } from 'vitest'
import { modelNames, readFixture } from '../fixtures/files.js'
import { printGraph, readModel } from './index.js'

const originals = modelNames.map((name) => new Uint8Array(readFixture(name)))
const small = originals.filter(({ length }) => length < 5_000)

const rng = createRng(8)
const any = (below: number) => rng.integer(below)

/** Ways in which files are damaged. */
const damages: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array>> = {
  'flipped bits'(bytes) {
    for (let flips = any(4); flips >= 0; flips--) bytes[any(bytes.length)]! ^= 1 << any(8)
    return bytes
  },
  'cut off': (bytes) => bytes.subarray(0, any(bytes.length)),
  'a piece of another file inside'(bytes) {
    const other = small[any(small.length)]!
    const from = any(other.length)
    bytes.set(other.subarray(from, Math.min(other.length, from + any(64), from + bytes.length)), 0)
    return bytes.copyWithin(any(bytes.length), 0, any(64))
  },
  // Lengths and sizes are varints: all ones continue, and make a large number.
  'large lengths'(bytes) {
    const at = any(bytes.length)
    return bytes.fill(0xff, at, at + 1 + any(4))
  },
  'a piece gone'(bytes) {
    const at = any(bytes.length)
    const gone = 1 + any(8)
    bytes.copyWithin(at, at + gone)
    return bytes.subarray(0, Math.max(at, bytes.length - gone))
  },
}

test.each(Object.keys(damages))('%s: a model, or an EscError', (kind) => {
  let refused = 0
  for (let i = 0; i < 1000; i++) {
    // Large files cost more time and hold the same messages.
    const from = i % 25 === 0 ? originals : small
    const bytes = damages[kind]!(from[any(from.length)]!.slice())
    try {
      printGraph(readModel(bytes))
    } catch (error) {
      if (!isEscError(error)) throw new EscError('CORRUPT_DATA', `mutation ${i}: ${error}`, { cause: error })
      expect(['CORRUPT_DATA', 'UNSUPPORTED_FORMAT']).toContain(error.code)
      refused++
    }
  }
  expect(refused).toBeGreaterThan(300)
})
