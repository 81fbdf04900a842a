import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { FeatureMatrix } from './matrix.js'
import { applyNormalizer, fitNormalizer } from './normalizer.js'

const matrix = (bins: number, frames: number, values: number[]): FeatureMatrix => ({
  data: Float32Array.from(values),
  bins,
  frames,
})

test('computes mean and population deviation of each bin over all frames of all matrices', () => {
  const normalizer = fitNormalizer([matrix(2, 2, [1, 3, 10, 10]), matrix(2, 1, [5, 10])])
  expect(normalizer.mean).toEqual([3, 10])
  expect(normalizer.std[0]).toBeCloseTo(Math.sqrt(8 / 3), 12)
  expect(normalizer.std[1]).toBe(1)
})

test('normalised training features have mean 0 and deviation 1', () => {
  const values = fc.array(fc.float({ min: -1e3, max: 1e3, noNaN: true }), { minLength: 12, maxLength: 12 })
  fc.assert(
    fc.property(values, values, (a, b) => {
      const matrices = [matrix(3, 4, a), matrix(3, 4, b)]
      const normalizer = fitNormalizer(matrices)
      const applied = matrices.map((one) => applyNormalizer(one, normalizer))
      const again = fitNormalizer(applied)
      for (let bin = 0; bin < 3; bin++) {
        // Beside a large mean, float32 has too few digits for a small deviation. Such a bin cannot be checked this way.
        if (normalizer.std[bin]! < 1e-3) continue
        expect(Math.abs(again.mean[bin]!)).toBeLessThan(1e-3)
        expect(Math.abs(again.std[bin]! - 1)).toBeLessThan(1e-3)
      }
    }),
  )
})

test('a large offset costs no digits', () => {
  const data = Float32Array.from({ length: 1000 }, (_, i) => 4096 + (i % 2))
  const { std } = fitNormalizer([{ data, bins: 1, frames: 1000 }])
  expect(std[0]).toBeCloseTo(0.5, 9)
})

test('refuses an empty list, other numbers of bins, and values that are not finite', () => {
  const code = throwsCode('INVALID_INPUT')
  expect(() => fitNormalizer([])).toThrow(code)
  expect(() => fitNormalizer([matrix(1, 2, [0, Number.NaN])])).toThrow(code)
  expect(() => fitNormalizer([matrix(1, 1, [0]), matrix(2, 1, [0, 0])])).toThrow(code)
  expect(() => applyNormalizer(matrix(2, 1, [0, 0]), { mean: [0], std: [1] })).toThrow(code)
})
