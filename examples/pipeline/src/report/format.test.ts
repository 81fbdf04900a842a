/** Numbers as the report writes them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  bytes,
  count,
  fixed,
  hertz,
  milliseconds,
  percent,
  plural,
  seconds,
  shorten,
  significant,
  wilson,
} from './format.js'

test.each<[string, string]>([
  [count(220500), '220,500'],
  [plural(1, 'clip'), '1\u00a0clip'],
  [plural(0, 'class', 'classes'), '0\u00a0classes'],
  [percent(0.9375), '93.8\u00a0%'],
  [fixed(0.91234, 3), '0.912'],
  [fixed(-20.94, 1), '−20.9'],
  [significant(0.0522999), '0.0523'],
  [significant(0.00001234, 2), '1.2e-5'],
  [significant(0), '0'],
  [bytes(999), '999\u00a0B'],
  [bytes(184321), '184\u00a0kB'],
  [bytes(999_600), '1\u00a0MB'],
  [milliseconds(0.44), '0.440\u00a0ms'],
  [milliseconds(1234.4), '1,234\u00a0ms'],
  [seconds(8.314), '8.31\u00a0s'],
  [seconds(59.94), '59.9\u00a0s'],
  [seconds(59.96), '1\u00a0min 0\u00a0s'],
  [seconds(204.3), '3\u00a0min 24\u00a0s'],
  [hertz(11025), '11,025\u00a0Hz'],
])('%s', (got, want) => {
  expect(got).toBe(want)
})

test('what is not finite is a dash', () => {
  const formats = [
    count,
    percent,
    significant,
    bytes,
    milliseconds,
    seconds,
    hertz,
    (x: number) => fixed(x, 2),
  ]
  for (const format of formats) {
    expect([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(format)).toEqual([
      '–',
      '–',
      '–',
    ])
  }
})

describe('wilson', () => {
  // statsmodels 0.14, proportion_confint(count, nobs, method='wilson').
  test.each<[number, number, [number, number]]>([
    [8, 10, [0.4901625, 0.9433178]],
    [0, 10, [0, 0.2775328]],
    [10, 10, [0.7224672, 1]],
  ])('%i of %i', (hits, n, [low, high]) => {
    const interval = wilson(hits / n, n)
    expect(interval[0]).toBeCloseTo(low, 6)
    expect(interval[1]).toBeCloseTo(high, 6)
  })

  test('holds the share, lies in [0, 1] and narrows as n grows', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0, max: 1, noNaN: true }),
        fc.integer({ min: 1, max: 5000 }),
        (share, n) => {
          const [low, high] = wilson(share, n)
          const [narrowLow, narrowHigh] = wilson(share, 4 * n)
          expect(low).toBeGreaterThanOrEqual(0)
          expect(high).toBeLessThanOrEqual(1)
          expect(low - 1e-12).toBeLessThanOrEqual(share)
          expect(high + 1e-12).toBeGreaterThanOrEqual(share)
          expect(narrowHigh - narrowLow).toBeLessThan(high - low)
        },
      ),
    )
  })
})

test('shorten counts characters, not UTF-16 units', () => {
  expect([shorten('dog', 3), shorten('rooster', 4), shorten('🐓🐓🐓🐓', 3)]).toEqual(['dog', 'roo…', '🐓🐓…'])
})
