import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { compareLogits } from './compare-logits.js'

test('agreement counts the rows with the same best class; the errors are taken over all logits', () => {
  const parity = compareLogits(Float32Array.of(1, 0, 0, 1), Float32Array.of(1.5, 0, 1, 0.5), 2)
  expect(parity).toEqual({ agreement: 0.5, maxLogitError: 1, meanLogitError: (0.5 + 0 + 1 + 0.5) / 4 })
})

test('no logits, or two numbers of logits that differ, are INVALID_INPUT', () => {
  for (const [a, b, classes] of [
    [0, 0, 2],
    [4, 2, 2],
    [3, 3, 2],
  ] as const) {
    expect(() => compareLogits(new Float32Array(a), new Float32Array(b), classes)).toThrow(
      throwsCode('INVALID_INPUT'),
    )
  }
})
