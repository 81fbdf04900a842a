import { createRng } from '@esc/core'
import { expect, test } from 'vitest'
import { cosOfTurn, exp, expm1, ln, log1p, log10, pow, roundHalfEven, sinOfTurn } from './math.js'

test('cosines and sines of turns agree with the engine', () => {
  // An angle in radians is rounded, and so is the engine's own result.
  for (const denominator of [3, 7, 8, 100, 2048, 44100]) {
    for (let k = 0; k < 3 * denominator; k += 1 + (denominator >> 8)) {
      const angle = (2 * Math.PI * (k % denominator)) / denominator
      expect(Math.abs(cosOfTurn(k, denominator) - Math.cos(angle))).toBeLessThan(2e-15)
      expect(Math.abs(sinOfTurn(k, denominator) - Math.sin(angle))).toBeLessThan(2e-15)
    }
  }
})

test('cosines and sines are exact where the result is a whole number or √½', () => {
  expect([0, 1, 2, 3, 4].map((k) => cosOfTurn(k, 4) + 0)).toEqual([1, 0, -1, 0, 1])
  expect([0, 1, 2, 3, 4].map((k) => sinOfTurn(k, 4) + 0)).toEqual([0, 1, 0, -1, 0])
  expect(cosOfTurn(1, 8)).toBe(Math.SQRT1_2)
  expect(sinOfTurn(1, 8)).toBe(Math.SQRT1_2)
})

test('logarithms and exponentials agree with the engine', () => {
  const rng = createRng(1)
  for (let i = 0; i < 2000; i++) {
    const x = 2 ** (200 * rng.uniform() - 100)
    expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(3e-16 * Math.max(1, Math.abs(Math.log(x))))
    expect(Math.abs(log10(x) - Math.log10(x))).toBeLessThanOrEqual(
      5e-16 * Math.max(1, Math.abs(Math.log10(x))),
    )
    const power = 400 * rng.uniform() - 200
    expect(Math.abs(exp(power) / Math.exp(power) - 1)).toBeLessThan(1e-15)
  }
  for (const x of [5e-324, 2 ** -1022, 1, 2, Number.MAX_VALUE]) {
    expect(Math.abs(ln(x) - Math.log(x))).toBeLessThanOrEqual(3e-16 * Math.abs(Math.log(x)))
  }
  expect([ln(1), exp(0), log10(1)]).toEqual([0, 1, 0])
})

test('at the ends of the range, results are infinite, 0 or NaN as in the engine, never a wrong number', () => {
  expect([ln(0), ln(Number.POSITIVE_INFINITY)]).toEqual([Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY])
  expect([ln(-1), ln(Number.NaN)]).toEqual([Number.NaN, Number.NaN])
  expect([exp(-1e5), exp(1e5)]).toEqual([0, Number.POSITIVE_INFINITY])
  for (const x of [-708, 709]) expect(Math.abs(exp(x) / Math.exp(x) - 1)).toBeLessThan(1e-12)
})

test('log1p and expm1 keep their digits near 0', () => {
  const rng = createRng(2)
  for (let i = 0; i < 1000; i++) {
    const x = 2 ** (70 * rng.uniform() - 68) * (rng.uniform() < 0.5 ? -0.2 : 1)
    expect(Math.abs(log1p(x) / Math.log1p(x) - 1)).toBeLessThan(2e-15)
    expect(Math.abs(expm1(x) / Math.expm1(x) - 1)).toBeLessThan(2e-15)
  }
  expect([log1p(0), expm1(0)]).toEqual([0, 0])
})

test('powers and rounding are right', () => {
  expect([pow(3, 4), pow(0, 0.5), pow(0, 0), pow(7, 0), pow(2, 3)]).toEqual([81, 0, 1, 1, 8])
  for (const [x, y] of [
    [2, 0.5],
    [1e-10, 1.7],
    [50, 20],
    [1e30, 0.1],
  ] as const) {
    expect(Math.abs(pow(x, y) / x ** y - 1)).toBeLessThan(1e-13)
  }
  expect([-1.5, -0.5, 0.5, 1.5, 2.5, 2.6, 2.4].map((x) => roundHalfEven(x) + 0)).toEqual([
    -2, 0, 0, 2, 2, 3, 2,
  ])
})
