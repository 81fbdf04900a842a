import { describe, expect, it } from 'vitest'
import { predefinedFolds } from './predefined.js'

const withCode = (code: string) => expect.objectContaining({ name: 'EscError', code })
const folds = [1, 2, 3, 1, 2, 3, 3]

describe('predefinedFolds', () => {
  it('holds out one fold for testing and one for validation', () => {
    expect(predefinedFolds(folds, { testFold: 3, validationFold: 1 })).toEqual({
      train: Int32Array.of(1, 4),
      validation: Int32Array.of(0, 3),
      test: Int32Array.of(2, 5, 6),
    })
  })

  it('makes no validation part unless asked', () => {
    const split = { train: Int32Array.of(0, 2, 3, 5, 6), test: Int32Array.of(1, 4) }
    expect(predefinedFolds(folds, { testFold: 2 })).toStrictEqual(split)
    expect(predefinedFolds(folds, { testFold: 2, validationFold: null })).toStrictEqual(split)
  })

  it('names the fold that does not exist, and those that do', () => {
    expect(() => predefinedFolds(folds, { testFold: 9 })).toThrow('testFold=9 does not exist; folds: 1, 2, 3')
    expect(() => predefinedFolds(folds, { testFold: 9 })).toThrow(withCode('INVALID_OPTION'))
    expect(() => predefinedFolds(folds, { testFold: 1, validationFold: 0 })).toThrow(
      withCode('INVALID_OPTION'),
    )
    expect(() => predefinedFolds(folds, { testFold: Number.NaN })).toThrow(withCode('INVALID_OPTION'))
    expect(() => predefinedFolds([], { testFold: 1 })).toThrow(withCode('INVALID_OPTION'))
  })

  it('refuses equal folds, clips without a fold, and an empty training part', () => {
    const same = { testFold: 1, validationFold: 1 }
    expect(() => predefinedFolds(folds, same)).toThrow(withCode('INVALID_OPTION'))
    expect(() => predefinedFolds([1, null, 2], { testFold: 1 })).toThrow(withCode('INVALID_INPUT'))
    expect(() => predefinedFolds([1, 2], { testFold: 1, validationFold: 2 })).toThrow(
      withCode('INVALID_INPUT'),
    )
    expect(() => predefinedFolds([1, 1], { testFold: 1 })).toThrow(withCode('INVALID_INPUT'))
  })
})
