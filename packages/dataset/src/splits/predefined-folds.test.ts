import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { predefinedFolds } from './predefined-folds.js'
import { trainValTest } from './train-val-test.js'

const folds = [1, 2, 3, 1, 2, 3, 3]

describe('predefinedFolds', () => {
  test('holds out one fold for testing and one for validation', () => {
    expect(predefinedFolds(folds, { testFold: 3, validationFold: 1 })).toEqual({
      train: Int32Array.of(1, 4),
      validation: Int32Array.of(0, 3),
      test: Int32Array.of(2, 5, 6),
    })
  })

  test('makes no validation part unless asked', () => {
    const split = { train: Int32Array.of(0, 2, 3, 5, 6), test: Int32Array.of(1, 4) }
    expect(predefinedFolds(folds, { testFold: 2 })).toStrictEqual(split)
    expect(predefinedFolds(folds, { testFold: 2, validationFold: null })).toStrictEqual(split)
  })

  test('names the fold that does not exist, and those that do', () => {
    expect(() => predefinedFolds(folds, { testFold: 9 })).toThrow('testFold=9 does not exist; folds: 1, 2, 3')
    expect(() => predefinedFolds(folds, { testFold: 9 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => predefinedFolds(folds, { testFold: 1, validationFold: 0 })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
    expect(() => predefinedFolds(folds, { testFold: Number.NaN })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => predefinedFolds([], { testFold: 1 })).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses equal folds, clips without a fold, and an empty training part', () => {
    const same = { testFold: 1, validationFold: 1 }
    expect(() => predefinedFolds(folds, same)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => predefinedFolds([1, null, 2], { testFold: 1 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => predefinedFolds([1, 2], { testFold: 1, validationFold: 2 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => predefinedFolds([1, 1], { testFold: 1 })).toThrow(throwsCode('INVALID_INPUT'))
  })
})

describe('trainValTest', () => {
  const five = [1, 2, 3, 4, 5, 5, 4, 3, 2, 1]

  test('validates on the fold after the test fold, and after the last on the first', () => {
    for (const [testFold, validationFold] of [
      [1, 2],
      [2, 3],
      [3, 4],
      [4, 5],
      [5, 1],
    ] as const) {
      expect(trainValTest(five, { testFold })).toEqual(predefinedFolds(five, { testFold, validationFold }))
    }
    expect(trainValTest(Int32Array.of(7, 0, 3, 7), { testFold: 3 })).toEqual({
      train: Int32Array.of(1),
      validation: Int32Array.of(0, 3),
      test: Int32Array.of(2),
    })
  })

  test('refuses a fold that does not exist, and fewer folds than parts', () => {
    expect(() => trainValTest(five, { testFold: 6 })).toThrow(
      'testFold=6 does not exist; folds: 1, 2, 3, 4, 5',
    )
    expect(() => trainValTest(five, { testFold: 6 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => trainValTest([], { testFold: 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => trainValTest([1, 2], { testFold: 1 })).toThrow('no fold of 1, 2 is left for training')
    expect(() => trainValTest([1, 1], { testFold: 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => trainValTest([1, null, 2], { testFold: 1 })).toThrow(
      'example 1 has fold null; each needs a number',
    )
  })
})
