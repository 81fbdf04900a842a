import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { type Example, type FeatureSet, featureBatches, featureSet } from '../index.js'

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

async function collect(set: FeatureSet, indices: number[], batchSize = 2) {
  const batches = []
  for await (const batch of featureBatches(set, indices, { batchSize })) batches.push(batch)
  return batches
}

describe('featureBatches', () => {
  test('refuses options that are unknown or out of range', async () => {
    const set = featureSet(examples, { labels })
    const run = (options: object) => featureBatches(set, [0], options as never).next()
    await expect(run({ batch_size: 1 })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /no option 'batch_size' \(write batchSize\)/),
    )
    await expect(run({ batchSize: 0 })).rejects.toThrow(throwsCode('INVALID_OPTION', /batchSize=0/))
    await expect(run({ batchSize: 1, signal: 'stop' })).rejects.toThrow(
      throwsCode('INVALID_OPTION', /signal/),
    )
    await expect(run({ batchSize: 1, normalizer: { mean: [0], std: [1] } })).rejects.toThrow(
      throwsCode('INVALID_INPUT', /the normalizer has 1 bins, the features have 2/),
    )
    await expect(collect(set, [9])).rejects.toThrow(throwsCode('INVALID_INPUT', /indices\[0\]=9/))
  })

  test('of several reads that fail the first error is thrown, when all reads have ended', async () => {
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
    // An unhandled rejection would fail this run.
    await expect(collect(failing, [0, 1, 2], 3)).rejects.toThrow('later 0')
    expect(reading).toBe(0)
  })

  test('batches come in the order of the indices, also from promises', async () => {
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
    ['no features', undefined, /'c9' has no features/],
    ['a plain array', { bins: 2, frames: 3, data: [1, 2, 3, 4, 5, 6] }, /'c9' has no features/],
  ])('%s is an error that names the example', async (_, features, text) => {
    const set = featureSet([...examples, { id: 'c9', features: features as never, labelIndex: 0 }], {
      labels,
    })
    await expect(collect(set, [0, 5])).rejects.toThrow(throwsCode('INVALID_INPUT', text))
  })
})
