import { describe, expect, test } from 'vitest'
import { durationSec } from '../clip.js'
import { EscError, isEscError } from '../error.js'
import { assertInRange, assertInteger, assertKnown, assertOneOf, assertPositive } from './options.js'

describe('checks refuse with INVALID_OPTION and name the option', () => {
  test.each<[string, () => void]>([
    ['zero', () => assertPositive('rate', 0)],
    ['NaN', () => assertPositive('rate', Number.NaN)],
    ['infinity', () => assertPositive('rate', Number.POSITIVE_INFINITY)],
    ['a fraction', () => assertInteger('rate', 1.5, 1)],
    ['NaN as integer', () => assertInteger('rate', Number.NaN, 0)],
    ['too small', () => assertInteger('rate', 0, 1)],
    ['too large', () => assertInteger('rate', 11, 1, 10)],
    ['outside', () => assertInRange('rate', 1.01, 0, 1)],
    ['NaN in range', () => assertInRange('rate', Number.NaN, 0, 1)],
    ['none of them', () => assertOneOf('rate', 'fast', ['slow'])],
  ])('%s', (_name, check) => {
    expect(check).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION', message: expect.stringMatching(/^rate=/) }),
    )
  })

  test('and let pass what fits', () => {
    expect(() => {
      assertPositive('rate', 1e-300)
      assertInteger('rate', 1, 1, 1)
      assertInRange('rate', 1, 0, 1)
      assertOneOf('rate', 'slow', ['slow'])
    }).not.toThrow()
  })
})

test('isEscError tells codes apart', () => {
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

test('durationSec', () => {
  expect(durationSec({ samples: new Float32Array(11025), sampleRate: 22050 })).toBe(0.5)
})

describe('assertKnown', () => {
  const known = { nMfcc: true, hopLength: true } as const
  const check = (options: object | undefined) => () => assertKnown('mfcc', options as never, known)

  test('lets known names and nothing at all pass', () => {
    for (const options of [undefined, {}, { nMfcc: 1 }, { nMfcc: undefined, hopLength: 2 }]) {
      expect(check(options)).not.toThrow()
    }
  })

  test.each([
    [{ n_mfcc: 13 }, "mfcc has no option 'n_mfcc' (write nMfcc); it has nMfcc, hopLength"],
    [{ sr: null }, "mfcc has no option 'sr'; it has nMfcc, hopLength"],
    [13, 'mfcc takes an object of options, not number'],
    [null, 'mfcc takes an object of options, not null'],
    [[1], 'mfcc takes an object of options, not array'],
  ])('%j: INVALID_OPTION', (options, message) => {
    expect(check(options as never)).toThrow(expect.objectContaining({ code: 'INVALID_OPTION', message }))
  })
})

test('names of other libraries are translated', () => {
  const known = { learningRate: true, seed: true } as const
  expect(() => assertKnown('fit', { lr: 1 } as never, known)).toThrow(/'lr' \(write learningRate\)/)
  expect(() => assertKnown('fit', { random_state: 1 } as never, known)).toThrow(
    /'random_state' \(write seed\)/,
  )
})
