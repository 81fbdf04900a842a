import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { amplitudeToDb, dbToAmplitude, dbToPower, powerToDb } from './db.js'

const row = (...values: number[]) => ({ data: Float32Array.from(values), bins: 1, frames: values.length })

describe('powerToDb and amplitudeToDb', () => {
  it('convert, with a reference and a floor', () => {
    expect([...powerToDb(row(1, 10, 0.001)).data]).toEqual([0, 10, expect.closeTo(-30, 5)])
    expect([...amplitudeToDb(row(1, -10, 0.001)).data]).toEqual([0, 20, expect.closeTo(-60, 5)])
    expect([...powerToDb(row(1, 100), { ref: 'max' }).data]).toEqual([-20, 0])
    expect([...powerToDb(row(1, 100), { ref: 100 }).data]).toEqual([-20, 0])
    expect([...powerToDb(row(1, 100, 0)).data]).toEqual([0, 20, -60])
    expect([...powerToDb(row(1, 0), { topDb: null }).data]).toEqual([0, -100])
    expect([...amplitudeToDb(row(1, 0), { topDb: null }).data]).toEqual([0, -100])
  })

  it('give 0 dB for silence relative to its maximum', () => {
    expect([...powerToDb(row(0, 0, 0), { ref: 'max' }).data]).toEqual([0, 0, 0])
  })

  it('never fall where the power rises, in either order, and stay within topDb of the peak', () => {
    const power = fc.array(fc.float({ min: 0, max: 1e6, noNaN: true }), { minLength: 1 })
    fc.assert(
      fc.property(power, fc.double({ min: 0, max: 120, noNaN: true }), (values, topDb) => {
        const sorted = Float32Array.from(values).sort()
        for (const toDb of [powerToDb, amplitudeToDb]) {
          const rising = toDb(row(...sorted), { topDb }).data
          for (let i = 1; i < rising.length; i++) expect(rising[i]!).toBeGreaterThanOrEqual(rising[i - 1]!)
          expect(rising[rising.length - 1]! - rising[0]!).toBeLessThanOrEqual(topDb + 1e-4)
          expect(toDb(row(...sorted.toReversed()), { topDb }).data).toEqual(rising.toReversed())
        }
      }),
    )
  })

  it('are undone by dbToPower and dbToAmplitude above amin', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 1e4, noNaN: true }),
        fc.constantFrom(1, 0.5, 20),
        (value, ref) => {
          const power = dbToPower(powerToDb(row(value), { ref, topDb: null }), { ref }).data[0]!
          const amplitude = dbToAmplitude(amplitudeToDb(row(value), { ref, topDb: null }), { ref }).data[0]!
          expect(Math.abs(power / value - 1)).toBeLessThan(2e-6)
          expect(Math.abs(amplitude / value - 1)).toBeLessThan(2e-6)
        },
      ),
    )
  })

  it('undo dbToPower and dbToAmplitude', () => {
    fc.assert(
      fc.property(fc.double({ min: -90, max: 90, noNaN: true }), (value) => {
        expect(powerToDb(dbToPower(row(value)), { topDb: null }).data[0]).toBeCloseTo(value, 4)
        expect(amplitudeToDb(dbToAmplitude(row(value)), { topDb: null }).data[0]).toBeCloseTo(value, 4)
      }),
    )
  })

  it('leave their input alone', () => {
    const input = row(1, 0, 4)
    powerToDb(input, { ref: 'max' })
    amplitudeToDb(input)
    expect([...input.data]).toEqual([1, 0, 4])
  })

  it.each([
    ['amin 0', { amin: 0 }],
    ['amin NaN', { amin: Number.NaN }],
    ['a negative topDb', { topDb: -1 }],
    ['topDb NaN', { topDb: Number.NaN }],
    ['ref NaN', { ref: Number.NaN }],
  ])('refuse %s', (_, options) => {
    const refused = expect.objectContaining({ code: 'INVALID_OPTION' })
    expect(() => powerToDb(row(1), options)).toThrow(refused)
    expect(() => amplitudeToDb(row(1), options)).toThrow(refused)
  })

  it('refuse matrices that are empty, not finite, or do not fit their shape', () => {
    const refused = expect.objectContaining({ code: 'INVALID_INPUT' })
    expect(() => powerToDb(row())).toThrow(refused)
    expect(() => powerToDb(row(1, Number.NaN))).toThrow(refused)
    expect(() => amplitudeToDb({ data: new Float32Array(5), bins: 2, frames: 3 })).toThrow(refused)
    expect(() => dbToPower(row(Number.NaN))).toThrow(refused)
    expect(() => dbToAmplitude(row(1), { ref: 0 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
