import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { convertToDecibels, decibelsOf } from './decibel-table.js'

const positive = fc.float({ min: 2 ** -149, noNaN: true, noDefaultInfinity: true })

function convert(values: Float32Array, amin: number, refDb: number): Float32Array {
  const floorDb = Number.NEGATIVE_INFINITY
  return convertToDecibels(values, { amin, refDb, floorDb }, new Float32Array(values.length))
}

describe('decibelsOf, convertToDecibels', () => {
  test('equals 10 log10 within 1e-12, over all octaves and entries', () => {
    let worst = 0
    for (let octave = -126; octave < 128; octave++) {
      for (let entry = 0; entry < 1024; entry++) {
        const value = Math.fround(
          2 ** octave * (1 + (entry + ((entry * 29 + octave * octave) % 97) / 97) / 1024),
        )
        worst = Math.max(worst, Math.abs(decibelsOf(value) - 10 * Math.log10(value)))
      }
    }
    expect(worst).toBeLessThan(1e-12)
  })

  test('equals 10 log10 of any float32, also of subnormal ones, and of numbers that are not float32', () => {
    fc.assert(
      fc.property(positive, (value) => {
        expect(Math.abs(decibelsOf(value) - 10 * Math.log10(value))).toBeLessThan(1e-12)
      }),
    )
    for (const value of [0.1, 1e-300, 1e300]) expect(decibelsOf(value)).toBe(10 * Math.log10(value))
  })

  test('converts arrays as the formula says, within a unit of the last place', () => {
    fc.assert(
      fc.property(fc.array(positive), positive, fc.integer({ min: -50, max: 50 }), (list, amin, refDb) => {
        // A view that does not begin at the start of its buffer.
        const values = Float32Array.from([7, ...list, 0]).subarray(1)
        const db = convert(values, amin, refDb)
        values.forEach((value, i) => {
          const expected = 10 * Math.log10(Math.max(amin, value)) - refDb
          expect(Math.abs(db[i]! - expected)).toBeLessThan(2 ** -23 * Math.abs(expected) + 2e-12)
        })
      }),
    )
  })

  test('is exactly 0 for 1, and for a value relative to itself', () => {
    expect(decibelsOf(1)).toBe(0)
    fc.assert(
      fc.property(positive, (value) => {
        expect([...convert(Float32Array.of(value), 1e-10, decibelsOf(Math.max(value, 1e-10)))]).toEqual([0])
      }),
    )
  })
})
