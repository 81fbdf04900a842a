import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { normalize, normalizeMatrix, padOrTruncate } from './normalize.js'

const total = (values: Float32Array, term: (value: number) => number) =>
  values.reduce((sum, value) => sum + term(value), 0)

describe('normalize', () => {
  test('scales the norm to 1 and keeps the shape of the signal', () => {
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

  test('leaves silence silent, also with norm null, and fills it with fill: true', () => {
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

  test('refuses unknown options, and signals that are empty or not finite', () => {
    const badOption = throwsCode('INVALID_OPTION')
    for (const norm of ['l3', Number.NaN, -1, -0.5, true, '2'])
      expect(() => normalize(Float32Array.of(1), { norm: norm as 'l2' })).toThrow(badOption)
    expect(() => normalize(Float32Array.of(1), { norm: 0, fill: true })).toThrow(badOption)
    expect(() => normalize(Float32Array.of(1), { threshold: 0 })).toThrow(badOption)
    expect(() => normalize(Float32Array.of(1), { fill: 1 as unknown as boolean })).toThrow(badOption)
    const badInput = throwsCode('INVALID_INPUT')
    expect(() => normalize(new Float32Array(0))).toThrow(badInput)
    expect(() => normalize(Float32Array.of(1, Number.NaN))).toThrow(badInput)
  })
})

describe('norms', () => {
  const signal = Float32Array.of(0.5, -2, 0, 1.5, -0.25, 3)

  // librosa's formula in numpy 1.24.2:
  // python3 -c "
  // import numpy as np
  // x = np.array([0.5, -2, 0, 1.5, -0.25, 3], np.float32)
  // for p in (0.5, 2.5, 3, 17):
  //     length = np.sum(np.abs(x).astype(float) ** p, keepdims=True) ** (1 / p)
  //     print(p, (x / length).astype(np.float32).tolist(), 6 ** (-1 / p))"
  test.each([
    [0.5, [0.0160692241, -0.0642768964, 0, 0.0482076742, -0.00803461205, 0.0964153484], 0.0277777778],
    [2.5, [0.139758795, -0.559035182, 0, 0.419276386, -0.0698793977, 0.838552773], 0.488359342],
    [3, [0.148055434, -0.592221737, 0, 0.444166303, -0.0740277171, 0.888332605], 0.550321208],
    [17, [0.166656643, -0.666626573, 0, 0.499969929, -0.0833283216, 0.999939859], 0.89996661],
  ])('with any p > 0 become 1, and equal values fill silence: p = %s', (norm, scaled, fill) => {
    expect([...normalize(signal, { norm })]).toEqual(scaled.map((value) => expect.closeTo(value, 7)))
    expect([...normalize(new Float32Array(6), { norm, fill: true })]).toEqual(
      Array(6).fill(expect.closeTo(fill, 7)),
    )
    expect(normalize(new Float32Array(6), { norm })).toEqual(new Float32Array(6))
  })

  test('with p 1, 2 and infinity equal those with names, to the bit', () => {
    for (const [number, name] of [
      [1, 'l1'],
      [2, 'l2'],
      [Number.POSITIVE_INFINITY, 'inf'],
      [Number.NEGATIVE_INFINITY, '-inf'],
    ] as const) {
      for (const fill of [null, true, false]) {
        for (const samples of [signal, new Float32Array(5)]) {
          expect(normalize(samples, { norm: number, fill })).toEqual(normalize(samples, { norm: name, fill }))
        }
      }
    }
  })

  test('count the values that are not zero with 0, and take the smallest magnitude with -inf', () => {
    expect([...normalize(signal, { norm: 0 })]).toEqual([...signal.map((value) => value / 5)])
    expect([...normalize(Float32Array.of(0.5, -2, 1.5, -0.25), { norm: '-inf' })]).toEqual([2, -8, 6, -1])
    expect(normalize(signal, { norm: '-inf' })).toEqual(signal)
    expect(normalize(signal, { norm: '-inf', fill: true })).toEqual(new Float32Array(6).fill(1))
    expect(normalize(signal, { norm: '-inf', fill: false })).toEqual(new Float32Array(6))
    expect(normalize(new Float32Array(3), { norm: 0, fill: false })).toEqual(new Float32Array(3))
  })

  test('are not NaN where a power or a root is out of the range of float64', () => {
    const peak = Float32Array.of(1e30, -5e29)
    expect([...normalize(peak, { norm: 40 })]).toEqual([1, -0.5])
    expect([...normalize(Float32Array.of(1e-30, 5e-31), { norm: 40 })]).toEqual([1, 0.5])
    for (const norm of [1e308, 1e-308, 5e-324]) {
      for (const samples of [signal, Float32Array.of(3), new Float32Array(4)]) {
        for (const fill of [null, true]) {
          expect(normalize(samples, { norm, fill }).every(Number.isFinite)).toBe(true)
        }
      }
    }
    expect([...normalize(Float32Array.of(-3), { norm: 5e-324 })]).toEqual([-1])
  })
})

describe('normalizeMatrix', () => {
  test('accepts any norm along both axes', () => {
    const matrix = { data: Float32Array.of(1, -2, 0.5, 3, 0.25, -4), bins: 2, frames: 3 }
    // python3 -c "
    // import numpy as np
    // m = np.array([[1, -2, 0.5], [3, 0.25, -4]], np.float32)
    // for axis in (0, 1):
    //     print((m / np.sum(np.abs(m).astype(float) ** 3, axis=axis, keepdims=True) ** (1 / 3)).astype(np.float32).ravel().tolist())"
    const frames = [
      0.3293168842792511, -0.99934983253479, 0.12491872906684875, 0.9879506230354309, 0.12491872906684875,
      -0.99934983253479,
    ]
    const bins = [
      0.47854456305503845, -0.9570891261100769, 0.23927228152751923, 0.6669335961341858, 0.055577799677848816,
      -0.889244794845581,
    ]
    const close = (values: number[]) => values.map((value) => expect.closeTo(value, 7))
    expect([...normalizeMatrix(matrix, { norm: 3 }).data]).toEqual(close(frames))
    expect([...normalizeMatrix(matrix, { norm: 3, axis: 1 }).data]).toEqual(close(bins))
  })

  const matrix = { data: Float32Array.of(1, 2, 0, -4, 8, 0), bins: 2, frames: 3 }

  test('scales frames by default, and bins with axis 1', () => {
    expect([...normalizeMatrix(matrix).data]).toEqual([0.25, 0.25, 0, -1, 1, 0])
    expect([...normalizeMatrix(matrix, { axis: 1 }).data]).toEqual([0.5, 1, 0, -0.5, 1, 0])
    expect([...matrix.data]).toEqual([1, 2, 0, -4, 8, 0])
  })

  test('refuses another axis and an empty matrix', () => {
    expect(() => normalizeMatrix(matrix, { axis: 2 as 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => normalizeMatrix({ data: new Float32Array(0), bins: 0, frames: 0 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  })
})

describe('padOrTruncate', () => {
  test('cuts or pads at the end, in new storage', () => {
    const samples = Float32Array.of(1, 2, 3)
    expect([...padOrTruncate(samples, 2)]).toEqual([1, 2])
    expect([...padOrTruncate(samples, 5)]).toEqual([1, 2, 3, 0, 0])
    const same = padOrTruncate(samples, 3)
    same[0] = 9
    expect(samples[0]).toBe(1)
  })

  test.each([0, -1, 1.5, Number.NaN])('refuses the length %s', (length) => {
    expect(() => padOrTruncate(Float32Array.of(1), length)).toThrow(throwsCode('INVALID_OPTION'))
  })
})
