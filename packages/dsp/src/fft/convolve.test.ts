import fc from 'fast-check'
import { expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { convolve } from './convolve.js'

test('convolve agrees with the sum of products', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 1, max: 300 }), (length, taps) => {
      const signal = noise(length, length)
      const filter = Float64Array.from(noise(taps, taps + 1000))
      const result = convolve(signal, filter)
      expect(result).toHaveLength(length)
      result.forEach((value, i) => {
        let sum = 0
        for (let k = 0; k <= Math.min(i, taps - 1); k++) sum += filter[k]! * signal[i - k]!
        expect(Math.abs(value - sum)).toBeLessThan(1e-10)
      })
    }),
    { numRuns: 40 },
  )
})
