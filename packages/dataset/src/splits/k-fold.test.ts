import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from './fixtures/folds.json'
import { kFold } from './k-fold.js'
import { stratifiedKFold } from './stratified-k-fold.js'

const tests = (splits: Iterable<{ test: Int32Array }>) => [...splits].map(({ test }) => Array.from(test))

/** The test parts of a fold per example. */
function testsOf(folds: ArrayLike<number | string>, nSplits: number): number[][] {
  const codes = Array.from(folds, Number)
  return Array.from({ length: nSplits }, (_, fold) => [...codes.keys()].filter((i) => codes[i] === fold))
}

describe('kFold', () => {
  for (const { count, nSplits, foldOf } of fixture.kFold) {
    test(`makes scikit-learn's ${nSplits} folds of ${count}`, () => {
      expect(tests(kFold(count, { nSplits }))).toEqual(testsOf(foldOf, nSplits))
    })
  }

  test('tests every example once and trains on the others, for every seed', () => {
    fc.assert(
      fc.property(fc.integer({ min: 5, max: 80 }), fc.option(fc.nat()), (count, seed) => {
        const folds = [...kFold(count, { seed })]
        expect(
          tests(folds)
            .flat()
            .sort((a, b) => a - b),
        ).toEqual([...Array(count).keys()])
        expect(folds.map(({ test }) => test.length)).toEqual(tests(kFold(count)).map((test) => test.length))
        for (const { train, test } of folds) {
          const held = new Set(test)
          expect(Array.from(train)).toEqual([...Array(count).keys()].filter((i) => !held.has(i)))
        }
      }),
    )
  })

  test('repeats itself for a seed and differs for another', () => {
    expect([...kFold(40, { seed: 3 })]).toEqual([...kFold(40, { seed: 3 })])
    expect([...kFold(40, { seed: 3 })]).not.toEqual([...kFold(40, { seed: 4 })])
  })

  test('makes one split at a time', () => {
    const splits = kFold(6, { nSplits: 3 })
    expect(splits.next().value).toEqual({ train: Int32Array.of(2, 3, 4, 5), test: Int32Array.of(0, 1) })
    expect(splits.next().value).toEqual({ train: Int32Array.of(0, 1, 4, 5), test: Int32Array.of(2, 3) })
  })

  test('throws at the call, before the first split is made', () => {
    expect(() => kFold(4, { nSplits: 5 })).toThrow('nSplits=5 must be at most the number of examples, 4')
    expect(() => kFold(4, { nSplits: 5 })).toThrow(throwsCode('INVALID_INPUT'))
    for (const nSplits of [1, 2.5, Number.NaN]) {
      expect(() => kFold(4, { nSplits })).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => kFold(0)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => kFold(9, { seed: -1 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('stratifiedKFold', () => {
  for (const { name, nSplits, labels, foldOf } of fixture.stratifiedKFold) {
    test(`makes scikit-learn's folds: ${name}`, () => {
      expect(tests(stratifiedKFold(labels, { nSplits }))).toEqual(testsOf(foldOf, nSplits))
    })
  }

  const labelled = fc.array(fc.nat(4), { minLength: 30, maxLength: 80 })

  test('tests every example once, and each class as often in every fold, or once more', () => {
    fc.assert(
      fc.property(labelled, fc.integer({ min: 2, max: 6 }), fc.option(fc.nat()), (labels, nSplits, seed) => {
        const parts = tests(stratifiedKFold(labels, { nSplits, seed }))
        expect(parts.flat().sort((a, b) => a - b)).toEqual([...labels.keys()])
        for (const label of new Set(labels)) {
          const counts = parts.map((part) => part.filter((i) => labels[i] === label).length)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        }
      }),
    )
  })

  test('does not depend on the names of the labels', () => {
    fc.assert(
      fc.property(labelled, fc.option(fc.nat()), (labels, seed) => {
        const names = labels.map((label) => ['rain', 'dog', 'saw', 'cat', 'ant'][label]!)
        expect(tests(stratifiedKFold(names, { seed }))).toEqual(tests(stratifiedKFold(labels, { seed })))
      }),
    )
  })

  test('repeats itself for a seed and differs for another', () => {
    const labels = Int32Array.from({ length: 60 }, (_, i) => i % 3)
    const folds = (seed: number) => tests(stratifiedKFold(labels, { seed }))
    expect(folds(3)).toEqual(folds(3))
    expect(folds(3)).not.toEqual(folds(4))
  })

  test('refuses what scikit-learn refuses, and splits a small class if scikit-learn only warns', () => {
    expect(() => stratifiedKFold([0, 0, 1, 1], { nSplits: 3 })).toThrow(
      'nSplits=3 must be at most the number of members of a class',
    )
    expect(() => stratifiedKFold([0, 0, 1, 1], { nSplits: 3 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => stratifiedKFold([0, 0], { nSplits: 3 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => stratifiedKFold([0, 0], { nSplits: 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => stratifiedKFold([0, 'a'], { nSplits: 2 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(tests(stratifiedKFold([0, 0, 0, 1], { nSplits: 3 }))).toEqual([[0, 3], [1], [2]])
  })
})
