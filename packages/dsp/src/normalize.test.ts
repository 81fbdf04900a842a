import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { normalize, normalizeMatrix, padOrTruncate } from './normalize.js'

const total = (values: Float32Array, term: (value: number) => number) =>
  values.reduce((sum, value) => sum + term(value), 0)

describe('normalize', () => {
  it('makes the norm 1 and keeps the shape of the signal', () => {
    const samples = fc.array(fc.float({ min: -10, max: 10, noNaN: true }), { minLength: 1, maxLength: 50 })
    fc.assert(
      fc.property(samples, (values) => {
        const signal = Float32Array.from(values)
        const peak = Math.max(...signal.map(Math.abs))
        fc.pre(peak > 1e-6)
        const [inf, l1, l2] = (['inf', 'l1', 'l2'] as const).map((norm) => normalize(signal, { norm }))
        expect(Math.max(...inf!.map(Math.abs))).toBe(1)
        expect(total(l1!, Math.abs)).toBeCloseTo(1, 5)
        expect(total(l2!, (value) => value * value)).toBeCloseTo(1, 5)
        signal.forEach((value, i) => {
          expect(inf![i]).toBeCloseTo(value / peak, 6)
        })
      }),
    )
  })

  it('leaves silence silent, also with norm null, and fills it where asked', () => {
    const silence = new Float32Array(4)
    for (const norm of ['inf', 'l1', 'l2', null] as const)
      expect(normalize(silence, { norm })).toEqual(silence)
    expect(normalize(silence, { norm: 'l1', fill: true })).toEqual(new Float32Array(4).fill(0.25))
    expect(normalize(silence, { norm: 'l2', fill: true })).toEqual(new Float32Array(4).fill(0.5))
    expect(normalize(Float32Array.of(0.1, -0.1), { threshold: 0.5 })).toEqual(Float32Array.of(0.1, -0.1))
    expect(normalize(Float32Array.of(0.1, -0.1), { threshold: 0.5, fill: false })).toEqual(
      new Float32Array(2),
    )
  })

  it('refuses unknown options, and signals that are empty or not finite', () => {
    const badOption = expect.objectContaining({ code: 'INVALID_OPTION' })
    expect(() => normalize(Float32Array.of(1), { norm: 'l3' as 'l2' })).toThrow(badOption)
    expect(() => normalize(Float32Array.of(1), { threshold: 0 })).toThrow(badOption)
    expect(() => normalize(Float32Array.of(1), { fill: 1 as unknown as boolean })).toThrow(badOption)
    const badInput = expect.objectContaining({ code: 'INVALID_INPUT' })
    expect(() => normalize(new Float32Array(0))).toThrow(badInput)
    expect(() => normalize(Float32Array.of(1, Number.NaN))).toThrow(badInput)
  })
})

describe('normalizeMatrix', () => {
  const matrix = { data: Float32Array.of(1, 2, 0, -4, 8, 0), bins: 2, frames: 3 }

  it('scales frames by default, and bins with axis 1', () => {
    expect([...normalizeMatrix(matrix).data]).toEqual([0.25, 0.25, 0, -1, 1, 0])
    expect([...normalizeMatrix(matrix, { axis: 1 }).data]).toEqual([0.5, 1, 0, -0.5, 1, 0])
    expect([...matrix.data]).toEqual([1, 2, 0, -4, 8, 0])
  })

  it('refuses another axis and an empty matrix', () => {
    expect(() => normalizeMatrix(matrix, { axis: 2 as 1 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
    expect(() => normalizeMatrix({ data: new Float32Array(0), bins: 0, frames: 0 })).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  })
})

describe('padOrTruncate', () => {
  it('cuts or pads at the end, in new storage', () => {
    const samples = Float32Array.of(1, 2, 3)
    expect([...padOrTruncate(samples, 2)]).toEqual([1, 2])
    expect([...padOrTruncate(samples, 5)]).toEqual([1, 2, 3, 0, 0])
    const same = padOrTruncate(samples, 3)
    same[0] = 9
    expect(samples[0]).toBe(1)
  })

  it.each([0, -1, 1.5, Number.NaN])('refuses the length %s', (length) => {
    expect(() => padOrTruncate(Float32Array.of(1), length)).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})
