import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from './fixtures/folds.json'
import { groupKFold } from './group-k-fold.js'
import { findLeaks } from './leaks.js'
import { pairwiseSum } from './shared/numpy.js'
import { stratifiedGroupKFold } from './stratified-group-k-fold.js'
import { stratifiedGroupSplit } from './stratified-group-split.js'

/** Groups of one class each, as in ESC-50: enough of them for five folds. */
const table = fc.array(fc.record({ label: fc.nat(3), size: fc.integer({ min: 1, max: 3 }) }), {
  minLength: 30,
  maxLength: 60,
})

function unroll(sources: readonly { label: number; size: number }[]) {
  const labels = sources.flatMap(({ label, size }) => Array<number>(size).fill(label))
  const groups = sources.flatMap(({ size }, source) => Array<string>(size).fill(`source ${source}`))
  return { labels, groups }
}

/** The fold whose test part each example is in. */
function foldOf(splits: Iterable<{ train: Int32Array; test: Int32Array }>, count: number): number[] {
  const folds = Array<number>(count).fill(-1)
  for (const [fold, { train, test }] of [...splits].entries()) {
    for (const i of test) folds[i] = folds[i] === -1 ? fold : Number.NaN
    expect(Array.from(train)).toEqual([...folds.keys()].filter((i) => !test.includes(i)))
  }
  return folds
}

