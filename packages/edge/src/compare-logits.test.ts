import { expect, test } from 'vitest'
import { compareLogits } from './compare-logits.js'

test('agreement counts rows with the same best class; errors are over all logits', () => {
  const parity = compareLogits(Float32Array.of(1, 0, 0, 1), Float32Array.of(1.5, 0, 1, 0.5), 2)
  expect(parity).toEqual({ agreement: 0.5, maxLogitError: 1, meanLogitError: (0.5 + 0 + 1 + 0.5) / 4 })
})

test('nothing, or unlike lengths: INVALID_INPUT', () => {
  for (const [a, b, classes] of [
    [0, 0, 2],
    [4, 2, 2],
    [3, 3, 2],
  ] as const) {
    expect(() => compareLogits(new Float32Array(a), new Float32Array(b), classes)).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT' }),
    )
  }
})
