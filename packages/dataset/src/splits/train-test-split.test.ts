import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from './fixtures/folds.json'
import { groupShuffleSplit } from './group-shuffle-split.js'
import { findLeaks } from './leaks.js'
import { stratifiedSplit } from './stratified-split.js'
import { trainTestSplit } from './train-test-split.js'

/** Three to five classes of at least 6 members, in any order. */
const labelled = fc.array(fc.integer({ min: 6, max: 30 }), { minLength: 3, maxLength: 5 }).chain((counts) => {
  const labels = counts.flatMap((count, label) => Array<number>(count).fill(label))
  return fc.shuffledSubarray(labels, { minLength: labels.length })
})

function countsOf(labels: readonly number[], indices: Int32Array): number[] {
  const counts = Array<number>(Math.max(...labels) + 1).fill(0)
  for (const i of indices) counts[labels[i]!]!++
  return counts
}

function sorted(...parts: Int32Array[]): number[] {
  return parts.flatMap((part) => Array.from(part)).sort((a, b) => a - b)
}

describe('trainTestSplit', () => {
  for (const { counts, testSize, test: expected } of fixture.stratifiedTestCounts) {
    test(`gives each class scikit-learn's share: [${counts}], testSize ${testSize}`, () => {
      const labels = counts.flatMap((count, label) => Array<number>(count).fill(label))
      for (let seed = 0; seed < 5; seed++) {
        const split = trainTestSplit(labels.length, { testSize, seed, stratify: labels })
        expect(countsOf(labels, split.test)).toEqual(expected)
      }
    })
  }

  for (const { count, options, sizes } of fixture.trainTestSizes) {
    test(`has scikit-learn's sizes of ${count}: ${JSON.stringify(options)}`, () => {
      const { train, test } = trainTestSplit(count, options as { testSize?: number; trainSize?: number })
      expect([train.length, test.length]).toEqual(sizes)
    })
  }

  test('rounds a share up, and takes a number as it is', () => {
    expect(trainTestSplit(10, { testSize: 0.01 }).test.length).toBe(1)
    expect(trainTestSplit(10, { testSize: 4 }).test.length).toBe(4)
  })

  test('leaves out the examples of no part, and keeps the shares', () => {
    const labels = Array.from({ length: 60 }, (_, i) => (i % 6 < 3 ? 0 : i % 3))
    const all = countsOf(labels, Int32Array.from(labels.keys()))
    const { train, test } = trainTestSplit(60, { trainSize: 30, testSize: 12, stratify: labels })
    expect([train.length, test.length, new Set([...train, ...test]).size]).toEqual([30, 12, 42])
    for (const [part, size] of [[train, 30] as const, [test, 12] as const]) {
      for (const [label, count] of countsOf(labels, part).entries()) {
        expect(Math.abs(count - (all[label]! * size) / 60)).toBeLessThan(1)
      }
    }
  })

  test('keeps groups whole: the first split of groupShuffleSplit', () => {
    const groups = Array.from({ length: 90 }, (_, i) => (i * i) % 31)
    const split = trainTestSplit(90, { groups, seed: 8, testSize: 0.25 })
    expect(split).toEqual(groupShuffleSplit(groups, { seed: 8, testSize: 0.25 }).next().value)
    expect(trainTestSplit(90, { groups, seed: 8 })).toEqual(split)
    expect(findLeaks(split, groups).leaks).toEqual([])
  })

  test("keeps groups whole and the classes' shares of the groups", () => {
    const sources = fc.array(fc.integer({ min: 1, max: 4 }), { minLength: 30, maxLength: 60 })
    fc.assert(
      fc.property(sources, fc.nat(), (sizes, seed) => {
        const groups = sizes.flatMap((size, source) => Array<string>(size).fill(`source ${source}`))
        const stratify = sizes.flatMap((size, source) => Array<number>(size).fill(source % 3))
        const split = trainTestSplit(groups.length, { seed, groups, stratify, testSize: 0.2 })
        expect(sorted(split.train, split.test)).toEqual([...groups.keys()])
        expect(findLeaks(split, groups).leaks).toEqual([])
        const tested = new Set(Array.from(split.test, (i) => groups[i]!))
        expect(tested.size).toBe(Math.ceil(0.2 * sizes.length))
        for (const label of [0, 1, 2]) {
          const all = new Set(groups.filter((_, i) => stratify[i] === label))
          const share = (all.size * tested.size) / sizes.length
          expect(Math.abs([...all].filter((group) => tested.has(group)).length - share)).toBeLessThan(1)
        }
      }),
      { numRuns: 50 },
    )
  })

  test('counts a group of several classes for the one it has most of, or has first', () => {
    const groups = ['a', 'a', 'a', 'b', 'b', 'c', 'd', 'e', 'e', 'f']
    const mixed = [0, 1, 1, 0, 1, 0, 1, 1, 0, 0]
    const pure = [1, 1, 1, 0, 0, 0, 1, 1, 1, 0]
    const drawn = new Set<string>()
    for (let seed = 0; seed < 20; seed++) {
      const split = trainTestSplit(10, { groups, stratify: mixed, testSize: 2, seed })
      expect(split).toEqual(trainTestSplit(10, { groups, stratify: pure, testSize: 2, seed }))
      expect(new Set(Array.from(split.test, (i) => pure[i])).size).toBe(2)
      drawn.add(split.test.join())
    }
    expect(drawn.size).toBeGreaterThan(4)
  })

  test('refuses a class of one group, and lists of another length', () => {
    const groups = ['a', 'a', 'b', 'c']
    expect(() => trainTestSplit(4, { groups, stratify: [0, 0, 0, 'x'] })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => trainTestSplit(4, { groups, stratify: [0, 0, 0, 1] })).toThrow('class 1 has 1 group;')
    expect(() => trainTestSplit(5, { groups })).toThrow('4 groups and 5 examples must be as many')
    expect(() => trainTestSplit(4, { groups, testSize: 3 })).toThrow('takes all of 3 groups')
    expect(() => trainTestSplit(4, { groups, testSize: 3 })).toThrow(throwsCode('INVALID_INPUT'))
  })

  test('is disjoint and covering, with and without classes', () => {
    fc.assert(
      fc.property(labelled, fc.nat(), fc.boolean(), (labels, seed, stratified) => {
        const { train, test } = trainTestSplit(labels.length, { seed, stratify: stratified ? labels : null })
        expect(sorted(train, test)).toEqual(labels.map((_, i) => i))
        expect(sorted(train)).toEqual(Array.from(train))
      }),
    )
  })

  test('gives each class its share within one clip', () => {
    fc.assert(
      fc.property(
        labelled,
        fc.nat(),
        fc.double({ min: 0.2, max: 0.8, noNaN: true }),
        (labels, seed, testSize) => {
          const { test } = trainTestSplit(labels.length, { testSize, seed, stratify: labels })
          const all = countsOf(labels, Int32Array.from(labels.keys()))
          for (const [label, count] of countsOf(labels, test).entries()) {
            expect(Math.abs(count - (all[label]! * test.length) / labels.length)).toBeLessThan(1)
          }
        },
      ),
    )
  })

  test('repeats itself for a seed and differs for another', () => {
    for (const stratify of [null, Array.from({ length: 100 }, (_, i) => i % 4)]) {
      const split = (seed: number) => trainTestSplit(100, { seed, stratify })
      expect(split(3)).toEqual(split(3))
      expect(split(3)).not.toEqual(split(4))
    }
  })

  test('does not depend on the names of the labels', () => {
    fc.assert(
      fc.property(labelled, fc.nat(), (labels, seed) => {
        const names = labels.map((label) => ['rain', 'dog', 'saw', 'cat', 'ant'][label]!)
        const options = { seed, testSize: 0.3 }
        expect(trainTestSplit(labels.length, { ...options, stratify: names })).toEqual(
          trainTestSplit(labels.length, { ...options, stratify: labels }),
        )
      }),
    )
  })

  test('refuses what scikit-learn refuses', () => {
    const stratify = ['dog', 'dog', 'rain', 'dog', 'saw', 'saw']
    expect(() => trainTestSplit(6, { testSize: 3, stratify })).toThrow('class rain has 1 member')
    expect(() => trainTestSplit(6, { testSize: 3, stratify })).toThrow(throwsCode('INVALID_INPUT'))
    const pairs = ['a', 'a', 'b', 'b', 'c', 'c']
    expect(() => trainTestSplit(6, { testSize: 2, stratify: pairs })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => trainTestSplit(6, { testSize: 4, stratify: pairs })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => trainTestSplit(6, { stratify: ['a', 'a'] })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => trainTestSplit(6, { testSize: 6 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => trainTestSplit(1)).toThrow(throwsCode('INVALID_INPUT'))
    for (const testSize of [0, -1, 1.5, Number.NaN]) {
      expect(() => trainTestSplit(6, { testSize })).toThrow(throwsCode('INVALID_OPTION'))
    }
    expect(() => trainTestSplit(0)).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => trainTestSplit(6, { seed: -1 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})

describe('stratifiedSplit', () => {
  test('is disjoint and covering, and gives each part its size', () => {
    fc.assert(
      fc.property(labelled, fc.nat(), (labels, seed) => {
        const { train, validation, test } = stratifiedSplit(labels, {
          seed,
          testSize: 0.3,
          validationSize: 0.3,
        })
        expect(sorted(train, validation!, test)).toEqual(labels.map((_, i) => i))
        expect(test.length).toBe(Math.ceil(0.3 * labels.length))
        expect(validation!.length).toBe(Math.ceil(0.3 * (labels.length - test.length)))
      }),
    )
  })

  test('splits ESC-10 80 to 20, and the 80 once more', () => {
    const labels = Array.from({ length: 400 }, (_, i) => i % 10)
    const { train, validation, test } = stratifiedSplit(labels, { seed: 1 })
    expect([train.length, validation!.length]).toEqual([256, 64])
    for (const count of countsOf(labels, validation!)) expect(Math.abs(count - 6.4)).toBeLessThan(1)
    expect(countsOf(labels, test)).toEqual(Array(10).fill(8))
  })

  test('makes no validation part when it is off', () => {
    const split = stratifiedSplit([0, 0, 0, 0, 1, 1, 1, 1], { testSize: 2, validationSize: null })
    expect(Object.keys(split)).toEqual(['train', 'test'])
    expect(split.train.length).toBe(6)
  })

  test('refuses parts that are too small', () => {
    const labels = [0, 0, 0, 1, 1, 1]
    expect(() => stratifiedSplit(labels, { testSize: 2, validationSize: 1 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => stratifiedSplit(labels, { testSize: 2, validationSize: 5 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => stratifiedSplit(labels, { testSize: 2, validationSize: 0 })).toThrow(
      throwsCode('INVALID_OPTION'),
    )
  })
})