describe('groupKFold', () => {
  for (const { name, nSplits, groups, foldOf: folds } of fixture.groupKFold) {
    test(`makes scikit-learn's folds: ${name}`, () => {
      expect(foldOf(groupKFold(groups, { nSplits }), groups.length)).toEqual(Array.from(folds, Number))
    })
  }

  for (const { name, nSplits, sizes, foldOf: folds } of fixture.groupKFoldBySize) {
    test(`makes scikit-learn's folds: ${name}`, () => {
      const perExample = (values: ArrayLike<unknown>) =>
        sizes.flatMap((size, group) => Array<number>(size).fill(Number(values[group])))
      const all = perExample([...sizes.keys()])
      expect(foldOf(groupKFold(all, { nSplits }), all.length)).toEqual(perExample(folds))
    })
  }

  test('shares no group, tests every example once, and is as even as the largest group allows', () => {
    const groups = fc.array(fc.nat(12), { minLength: 40, maxLength: 80 })
    fc.assert(
      fc.property(groups, fc.integer({ min: 2, max: 4 }), (all, nSplits) => {
        fc.pre(new Set(all).size >= nSplits)
        const folds = [...groupKFold(all, { nSplits })]
        expect(foldOf(folds, all.length).every((fold) => fold >= 0)).toBe(true)
        for (const fold of folds) expect(findLeaks(fold, all).leaks).toEqual([])
        const counts = folds.map(({ test }) => test.length)
        const largest = Math.max(...all.map((group) => all.filter((other) => other === group).length))
        expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(largest)
      }),
      { numRuns: 50 },
    )
  })

  test('refuses fewer groups than folds, and groups of two kinds', () => {
    expect(() => groupKFold(['a', 'a', 'b'], { nSplits: 3 })).toThrow(
      'nSplits=3 must be at most the number of groups, 2',
    )
    expect(() => groupKFold(['a', 'a', 'b'], { nSplits: 3 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => groupKFold([], { nSplits: 2 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => groupKFold([1, 2], { nSplits: 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => groupKFold([1, '1'], { nSplits: 2 })).toThrow(
      'groups[1]=1 is a string and groups[0]=1 a number',
    )
    expect(() => groupKFold([1, Number.NaN], { nSplits: 2 })).toThrow(
      'groups[1]=NaN must be a finite number or a string',
    )
    const holes = ['a', undefined] as string[]
    expect(() => groupKFold(holes, { nSplits: 2 })).toThrow(throwsCode('INVALID_INPUT'))
  })
})

describe('stratifiedGroupKFold', () => {
  for (const { name, nSplits, labels, groups, foldOf: folds } of fixture.stratifiedGroupKFold) {
    test(`makes scikit-learn's folds: ${name}`, () => {
      const splits = stratifiedGroupKFold(labels, groups, { nSplits })
      expect(foldOf(splits, labels.length)).toEqual(Array.from(folds, Number))
    })
  }

  test('makes the same folds as an implementation that computes each spread anew', () => {
    const mixed = fc.array(fc.tuple(fc.nat(9), fc.nat(40)), { minLength: 100, maxLength: 200 })
    fc.assert(
      fc.property(mixed, fc.integer({ min: 2, max: 6 }), (rows, nSplits) => {
        const labels = rows.map(([label]) => label)
        const groups = rows.map(([, group]) => group)
        const splits = stratifiedGroupKFold(labels, groups, { nSplits })
        expect(foldOf(splits, rows.length)).toEqual(dealPlainly(labels, groups, nSplits))
      }),
      { numRuns: 50 },
    )
  })

  test('shares no group between train and test, and tests every example once, for every seed', () => {
    fc.assert(
      fc.property(table, fc.option(fc.nat()), (sources, seed) => {
        const { labels, groups } = unroll(sources)
        const folds = [...stratifiedGroupKFold(labels, groups, { nSplits: 5, seed })]
        const tested = folds.flatMap(({ test }) => Array.from(test)).sort((a, b) => a - b)
        expect(tested).toEqual(labels.map((_, i) => i))
        for (const fold of folds) {
          expect(fold.train.length + fold.test.length).toBe(labels.length)
          expect(findLeaks(fold, groups).leaks).toEqual([])
        }
      }),
      { numRuns: 50 },
    )
  })

  test('gives the same folds for the same seed, and others for another', () => {
    const { labels, groups } = unroll(
      Array.from({ length: 60 }, (_, i) => ({ label: i % 4, size: 1 + (i % 3) })),
    )
    const folds = (seed: number) => [...stratifiedGroupKFold(labels, groups, { seed })]
    expect(folds(7)).toEqual(folds(7))
    expect(folds(7)).not.toEqual(folds(8))
  })

  test('keeps the classes even when it shuffles: with groups of one clip, each fold is even within one clip', () => {
    const labels = Array.from({ length: 200 }, (_, i) => i % 10)
    for (let seed = 0; seed < 5; seed++) {
      for (const { test } of stratifiedGroupKFold(labels, [...labels.keys()], { nSplits: 5, seed })) {
        const counts = Array.from(
          { length: 10 },
          (_, label) => test.filter((i) => labels[i] === label).length,
        )
        expect(counts.every((count) => count >= 3 && count <= 5)).toBe(true)
      }
    }
  })

  test('does not depend on the names of the labels, if their order stays', () => {
    fc.assert(
      fc.property(table, (sources) => {
        const { labels, groups } = unroll(sources)
        const names = labels.map((label) => ['ant', 'bee', 'cat', 'dog'][label]!)
        expect([...stratifiedGroupKFold(names, groups)]).toEqual([...stratifiedGroupKFold(labels, groups)])
      }),
      { numRuns: 30 },
    )
  })

  test('refuses labels and groups that fill no folds', () => {
    expect(() => stratifiedGroupKFold([0, 1], [0, 1], { nSplits: 1 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => stratifiedGroupKFold([0, 1], [0], { nSplits: 2 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => stratifiedGroupKFold([0, 0, 1], [0, 0, 1], { nSplits: 3 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => stratifiedGroupKFold([0, 1, 2], [0, 1, 2], { nSplits: 3 })).toThrow(
      throwsCode('INVALID_INPUT'),
    )
    expect(() => stratifiedGroupKFold([], [], { nSplits: 2 })).toThrow(throwsCode('INVALID_INPUT'))
  })
})

describe('stratifiedGroupSplit', () => {
  test('says that there are too few groups for three parts', () => {
    const labels = Array.from({ length: 20 }, (_, i) => i % 2)
    const groups = labels.map((_, i) => i % 5)
    expect(() => stratifiedGroupSplit(labels, groups)).toThrow(
      /^20 clips in 5 groups are too few for three parts: there must be at least five groups, also without the test part/,
    )
  })

  test('covers every example once and shares no group between its three parts', () => {
    fc.assert(
      fc.property(table, fc.nat(), (sources, seed) => {
        const { labels, groups } = unroll(sources)
        const split = stratifiedGroupSplit(labels, groups, { seed })
        const all = [...split.train, ...split.validation, ...split.test].sort((a, b) => a - b)
        expect(all).toEqual(labels.map((_, i) => i))
        expect(findLeaks(split, groups).leaks).toEqual([])
      }),
      { numRuns: 50 },
    )
  })

  test('takes the first of five folds, and the first of five folds of the rest', () => {
    const { labels, groups } = unroll(
      Array.from({ length: 60 }, (_, i) => ({ label: i % 4, size: 1 + (i % 3) })),
    )
    const [outer] = stratifiedGroupKFold(labels, groups, { nSplits: 5, seed: 9 })
    const rest = Array.from(outer!.train)
    const [inner] = stratifiedGroupKFold(
      rest.map((i) => labels[i]!),
      rest.map((i) => groups[i]!),
      { nSplits: 5, seed: 9 },
    )
    expect(stratifiedGroupSplit(labels, groups, { seed: 9 })).toEqual({
      train: inner!.train.map((i) => rest[i]!),
      validation: inner!.test.map((i) => rest[i]!),
      test: outer!.test,
    })
  })

  test('takes about 64, 16 and 20 % of a large table', () => {
    const { labels, groups } = unroll(
      Array.from({ length: 200 }, (_, i) => ({ label: i % 10, size: 1 + (i % 3) })),
    )
    const split = stratifiedGroupSplit(labels, groups, { seed: 1 })
    expect(split.test.length / labels.length).toBeCloseTo(0.2, 1)
    expect(split.validation.length / labels.length).toBeCloseTo(0.16, 1)
  })
})

/** The deal as scikit-learn writes it down: every spread from nothing for every fold of every group. */
function dealPlainly(labels: readonly number[], groups: readonly number[], nSplits: number): number[] {
  const classes = [...new Set(labels)].sort((a, b) => a - b)
  const sources = [...new Set(groups)].sort((a, b) => a - b)
  const sizes = classes.map((label) => labels.filter((other) => other === label).length)
  const rows = sources.map((source) =>
    classes.map((label) => labels.filter((other, i) => other === label && groups[i] === source).length),
  )
  const deviation = (values: number[], sum: (values: number[]) => number) => {
    const mean = sum(values) / values.length
    return Math.sqrt(sum(values.map((value) => (value - mean) ** 2)) / values.length)
  }
  const inPairs = (values: number[]) => pairwiseSum(Float64Array.from(values), 0, values.length)
  const inTurn = (values: number[]) => values.reduce((a, b) => a + b, 0)
  const unevenness = rows.map((row) => deviation(row, inPairs))
  const order = [...rows.keys()].sort((a, b) => unevenness[b]! - unevenness[a]!)
  const dealt = Array.from({ length: nSplits }, () => classes.map(() => 0))
  const foldOfGroup = new Map<number, number>()
  for (const group of order) {
    let best = { fold: 0, spread: Number.POSITIVE_INFINITY, size: Number.POSITIVE_INFINITY }
    for (let fold = 0; fold < nSplits; fold++) {
      const tried = dealt.map((row, f) =>
        row.map((count, k) => (f === fold ? count + rows[group]![k]! : count)),
      )
      const spreads = classes.map((_, k) =>
        deviation(
          tried.map((row) => row[k]! / sizes[k]!),
          inTurn,
        ),
      )
      const spread = inPairs(spreads) / spreads.length
      const size = inTurn(dealt[fold]!)
      const isClose = Math.abs(spread - best.spread) <= 1e-8 + 1e-5 * best.spread
      if (spread < best.spread || (isClose && size < best.size)) best = { fold, spread, size }
    }
    dealt[best.fold] = dealt[best.fold]!.map((count, k) => count + rows[group]![k]!)
    foldOfGroup.set(sources[group]!, best.fold)
  }
  return groups.map((group) => foldOfGroup.get(group)!)
}
