/** Bootstrap intervals over source groups. */
import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { accuracyInterval, balancedAccuracy, bootstrapInterval } from '../index.js'

/** NumPy's `percentile` with linear interpolation, written otherwise than in the source. */
function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b)
  const at = share * (values.length - 1)
  return sorted[Math.floor(at)]! * (1 - (at % 1)) + sorted[Math.ceil(at)]! * (at % 1)
}

const groups = ['a', 'b', 'a', 'c', 'd', 'b', 'a', 'e']
const yTrue = [0, 1, 0, 1, 2, 1, 0, 2]
const yPred = [0, 1, 1, 1, 0, 0, 0, 2]

test('draws whole groups with replacement, as a naive program with the same seed', () => {
  const rng = createRng(7)
  const names = [...new Set(groups)]
  const accuracies = Array.from({ length: 500 }, () => {
    const drawn = names.map(() => names[rng.integer(names.length)]!)
    const indices = drawn.flatMap((name) => groups.flatMap((group, i) => (group === name ? [i] : [])))
    return indices.filter((i) => yTrue[i] === yPred[i]).length / indices.length
  })
  const found = accuracyInterval(yTrue, yPred, groups, { resamples: 500, seed: 7, confidence: 0.9 })
  expect(found.lower).toBeCloseTo(percentile(accuracies, 0.05), 12)
  expect(found.upper).toBeCloseTo(percentile(accuracies, 0.95), 12)
  expect(found).toMatchObject({ groups: 5, resamples: 500, confidence: 0.9 })
})

test('covers the mean of independent groups about as often as it says', () => {
  const rng = createRng(3)
  let covered = 0
  const trials = 300
  for (let trial = 0; trial < trials; trial++) {
    // Groups of four clips that are all right or all wrong: single clips would give half the width.
    const right = Array.from({ length: 40 }, () => (rng.uniform() < 0.7 ? 1 : 0))
    const answers = right.flatMap((hit) => [hit, hit, hit, hit])
    const names = right.flatMap((_, i) => Array<string>(4).fill(`${i}`))
    const options = { resamples: 200, seed: trial }
    const { lower, upper } = accuracyInterval(Array(160).fill(1), answers, names, options)
    if (lower <= 0.7 && 0.7 <= upper) covered++
  }
  // The percentile interval of 40 groups covers about 93 %; three deviations of 300 trials are 4.4 %.
  expect(covered / trials).toBeGreaterThan(0.88)
  expect(covered / trials).toBeLessThan(0.99)
})

test('the same seed gives the same interval, and another seed another one', () => {
  const interval = (seed?: number) => accuracyInterval(yTrue, yPred, groups, { seed, resamples: 50 })
  expect(interval(5)).toEqual(interval(5))
  expect(interval()).toEqual(interval(42))
  const sizes = [1, 2].map((seed) => {
    const seen: number[] = []
    bootstrapInterval(groups, (indices) => seen.push(indices.length), { seed, resamples: 20 })
    return seen
  })
  expect(sizes[0]).toHaveLength(20)
  expect(sizes[0]).not.toEqual(sizes[1])
})

test('a class of a single source is missing from some resamples, and these are left out', () => {
  const named = ['a', 'b', 'c', 'd']
  const [truth, answer] = [
    [0, 0, 0, 1],
    [0, 0, 1, 1],
  ]
  const bothClasses = (indices: Int32Array) => {
    const labels = Array.from(indices, (i) => truth[i]!)
    if (!labels.includes(0) || !labels.includes(1)) return null
    return balancedAccuracy(
      labels,
      Array.from(indices, (i) => answer[i]!),
      2,
    )
  }
  const found = bootstrapInterval(named, bothClasses, { resamples: 2000 })
  // Class 1 is missing with a probability of (3/4)⁴, class 0 with (1/4)⁴.
  expect(found.resamples / 2000).toBeCloseTo(1 - 0.75 ** 4 - 0.25 ** 4, 1)
  expect(found.lower).toBeGreaterThanOrEqual(0.5)
  expect(found.upper).toBe(1)
})

describe('bad input is refused', () => {
  test.each<[string, () => unknown, 'INVALID_INPUT' | 'INVALID_OPTION', RegExp]>([
    [
      'a single source',
      () => accuracyInterval([0, 1], [0, 1], ['park', 'park']),
      'INVALID_INPUT',
      /groups has 2 examples of one group, 'park'; an interval needs at least two groups/,
    ],
    ['no examples', () => bootstrapInterval([], () => 1), 'INVALID_INPUT', /groups is empty/],
    ['no clips', () => accuracyInterval([], [], []), 'INVALID_INPUT', /yTrue is empty/],
    [
      'lengths',
      () => accuracyInterval([0, 1, 1], [0, 1, 1], ['a', 'b']),
      'INVALID_INPUT',
      /yTrue has 3 values and groups 2; they must have the same length/,
    ],
    [
      'a number',
      () => bootstrapInterval(['a', 5 as never], () => 1),
      'INVALID_INPUT',
      /groups\[1\] is of type number/,
    ],
    [
      'a metric of NaN',
      () => bootstrapInterval(groups, () => Number.NaN),
      'INVALID_INPUT',
      /the metric is NaN; it must be a finite number or null/,
    ],
    [
      'a metric that is never defined',
      () => bootstrapInterval(groups, () => null, { resamples: 30 }),
      'INVALID_INPUT',
      /the metric is null for all 30 resamples/,
    ],
    ['no metric', () => bootstrapInterval(groups, 1 as never), 'INVALID_INPUT', /metric is of type number/],
    [
      'no resamples',
      () => bootstrapInterval(groups, () => 1, { resamples: 0 }),
      'INVALID_OPTION',
      /resamples=0 must be an integer/,
    ],
    ...[0, 1, 95, Number.NaN].map((confidence): [string, () => unknown, 'INVALID_OPTION', RegExp] => [
      `a confidence of ${confidence}`,
      () => bootstrapInterval(groups, () => 1, { confidence }),
      'INVALID_OPTION',
      /confidence=.* must be in \(0, 1\)/,
    ]),
  ])('%s', (_, call, code, text) => {
    expect(call).toThrow(throwsCode(code, text))
  })
})
