import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { split, trim } from './trim.js'

/** Makes bursts of noise in silence. Each is [start, end) in samples. */
function bursts(length: number, places: readonly (readonly [number, number])[]): Float32Array {
  const samples = new Float32Array(length)
  for (const [start, end] of places) samples.set(noise(end - start, start), start)
  return samples
}

describe('trim and split', () => {
  test('find bursts to within a frame', () => {
    const samples = bursts(60000, [
      [10000, 20000],
      [40000, 45000],
    ])
    const intervals = split(samples)
    expect(intervals).toHaveLength(2)
    const within = (value: number, expected: number) =>
      expect(Math.abs(value - expected)).toBeLessThanOrEqual(1536)
    within(intervals[0]!.start, 10000)
    within(intervals[0]!.end, 20000)
    within(intervals[1]!.start, 40000)
    within(intervals[1]!.end, 45000)
    const trimmed = trim(samples)
    expect([trimmed.start, trimmed.end]).toEqual([intervals[0]!.start, intervals[1]!.end])
    expect(trimmed.samples).toEqual(samples.slice(trimmed.start, trimmed.end))
  })

  test('keep a silent signal whole, but nothing of it with a fixed reference', () => {
    const silence = new Float32Array(3000)
    expect(trim(silence)).toEqual({ samples: silence, start: 0, end: 3000 })
    expect(split(silence)).toEqual([{ start: 0, end: 3000 }])
    expect(trim(silence, { ref: 1 })).toEqual({ samples: new Float32Array(0), start: 0, end: 0 })
    expect(split(silence, { ref: 1 })).toEqual([])
  })

  test('do not depend on the gain, and keep less with a smaller topDb', () => {
    const decaying = noise(20000, 7).map((value, i) => value * Math.exp(-i / 2000))
    const end = (topDb: number, gain = 1) =>
      trim(
        decaying.map((value) => gain * value),
        { topDb },
      ).end
    expect(end(40, 0.25)).toBe(end(40))
    expect(end(20)).toBeLessThan(end(40))
    expect(end(40)).toBeLessThan(end(60))
  })

  test('return new storage', () => {
    const samples = noise(3000, 1)
    const trimmed = trim(samples).samples
    trimmed.fill(0)
    expect(samples.some((value) => value !== 0)).toBe(true)
  })

  test('return ordered intervals inside the signal that do not overlap; the outer ends are those of trim', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 3000 }), fc.integer({ min: 0, max: 2000 }), (length, at) => {
        const samples = bursts(length + at + 200, [
          [0, 100],
          [at, at + 100],
        ])
        const options = { frameLength: 64, hopLength: 16, topDb: 20 }
        const intervals = split(samples, options)
        let last = 0
        for (const { start, end } of intervals) {
          expect(start).toBeGreaterThanOrEqual(last)
          expect(end).toBeGreaterThan(start)
          last = end
        }
        expect(last).toBeLessThanOrEqual(samples.length)
        const { start, end } = trim(samples, options)
        expect([start, end]).toEqual([intervals[0]!.start, last])
      }),
      { numRuns: 50 },
    )
  })

  test.each([
    ['a negative topDb', { topDb: -1 }],
    ['topDb NaN', { topDb: Number.NaN }],
    ['ref NaN', { ref: Number.NaN }],
    ['hopLength 0', { hopLength: 0 }],
    ['frameLength NaN', { frameLength: Number.NaN }],
  ])('refuse %s', (_, options) => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => trim(new Float32Array(100), options)).toThrow(refused)
    expect(() => split(new Float32Array(100), options)).toThrow(refused)
  })

  test('refuse empty signals and signals that are not finite', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => trim(new Float32Array(0))).toThrow(refused)
    expect(() => split(Float32Array.of(Number.NaN))).toThrow(refused)
  })
})
