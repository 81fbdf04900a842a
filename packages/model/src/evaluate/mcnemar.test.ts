/** McNemar's test and `erfc` against SciPy, and the most confused pairs. */
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { confusedPairs, mcnemarTest } from '../index.js'
import { erfc } from './erfc.js'
import fixture from './fixtures/evaluation.json' with { type: 'json' }

test.each(fixture.mcnemar)('$onlyFirst against $onlySecond: the p-value of SciPy', (wanted) => {
  const { onlyFirst, onlySecond } = wanted
  // Besides, both models get ten examples right and five wrong.
  const first = [...Array(onlyFirst + 10).fill(0), ...Array(onlySecond + 5).fill(1)]
  const second = [...Array(onlyFirst).fill(1), ...Array(10 + onlySecond).fill(0), ...Array(5).fill(2)]
  const found = mcnemarTest(Array(first.length).fill(0), first, second)
  expect(found).toMatchObject({ onlyFirst, onlySecond, method: wanted.method })
  if (wanted.statistic === null) expect(found.statistic).toBeNull()
  else expect(found.statistic).toBeCloseTo(wanted.statistic, 12)
  expect(Math.abs(found.pValue / wanted.pValue - 1)).toBeLessThan(1e-12)
})

test.each(fixture.erfc)('erfc(%d) is that of SciPy to 1e-12', (x, wanted) => {
  expect(Math.abs(erfc(x!) / wanted! - 1)).toBeLessThan(1e-12)
})

test('erfc far out is 0', () => {
  expect(erfc(40)).toBe(0)
})

test.each<[string, () => unknown, RegExp]>([
  ['no examples', () => mcnemarTest([], [], []), /yTrue is empty/],
  [
    'lengths',
    () => mcnemarTest([0, 1], [0, 1], [0]),
    /yTrue has 2 values and second 1; they must have the same/,
  ],
  ['a class of NaN', () => mcnemarTest([0], [Number.NaN], [0]), /first\[0\]=NaN must be an integer >= 0/],
])('mcnemarTest refuses %s', (_, call, text) => {
  expect(call).toThrow(throwsCode('INVALID_INPUT', text))
})

describe('confused pairs', () => {
  const labels = ['dog', 'rain', 'sea', 'wind']
  const confusion = [
    [9, 1, 0, 0],
    [3, 5, 4, 0],
    [0, 4, 6, 0],
    [0, 0, 0, 0],
  ]

  test('count both directions, the more frequent one first', () => {
    expect(confusedPairs(confusion, labels)).toEqual([
      { labels: ['rain', 'sea'], counts: [4, 4] },
      { labels: ['rain', 'dog'], counts: [3, 1] },
    ])
  })

  test('stop at the limit; there may be none', () => {
    expect(confusedPairs(confusion, labels, { limit: 1 })).toHaveLength(1)
    const all = Array.from({ length: 6 }, () => Array<number>(6).fill(1))
    expect(confusedPairs(all, [...'abcdef'])).toHaveLength(10)
    expect(confusedPairs(all, [...'abcdef'], { limit: null })).toHaveLength(15)
    expect(confusedPairs([[3]], ['dog'])).toEqual([])
  })

  test.each<[string, () => unknown, 'INVALID_INPUT' | 'INVALID_OPTION', RegExp]>([
    [
      'a row less',
      () => confusedPairs(confusion.slice(1), labels),
      'INVALID_INPUT',
      /confusion has 3 rows; it must be an array of 4 rows/,
    ],
    [
      'half a clip',
      () =>
        confusedPairs(
          [
            [1, 0.5],
            [0, 1],
          ],
          ['a', 'b'],
        ),
      'INVALID_INPUT',
      /confusion\[0\]\[1\]=0.5 must be an integer >= 0/,
    ],
    [
      'a limit of 0',
      () => confusedPairs(confusion, labels, { limit: 0 }),
      'INVALID_OPTION',
      /limit=0 must be/,
    ],
    [
      'a label twice',
      () =>
        confusedPairs(
          [
            [1, 0],
            [0, 1],
          ],
          ['a', 'a'],
        ),
      'INVALID_OPTION',
      /labels has 'a' twice/,
    ],
  ])('refuse %s', (_, call, code, text) => {
    expect(call).toThrow(throwsCode(code, text))
  })
})
