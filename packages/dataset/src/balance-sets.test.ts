/** Weights and drawing with a set in place of labels, and of a part of the examples. */

import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balancedBatches, classWeights, oversample, undersample } from './balance.js'
import type { SplitSource } from './splits/shared/source.js'

const setOf = (labels: readonly number[]): SplitSource => ({
  // Two examples for each clip, where both have one label.
  records: labels.map((labelIndex, i) => ({
    id: `${i}`,
    clipId: `${labelIndex}.${Math.floor(i / 2)}`,
    labelIndex,
    group: 'g',
    fold: null,
  })),
})
const labelled = fc.array(fc.nat(3), { minLength: 1, maxLength: 30 })
const seed = 7

test('a set gives what its labels give', () => {
  fc.assert(
    fc.property(labelled, (labels) => {
      const set = setOf(labels)
      expect(classWeights(set)).toEqual(classWeights(labels))
      expect(oversample(set, { seed })).toEqual(oversample(labels, { seed }))
      expect(undersample(set, { seed })).toEqual(undersample(labels, { seed }))
      const batches = [...balancedBatches(set, { batchSize: 4, seed })]
      expect(batches).toEqual([...balancedBatches(labels, { batchSize: 4, seed })])
    }),
  )
})

test('indices draw from those examples alone', () => {
  const part = labelled.chain((labels) =>
    fc.record({
      labels: fc.constant(labels),
      indices: fc.subarray([...labels.keys()], { minLength: 1 }),
    }),
  )
  fc.assert(
    fc.property(part, ({ labels, indices }) => {
      const set = setOf(labels)
      const own = indices.map((index) => labels[index]!)
      const indicesOf = (places: Int32Array) => places.map((place) => indices[place]!)
      expect(classWeights(set, { indices })).toEqual(classWeights(own))
      expect(oversample(set, { seed, indices })).toEqual(indicesOf(oversample(own, { seed })))
      expect(undersample(set, { seed, indices })).toEqual(indicesOf(undersample(own, { seed })))
      const options = { batchSize: 3, seed }
      const batches = [...balancedBatches(set, { ...options, indices: Int32Array.from(indices) })]
      expect(batches).toEqual([...balancedBatches(own, options)].map(indicesOf))
      expect(oversample(labels, { seed, indices })).toEqual(oversample(set, { seed, indices }))
    }),
  )
})

describe('refused are', () => {
  test.each<[number[], RegExp]>([
    [[0, 3], /indices\[1\]=3 is not an index of the 3 examples/],
    [[-1], /indices\[0\]=-1/],
    [[0.5], /indices\[0\]=0.5/],
    [[Number.NaN], /indices\[0\]=NaN/],
    [[], /indices is empty/],
  ])('indices %j', (indices, message) => {
    const set = setOf([0, 0, 1])
    for (const call of [
      () => classWeights(set, { indices }),
      () => oversample(set, { indices }),
      () => undersample(set, { indices }),
      () => balancedBatches(set, { indices, batchSize: 2 }),
    ]) {
      expect(call).toThrow(throwsCode('INVALID_INPUT', message))
    }
  })

  test('sets without examples, and clips of two labels', () => {
    expect(() => classWeights({ records: [] })).toThrow(throwsCode('INVALID_INPUT', /no examples/))
    const record = { clipId: 'a', group: 'g', fold: null }
    const records = [0, 1].map((labelIndex) => ({ ...record, id: `${labelIndex}`, labelIndex }))
    expect(() => oversample({ records })).toThrow(throwsCode('INVALID_INPUT', /clip 'a' differ in label/))
  })
})
