import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { resample } from './resample.js'
import { createResampleStream } from './resample-stream.js'

const ratePairs = [
  [44100, 22050],
  [44100, 16000],
  [8000, 44100],
  [16000, 16001],
  [22050, 16537.31],
  [48000, 6000],
  [22050, 22050],
] as const

/**
 * Returns all output of a stream for a signal that is cut into pieces. The list of sizes is used again and
 * again.
 */
function streamed(samples: Float32Array, from: number, to: number, sizes: readonly number[]): Float32Array {
  const stream = createResampleStream(from, to)
  const pieces: Float32Array[] = []
  for (let start = 0, i = 0; start < samples.length; i++) {
    const size = sizes[i % sizes.length]!
    pieces.push(stream.push(samples.subarray(start, start + size)))
    start += size
  }
  pieces.push(stream.end())
  return Float32Array.from(pieces.flatMap((piece) => [...piece]))
}

describe('createResampleStream', () => {
  test('returns the bits of resample, for any sizes of the pieces', () => {
    const sizes = fc.tuple(fc.integer({ min: 1, max: 9000 }), fc.nat(50), fc.nat(5000))
    fc.assert(
      fc.property(
        fc.constantFrom(...ratePairs),
        fc.integer({ min: 1, max: 20000 }),
        sizes,
        (rates, length, cut) => {
          const samples = noise(length, 1)
          const [from, to] = rates
          const expected = resample(samples, from, to)
          const got = streamed(samples, from, to, cut)
          expect(got).toHaveLength(expected.length)
          expect(got.findIndex((value, i) => value !== expected[i])).toBe(-1)
        },
      ),
      { numRuns: 40 },
    )
  })

  test('returns samples before its end, but never more than belong to its input so far', () => {
    for (const [from, to] of ratePairs) {
      const stream = createResampleStream(from, to)
      let given = 0
      for (let i = 1; i <= 100; i++) {
        given += stream.push(noise(1000, i)).length
        expect(given).toBeLessThanOrEqual(Math.ceil((1000 * i * to) / from))
      }
      expect(given).toBeGreaterThan((0.5 * 100_000 * to) / from)
      expect(given + stream.end().length).toBe(Math.ceil((100_000 * to) / from))
    }
  })

  test('returns no samples for no samples', () => {
    const stream = createResampleStream(44100, 16000)
    expect(stream.push(new Float32Array(0))).toHaveLength(0)
    expect(stream.end()).toHaveLength(0)
  })

  test('does not depend on later changes of its inputs or of its outputs', () => {
    const samples = noise(20000, 1)
    const stream = createResampleStream(44100, 22050)
    const buffer = new Float32Array(100)
    const got: number[] = []
    for (let start = 0; start < samples.length; start += 100) {
      buffer.set(samples.subarray(start, start + 100))
      const piece = stream.push(buffer)
      got.push(...piece)
      piece.fill(9)
      buffer.fill(9)
    }
    expect(Float32Array.from([...got, ...stream.end()])).toEqual(resample(samples, 44100, 22050))
  })

  test('refuses bad rates, samples that are not finite, and all calls after its end', () => {
    const badInput = throwsCode('INVALID_INPUT')
    expect(() => createResampleStream(0, 8000)).toThrow(throwsCode('INVALID_OPTION'))
    const stream = createResampleStream(44100, 22050)
    expect(() => stream.push(Float32Array.of(0, Number.NaN))).toThrow(badInput)
    stream.end()
    expect(() => stream.push(new Float32Array(1))).toThrow(badInput)
    expect(() => stream.end()).toThrow(badInput)
  })
})
