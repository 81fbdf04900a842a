import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { groupShuffleSplit } from './group-shuffle-split.js'
import { findLeaks } from './leaks.js'
import { shuffleSplit } from './shuffle-split.js'

const distinct = (values: Iterable<unknown>) => new Set(values).size

describe('shuffleSplit', () => {
  test('draws parts of the given sizes, which do not overlap', () => {
    const count = fc.integer({ min: 10, max: 60 })
    fc.assert(
      fc.property(count, fc.nat(), fc.nat(4), fc.nat(4), (n, seed, trainSize, testSize) => {
        const sizes = { trainSize: 1 + trainSize, testSize: 1 + testSize }
        for (const { train, test } of shuffleSplit(n, { ...sizes, seed, nSplits: 3 })) {
          expect([train.length, test.length]).toEqual([sizes.trainSize, sizes.testSize])
          expect(distinct([...train, ...test])).toBe(train.length + test.length)
          expect(Math.max(...train, ...test)).toBeLessThan(n)
          expect(train).toEqual(train.toSorted())
          expect(test).toEqual(test.toSorted())
        }
      }),
    )
  })

  test("has scikit-learn's defaults", () => {
    const splits = [...shuffleSplit(25)]
    expect(splits).toHaveLength(10)
    // A tenth, rounded up.
    for (const { train, test } of splits) expect([train.length, test.length]).toEqual([22, 3])
  })

  test('draws each split anew, and all again for the same seed', () => {
    const splits = [...shuffleSplit(60, { seed: 5 })]
    expect(splits).toEqual([...shuffleSplit(60, { seed: 5 })])
    expect(splits).not.toEqual([...shuffleSplit(60, { seed: 6 })])
    expect(distinct(splits.map(({ test }) => test.join()))).toBe(10)
  })

  test('refuses impossible sizes', () => {
    expect(() => shuffleSplit(10, { testSize: 6, trainSize: 5 })).toThrow(
      'trainSize=5 and testSize=6 need 11 examples; there are 10',
    )
    for (const sizes of [
      { testSize: 6, trainSize: 5 },
      { testSize: 10 },
      { trainSize: 10 },
      { trainSize: 0.05 },
    ]) {
      expect(() => shuffleSplit(10, sizes)).toThrow(throwsCode('INVALID_INPUT'))
    }
    for (const size of [0, -1, 1.5, Number.NaN]) {
      expect(() => shuffleSplit(10, { testSize: size })).toThrow(throwsCode('INVALID_OPTION'))
      expect(() => shuffleSplit(10, { trainSize: size })).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => shuffleSplit(0)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => shuffleSplit(9, { nSplits: 0 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('groupShuffleSplit', () => {
  const table = fc
    .array(fc.nat(15), { minLength: 20, maxLength: 60 })
    .filter((groups) => distinct(groups) > 5)

  test('puts whole groups on one side, in the given number, and covers them all', () => {
    fc.assert(
      fc.property(table, fc.nat(), fc.integer({ min: 1, max: 5 }), (groups, seed, testSize) => {
        const splits = [...groupShuffleSplit(groups, { seed, testSize })]
        expect(splits).toHaveLength(5)
        for (const split of splits) {
          expect(findLeaks(split, groups).leaks).toEqual([])
          expect(split.train.length + split.test.length).toBe(groups.length)
          expect(distinct(Array.from(split.test, (i) => groups[i]))).toBe(testSize)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('does not depend on the names of the groups, and leaves out those that no part takes', () => {
    fc.assert(
      fc.property(table, fc.nat(), (groups, seed) => {
        const options = { seed, testSize: 2, trainSize: 3 }
        const splits = [...groupShuffleSplit(groups, options)]
        const names = groups.map((group) => `field ${99 - group}`)
        expect([...groupShuffleSplit(names, options)]).toEqual(splits)
        for (const { train, test } of splits) {
          expect(distinct(Array.from([...train, ...test], (i) => groups[i]))).toBe(5)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('refuses a single group', () => {
    expect(() => groupShuffleSplit(['a', 'a'])).toThrow(
      'testSize=0.2 takes all of 1 groups; none is left to train',
    )
    expect(() => groupShuffleSplit(['a', 'a'])).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => groupShuffleSplit([])).toThrow(throwsCode('INVALID_INPUT'))
  })
})
