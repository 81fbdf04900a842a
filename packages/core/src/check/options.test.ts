import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { assertInRange, assertInteger, assertKnown, assertOneOf, assertPositive } from './options.js'

describe('checks of options', () => {
  test.each<[string, () => void]>([
    ['zero', () => assertPositive('rate', 0)],
    ['NaN', () => assertPositive('rate', Number.NaN)],
    ['infinity', () => assertPositive('rate', Number.POSITIVE_INFINITY)],
    ['a fraction', () => assertInteger('rate', 1.5, 1)],
    ['NaN as an integer', () => assertInteger('rate', Number.NaN, 0)],
    ['a number that is too small', () => assertInteger('rate', 0, 1)],
    ['a number that is too large', () => assertInteger('rate', 11, 1, 10)],
    ['a number outside its range', () => assertInRange('rate', 1.01, 0, 1)],
    ['NaN for a range', () => assertInRange('rate', Number.NaN, 0, 1)],
    ['a word that is not in the list', () => assertOneOf('rate', 'fast', ['slow'])],
  ])('refuse %s and name the option', (_name, check) => {
    expect(check).toThrow(throwsCode('INVALID_OPTION', /^rate=/))
  })

  test('accept values in range', () => {
    expect(() => {
      assertPositive('rate', 1e-300)
      assertInteger('rate', 1, 1, 1)
      assertInRange('rate', 1, 0, 1)
      assertOneOf('rate', 'slow', ['slow'])
    }).not.toThrow()
  })
})

describe('assertKnown', () => {
  const known = { nMfcc: true, hopLength: true } as const
  const check = (options: object | undefined) => () => assertKnown('mfcc', options as never, known)

  test('accepts known names, and no options', () => {
    for (const options of [undefined, {}, { nMfcc: 1 }, { nMfcc: undefined, hopLength: 2 }]) {
      expect(check(options)).not.toThrow()
    }
  })

  test.each([
    [{ n_mfcc: 13 }, /^mfcc has no option 'n_mfcc' \(write nMfcc\); it has nMfcc, hopLength$/],
    [{ sr: null }, /^mfcc has no option 'sr'; it has nMfcc, hopLength$/],
    [13, /^mfcc takes an object of options, not number$/],
    [null, /^mfcc takes an object of options, not null$/],
    [[1], /^mfcc takes an object of options, not array$/],
  ])('refuses %j', (options, message) => {
    expect(check(options as never)).toThrow(throwsCode('INVALID_OPTION', message))
  })
})

test('assertKnown translates names of other libraries', () => {
  const known = { learningRate: true, seed: true } as const
  expect(() => assertKnown('fit', { lr: 1 } as never, known)).toThrow(
    throwsCode('INVALID_OPTION', "'lr' (write learningRate)"),
  )
  expect(() => assertKnown('fit', { random_state: 1 } as never, known)).toThrow(
    throwsCode('INVALID_OPTION', "'random_state' (write seed)"),
  )
})
