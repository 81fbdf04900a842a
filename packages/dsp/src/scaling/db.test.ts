import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { amplitudeToDb, dbToAmplitude, dbToPower, powerToDb } from './db.js'

const row = (...values: number[]) => ({ data: Float32Array.from(values), bins: 1, frames: values.length })

describe('powerToDb and amplitudeToDb', () => {
  test('convert, with a reference and a floor', () => {
    expect([...powerToDb(row(1, 10, 0.001)).data]).toEqual([0, 10, expect.closeTo(-30, 5)])
    expect([...amplitudeToDb(row(1, -10, 0.001)).data]).toEqual([0, 20, expect.closeTo(-60, 5)])
    expect([...powerToDb(row(1, 100), { ref: 'max' }).data]).toEqual([-20, 0])
    expect([...powerToDb(row(1, 100), { ref: 100 }).data]).toEqual([-20, 0])
    expect([...powerToDb(row(1, 100, 0)).data]).toEqual([0, 20, -60])
    expect([...powerToDb(row(1, 0), { topDb: null }).data]).toEqual([0, -100])
    expect([...amplitudeToDb(row(1, 0), { topDb: null }).data]).toEqual([0, -100])
  })

  test('return 0 dB for silence relative to its maximum', () => {
    expect([...powerToDb(row(0, 0, 0), { ref: 'max' }).data]).toEqual([0, 0, 0])
  })

  // librosa's formula in numpy 1.24.2:
  // python3 -c "
  // import numpy as np
  // def db(power, ref, amin=1e-10, top_db=80.0):
  //     out = 10 * np.log10(np.maximum(amin, power)) - 10 * np.log10(np.maximum(amin, ref))
  //     return np.maximum(out, out.max() - top_db).astype(np.float32).tolist()
  // s = np.array([0.25, 4, 1, 0, 9, 2.25], np.float32).astype(float)
  // print(db(s, np.median(s)), db(s, np.mean(s)))
  // a = np.abs(np.array([0.5, -2, 1, 0, -3, 1.5], np.float32).astype(float))
  // print(db(a ** 2, np.median(a) ** 2, 1e-5 ** 2), db(a ** 2, np.mean(a) ** 2, 1e-5 ** 2))"
  test('take the value at 0 dB from a function of the powers, or of the magnitudes of the amplitudes', () => {
    const close = (...values: number[]) => values.map((value) => expect.closeTo(value, 5))
    // The function sorts in place. This must not change the result.
    const median = (values: Float32Array) => (values.sort()[2]! + values[3]!) / 2
    const mean = (values: Float32Array) => values.reduce((sum, value) => sum + value, 0) / values.length
    const power = row(0.25, 4, 1, 0, 9, 2.25)
    expect([...powerToDb(power, { ref: median }).data]).toEqual(
      close(-8.129133224, 3.912066221, -2.108533621, -72.5661087, 7.433891297, 1.413291574),
    )
    expect([...powerToDb(power, { ref: mean }).data]).toEqual(
      close(-10.413927078, 1.627272964, -4.393326759, -74.850898743, 5.149097919, -0.871501744),
    )
    const amplitude = row(0.5, -2, 1, 0, -3, 1.5)
    expect([...amplitudeToDb(amplitude, { ref: median }).data]).toEqual(
      close(-7.958800316, 4.082399845, -1.938200235, -72.395774841, 7.604224682, 1.583624959),
    )
    expect([...amplitudeToDb(amplitude, { ref: mean }).data]).toEqual(
      close(-8.519374847, 3.521825075, -2.498774767, -72.956352234, 7.04365015, 1.023050427),
    )
    expect([...power.data, ...amplitude.data]).toEqual([0.25, 4, 1, 0, 9, 2.25, 0.5, -2, 1, 0, -3, 1.5])
  })

  test("return the same bits for 'max' as for a function of the maximum, and for 0 as for a function of 0", () => {
    const values = row(0.25, 4, -1, 0, 9, 2.25)
    for (const toDb of [powerToDb, amplitudeToDb]) {
      for (const topDb of [null, 20]) {
        const max = (all: Float32Array) => Math.max(...all)
        expect(toDb(values, { ref: max, topDb })).toEqual(toDb(values, { ref: 'max', topDb }))
        expect(toDb(values, { ref: () => 0, topDb })).toEqual(toDb(values, { ref: 0, topDb }))
      }
    }
  })

  test('refuse a function that does not return a finite number >= 0, and pass its own error on', () => {
    for (const toDb of [powerToDb, amplitudeToDb]) {
      for (const value of [Number.NaN, -1, Number.POSITIVE_INFINITY, undefined, null, '1', 1n]) {
        expect(() => toDb(row(1), { ref: () => value as number })).toThrow(
          throwsCode(
            'INVALID_OPTION',
            new RegExp(`^ref returned ${value}; it must return a finite number >= 0$`),
          ),
        )
      }
      const broken = () => {
        throw new RangeError('mine')
      }
      expect(() => toDb(row(1), { ref: broken })).toThrow(new RangeError('mine'))
      // The matrix is checked before the function is called.
      expect(() => toDb(row(Number.NaN), { ref: broken })).toThrow(throwsCode('INVALID_INPUT'))
    }
  })

  test('rise with the power, and stay within topDb of the peak', () => {
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

  test('are undone by dbToPower and dbToAmplitude above amin', () => {
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

  test('undo dbToPower and dbToAmplitude', () => {
    fc.assert(
      fc.property(fc.double({ min: -90, max: 90, noNaN: true }), (value) => {
        expect(powerToDb(dbToPower(row(value)), { topDb: null }).data[0]).toBeCloseTo(value, 4)
        expect(amplitudeToDb(dbToAmplitude(row(value)), { topDb: null }).data[0]).toBeCloseTo(value, 4)
      }),
    )
  })

  test('do not change their input', () => {
    const input = row(1, 0, 4)
    powerToDb(input, { ref: 'max' })
    amplitudeToDb(input)
    expect([...input.data]).toEqual([1, 0, 4])
  })

  test.each([
    ['amin 0', { amin: 0 }],
    ['amin NaN', { amin: Number.NaN }],
    ['a negative topDb', { topDb: -1 }],
    ['topDb NaN', { topDb: Number.NaN }],
    ['ref NaN', { ref: Number.NaN }],
    ['another word as ref', { ref: 'mean' as 'max' }],
  ])('refuse %s', (_, options) => {
    const refused = throwsCode('INVALID_OPTION')
    expect(() => powerToDb(row(1), options)).toThrow(refused)
    expect(() => amplitudeToDb(row(1), options)).toThrow(refused)
  })

  test('refuse matrices that are empty, not finite, or do not fit their shape', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => powerToDb(row())).toThrow(refused)
    expect(() => powerToDb(row(1, Number.NaN))).toThrow(refused)
    expect(() => amplitudeToDb({ data: new Float32Array(5), bins: 2, frames: 3 })).toThrow(refused)
    expect(() => dbToPower(row(Number.NaN))).toThrow(refused)
    expect(() => dbToAmplitude(row(1), { ref: 0 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})
