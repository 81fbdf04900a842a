import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { muCompress, muExpand } from './mu-law.js'

describe('μ-law', () => {
  const samples = noise(500, 1)

  test('compresses by its formula', () => {
    muCompress(samples, { quantize: false }).forEach((value, i) => {
      const x = samples[i]!
      expect(value).toBeCloseTo((Math.sign(x) * Math.log(1 + 255 * Math.abs(x))) / Math.log(256), 6)
    })
  })

  test('has its lowest level at -1, its highest at 1, and 0 at 0', () => {
    expect([...muCompress(Float32Array.of(-1, -0, 0, 1))]).toEqual([-128, 0, 0, 127])
    expect([...muCompress(Float32Array.of(-1, 0, 1), { mu: 3 })]).toEqual([-2, 0, 1])
  })

  test('takes the lowest of the evenly spaced edges that is not below the value', () => {
    fc.assert(
      fc.property(fc.float({ min: -1, max: 1, noNaN: true }), fc.constantFrom(1, 3, 15, 255), (x, mu) => {
        const compressed = (Math.sign(x) * Math.log1p(mu * Math.abs(x))) / Math.log1p(mu)
        const level = muCompress(Float32Array.of(x), { mu })[0]! + Math.floor((mu + 1) / 2)
        const edge = (at: number) => -1 + (2 * at) / mu
        expect(edge(level)).toBeGreaterThanOrEqual(compressed - 1e-12)
        if (level > 0) expect(edge(level - 1)).toBeLessThan(compressed + 1e-12)
      }),
    )
  })

  test('is undone by muExpand: exactly without levels, and within a step with levels', () => {
    const plain = muExpand(muCompress(samples, { quantize: false }), { quantize: false })
    plain.forEach((value, i) => {
      expect(value).toBeCloseTo(samples[i]!, 6)
    })
    const levels = muCompress(samples)
    const back = muExpand(levels)
    back.forEach((value, i) => {
      // A step of the compressed value is 2 / 255. For the sample, it is ln(256) times that share of |sample|
      // + 1 / 255.
      const step = (2 / 255) * Math.log(256)
      expect(Math.abs(value - samples[i]!)).toBeLessThan(step * (Math.abs(samples[i]!) + 1 / 255))
    })
  })

  test('refuses other values of mu, and signals beyond [-1, 1]', () => {
    for (const mu of [0, -1, 2.5, Number.NaN]) {
      const refused = throwsCode('INVALID_OPTION')
      expect(() => muCompress(samples, { mu })).toThrow(refused)
      expect(() => muExpand(samples, { mu })).toThrow(refused)
    }
    const refused = throwsCode('INVALID_INPUT')
    for (const values of [[], [1.5], [Number.NaN]]) {
      expect(() => muCompress(Float32Array.from(values))).toThrow(refused)
      expect(() => muExpand(Float32Array.from(values), { quantize: false })).toThrow(refused)
    }
    expect(() => muExpand(Int32Array.of(129))).toThrow(refused)
  })
})
