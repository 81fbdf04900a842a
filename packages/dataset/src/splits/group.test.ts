import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { stratifiedGroupKFold, stratifiedGroupSplit } from './group.js'
import { findLeaks } from './leaks.js'

interface Case {
  name: string
  nSplits: number
  labels: (number | string)[]
  groups: (number | string)[]
  tests: number[][]
}

const fixture = JSON.parse(
  readFileSync(new URL('../../fixtures/stratified-group-kfold.json', import.meta.url), 'utf8'),
) as { stratifiedGroupKFold: Case[] }

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

const withCode = (code: string) => expect.objectContaining({ name: 'EscError', code })

describe('stratifiedGroupKFold', () => {
  for (const { name, nSplits, labels, groups, tests } of fixture.stratifiedGroupKFold) {
    it(`makes scikit-learn's folds: ${name}`, () => {
      const folds = stratifiedGroupKFold(labels, groups, { nSplits })
      expect(folds.map(({ test }) => Array.from(test))).toEqual(tests)
    })
  }

  it('shares no group between train and test, and tests every example once, for every seed', () => {
    fc.assert(
      fc.property(table, fc.option(fc.nat()), (sources, seed) => {
        const { labels, groups } = unroll(sources)
        const folds = stratifiedGroupKFold(labels, groups, { nSplits: 5, seed })
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

  it('gives the same folds for the same seed, and others for another', () => {
    const { labels, groups } = unroll(
      Array.from({ length: 60 }, (_, i) => ({ label: i % 4, size: 1 + (i % 3) })),
    )
    const folds = (seed: number) => stratifiedGroupKFold(labels, groups, { seed })
    expect(folds(7)).toEqual(folds(7))
    expect(folds(7)).not.toEqual(folds(8))
  })

  it('keeps the classes even when it shuffles: single-clip groups are dealt within one clip', () => {
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

  it('does not see the names of the labels, so long as their order stays', () => {
    fc.assert(
      fc.property(table, (sources) => {
        const { labels, groups } = unroll(sources)
        const names = labels.map((label) => ['ant', 'bee', 'cat', 'dog'][label]!)
        expect(stratifiedGroupKFold(names, groups)).toEqual(stratifiedGroupKFold(labels, groups))
      }),
      { numRuns: 30 },
    )
  })

  it('refuses what it cannot deal', () => {
    expect(() => stratifiedGroupKFold([0, 1], [0, 1], { nSplits: 1 })).toThrow(withCode('INVALID_OPTION'))
    expect(() => stratifiedGroupKFold([0, 1], [0], { nSplits: 2 })).toThrow(withCode('INVALID_INPUT'))
    expect(() => stratifiedGroupKFold([0, 0, 1], [0, 0, 1], { nSplits: 3 })).toThrow(
      withCode('INVALID_INPUT'),
    )
    expect(() => stratifiedGroupKFold([0, 1, 2], [0, 1, 2], { nSplits: 3 })).toThrow(
      withCode('INVALID_INPUT'),
    )
    expect(() => stratifiedGroupKFold([], [], { nSplits: 2 })).toThrow(withCode('INVALID_INPUT'))
  })
})

describe('stratifiedGroupSplit', () => {
  it('covers every example once and shares no group between its three parts', () => {
    fc.assert(
      fc.property(table, fc.nat(), (sources, seed) => {
        const { labels, groups } = unroll(sources)
        const split = stratifiedGroupSplit(labels, groups, { seed })
        const all = [...split.train, ...split.validation!, ...split.test].sort((a, b) => a - b)
        expect(all).toEqual(labels.map((_, i) => i))
        expect(findLeaks(split, groups).leaks).toEqual([])
      }),
      { numRuns: 50 },
    )
  })

  it('takes the first of five folds, and the first of five folds of the rest', () => {
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

  it('takes about 64, 16 and 20 % of a large table', () => {
    const { labels, groups } = unroll(
      Array.from({ length: 200 }, (_, i) => ({ label: i % 10, size: 1 + (i % 3) })),
    )
    const split = stratifiedGroupSplit(labels, groups, { seed: 1 })
    expect(split.test.length / labels.length).toBeCloseTo(0.2, 1)
    expect(split.validation!.length / labels.length).toBeCloseTo(0.16, 1)
  })
})
