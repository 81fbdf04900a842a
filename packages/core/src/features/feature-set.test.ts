import { describe, expect, test } from 'vitest'
import {
  assertFeatureSet,
  assertIndices,
  type EscErrorCode,
  type Example,
  type FeatureSet,
  featureBatches,
  featureSet,
} from '../index.js'

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
const error = (code: EscErrorCode, text: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(text) })

async function collect(set: FeatureSet, indices: number[], batchSize = 2) {
  const batches = []
  for await (const batch of featureBatches(set, indices, { batchSize })) batches.push(batch)
  return batches
}

describe('featureSet', () => {
  test('what is not said is as if each example were a recording of its own', () => {
    const { records, recipe, windows, dataset } = featureSet(examples, { labels })
    expect(records[1]).toEqual({ id: 'c1', clipId: 'c1', labelIndex: 1, group: 'c1', fold: null })
    expect([recipe, windows, dataset]).toEqual([null, null, null])
  })

  test('siblings, clips, folds and targets are kept', async () => {
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
      'a label that is none',
      examples,
      { labels: ['dog'] },
      'INVALID_INPUT',
      /'c1' has label 1, not an integer in \[0, 1\)/,
    ],
    ['no examples', [], { labels }, 'INVALID_INPUT', /the set has no examples/],
    ['an id twice', [examples[0]!, examples[0]!], { labels }, 'INVALID_INPUT', /two examples with id 'c0'/],
    ['an unknown option', examples, { labels, recipes: null }, 'INVALID_OPTION', /no option 'recipes'/],
    ['no array', {} as never, { labels }, 'INVALID_INPUT', /examples is of type object/],
  ])('%s: refused', (_, list, options, code, text) => {
    expect(() => featureSet(list, options as never)).toThrow(error(code, text))
  })
})

test('assertFeatureSet: what is no set is named', () => {
  const set = featureSet(examples, { labels })
  for (const [value, text] of [
    [undefined, /the set is of type undefined; a feature set is what featureSet/],
    [examples, /the set is of type array/],
    [{ ...set, get: 1 }, /no function get/],
    [{ ...set, records: null }, /no array records/],
    [{ ...set, labels: undefined }, /no labels/],
  ] as const) {
    expect(() => assertFeatureSet(value as never)).toThrow(error('INVALID_INPUT', text))
  }
})

test.each<[string, object, RegExp]>([
  ['a clip that is none', { clipId: null }, /example 0 of the set has clipId=null; it must be a text/],
  ['a clip of two labels', { clipId: 'c1' }, /clip 'c1' has windows of label 0 and of label 1; give windows/],
])('featureSet: %s', (_, change, text) => {
  const [first, ...rest] = examples
  expect(() => featureSet([{ ...first!, ...change } as never, ...rest], { labels })).toThrow(
    error('INVALID_INPUT', text),
  )
})

test('featureSet: where the clips are from must be whole', () => {
  expect(() => featureSet(examples, { labels, dataset: 'esc' as never })).toThrow(
    error('INVALID_INPUT', /dataset of a set must be \{ name, synthetic \}/),
  )
})

test('assertIndices: an index outside the set is named', () => {
  const set = featureSet(examples, { labels })
  assertIndices('split.test', Int32Array.of(0, 4), set)
  for (const indices of [[0, 5], [-1], [1.5], [Number.NaN]]) {
    expect(() => assertIndices('split.test', indices, set)).toThrow(
      error('INVALID_INPUT', /split\.test\[\d\]=.* is not an index of the set's 5 examples/),
    )
  }
  expect(() => assertIndices('indices', undefined as never, set)).toThrow(
    error('INVALID_INPUT', /indices is of type undefined; it must be a list of indices/),
  )
})

describe('featureBatches', () => {
  test('options that are unknown or out of range', async () => {
    const set = featureSet(examples, { labels })
    const run = (options: object) => featureBatches(set, [0], options as never).next()
    await expect(run({ batch_size: 1 })).rejects.toThrow(
      error('INVALID_OPTION', /no option 'batch_size' \(write batchSize\)/),
    )
    await expect(run({ batchSize: 0 })).rejects.toThrow(error('INVALID_OPTION', /batchSize=0/))
    await expect(run({ batchSize: 1, signal: 'stop' })).rejects.toThrow(error('INVALID_OPTION', /signal/))
    await expect(run({ batchSize: 1, normalizer: { mean: [0], std: [1] } })).rejects.toThrow(
      error('INVALID_INPUT', /the normalizer has 1 bins, the features have 2/),
    )
    await expect(collect(set, [9])).rejects.toThrow(error('INVALID_INPUT', /indices\[0\]=9/))
  })

  test('of several reads that fail the first is told, and none fails unseen or goes on', async () => {
    const set = featureSet(examples, { labels })
    let reading = 0
    const failing: FeatureSet = {
      ...set,
      get(index) {
        if (index === 1) throw new Error('at once')
        reading++
        return new Promise((_, reject) => {
          setTimeout(() => {
            reading--
            reject(new Error(`later ${index}`))
          }, 5)
        })
      },
    }
    // A rejection that nobody sees would fail this run.
    await expect(collect(failing, [0, 1, 2], 3)).rejects.toThrow('later 0')
    expect(reading).toBe(0)
  })

  test('come in the order asked for, from promises too', async () => {
    const set = featureSet(examples, { labels })
    const slow: FeatureSet = { ...set, get: async (index) => set.get(index) }
    const batches = await collect(set, [4, 0, 2])
    expect(batches.map(({ indices, dims }) => [indices, dims])).toEqual([
      [
        [4, 0],
        [2, 1, 2, 3],
      ],
      [[2], [1, 1, 2, 3]],
    ])
    expect([...batches[0]!.data]).toEqual([...Array(6).fill(4), ...Array(6).fill(0)])
    expect(await collect(slow, [4, 0, 2])).toEqual(batches)
  })

  test.each<[string, unknown, RegExp]>([
    [
      'another shape',
      matrix(1, 4),
      /example 'c9' has features 2 × 4 in 8 values, where \[1,2,3\] are needed: all examples must have one shape, so clips of other lengths need windows/,
    ],
    [
      'a value that is not finite',
      { ...matrix(1), data: matrix(1).data.fill(Number.NaN, 4, 5) },
      /not finite: NaN at bin 1, frame 1/,
    ],
    ['none', undefined, /'c9' has no features/],
    ['a plain array', { bins: 2, frames: 3, data: [1, 2, 3, 4, 5, 6] }, /'c9' has no features/],
  ])('%s: INVALID_INPUT naming the example', async (_, features, text) => {
    const set = featureSet([...examples, { id: 'c9', features: features as never, labelIndex: 0 }], {
      labels,
    })
    await expect(collect(set, [0, 5])).rejects.toThrow(error('INVALID_INPUT', text))
  })
})
