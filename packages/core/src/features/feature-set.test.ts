import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { assertFeatureSet, assertIndices, type EscErrorCode, type Example, featureSet } from '../index.js'

const matrix = (value: number, frames = 3) => ({
  data: new Float32Array(2 * frames).fill(value),
  bins: 2,
  frames,
})
const examples: Example[] = [0, 1, 2, 3, 4].map((i) => ({
  id: `c${i}`,
  features: matrix(i),
  labelIndex: i % 2,
}))
const labels = ['dog', 'rain']

describe('featureSet', () => {
  test('without further fields each example is a recording of its own', () => {
    const { records, recipe, windows, dataset } = featureSet(examples, { labels })
    expect(records[1]).toEqual({ id: 'c1', clipId: 'c1', labelIndex: 1, group: 'c1', fold: null })
    expect([recipe, windows, dataset]).toEqual([null, null, null])
  })

  test('keeps clip ids, groups, folds and targets', async () => {
    const target = Float32Array.of(0.25, 0.75)
    const one = { ...examples[0]!, clipId: 'clip', group: 'site', fold: 3, target }
    const set = featureSet([one], { labels, windows: { windowSec: 1 } })
    expect(set.records).toEqual([{ id: 'c0', clipId: 'clip', labelIndex: 0, group: 'site', fold: 3 }])
    expect(set.windows).toEqual({ windowSec: 1, hopSec: 0.5 })
    expect(await set.get(0)).toEqual({ features: one.features, target })
  })

  test.each<[string, Example[], object, EscErrorCode, RegExp]>([
    ['no labels', examples, { labels: [] }, 'INVALID_OPTION', /labels must be an array of class names/],
    ['a label twice', examples, { labels: ['a', 'a'] }, 'INVALID_OPTION', /labels has 'a' twice/],
    [
      'an index of no label',
      examples,
      { labels: ['dog'] },
      'INVALID_INPUT',
      /'c1' has label 1, not an integer in \[0, 1\)/,
    ],
    ['no examples', [], { labels }, 'INVALID_INPUT', /the set has no examples/],
    ['an id twice', [examples[0]!, examples[0]!], { labels }, 'INVALID_INPUT', /two examples with id 'c0'/],
    ['an unknown option', examples, { labels, recipes: null }, 'INVALID_OPTION', /no option 'recipes'/],
    [
      'an object in place of the array',
      {} as never,
      { labels },
      'INVALID_INPUT',
      /examples is of type object/,
    ],
  ])('refuses %s', (_, list, options, code, text) => {
    expect(() => featureSet(list, options as never)).toThrow(throwsCode(code, text))
  })
})

test('assertFeatureSet names what is missing', () => {
  const set = featureSet(examples, { labels })
  for (const [value, text] of [
    [undefined, /the set is of type undefined; a feature set is what featureSet/],
    [examples, /the set is of type array/],
    [{ ...set, get: 1 }, /no function get/],
    [{ ...set, records: null }, /no array records/],
    [{ ...set, labels: undefined }, /no labels/],
  ] as const) {
    expect(() => assertFeatureSet(value as never)).toThrow(throwsCode('INVALID_INPUT', text))
  }
})

test.each<[string, object, RegExp]>([
  [
    'a clipId that is not a text',
    { clipId: null },
    /example 0 of the set has clipId=null; it must be a text/,
  ],
  [
    'a clip of two labels',
    { clipId: 'c1' },
    /clip 'c1' has windows of label 0 and of label 1; if each window has its own label/,
  ],
])('featureSet refuses %s', (_, change, text) => {
  const [first, ...rest] = examples
  expect(() => featureSet([{ ...first!, ...change } as never, ...rest], { labels })).toThrow(
    throwsCode('INVALID_INPUT', text),
  )
})

test('featureSet refuses an incomplete dataset', () => {
  expect(() => featureSet(examples, { labels, dataset: 'esc' as never })).toThrow(
    throwsCode('INVALID_INPUT', /dataset of a set must be \{ name, synthetic \}/),
  )
})

test('assertIndices names an index outside the set', () => {
  const set = featureSet(examples, { labels })
  assertIndices('split.test', Int32Array.of(0, 4), set)
  for (const indices of [[0, 5], [-1], [1.5], [Number.NaN]]) {
    expect(() => assertIndices('split.test', indices, set)).toThrow(
      throwsCode('INVALID_INPUT', /split\.test\[\d\]=.* is not an index of the set's 5 examples/),
    )
  }
  expect(() => assertIndices('indices', undefined as never, set)).toThrow(
    throwsCode('INVALID_INPUT', /indices is of type undefined; it must be a list of indices/),
  )
})
