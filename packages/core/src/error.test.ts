import { expect, test } from 'vitest'
import { EscError, isEscError } from './error.js'

test('isEscError compares the code if one is given', () => {
  const cause = new Error('disk')
  const error = new EscError('IO', 'cannot write', { cause, detail: { path: 'a' } })
  expect([
    isEscError(error),
    isEscError(error, 'IO'),
    isEscError(error, 'CORRUPT_DATA'),
    isEscError(cause),
  ]).toEqual([true, true, false, false])
  expect(error.cause).toBe(cause)
  expect(error.detail).toEqual({ path: 'a' })
})
