import { expect, it } from 'vitest'
import { cosOfTurn, sinOfTurn } from './math.js'

it('cosines and sines of turns', () => {
  // Angles beyond an eighth of a turn are not doubles: the engine's own result is off by what rounding them costs.
  for (const denominator of [3, 7, 8, 100, 2048, 44100]) {
    for (let k = 0; k < 3 * denominator; k += 1 + (denominator >> 8)) {
      const angle = (2 * Math.PI * (k % denominator)) / denominator
      expect(Math.abs(cosOfTurn(k, denominator) - Math.cos(angle))).toBeLessThan(2e-15)
      expect(Math.abs(sinOfTurn(k, denominator) - Math.sin(angle))).toBeLessThan(2e-15)
    }
  }
})

it('is exact where the result is a whole number or well known', () => {
  expect([0, 1, 2, 3, 4].map((k) => cosOfTurn(k, 4) + 0)).toEqual([1, 0, -1, 0, 1])
  expect([0, 1, 2, 3, 4].map((k) => sinOfTurn(k, 4) + 0)).toEqual([0, 1, 0, -1, 0])
  expect(cosOfTurn(1, 8)).toBe(Math.SQRT1_2)
  expect(sinOfTurn(1, 8)).toBe(Math.SQRT1_2)
})
