import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import fixture from '../fixtures/folds.json'
import { argsort, pairwiseSum } from './numpy.js'

describe('argsort', () => {
  test('sorts, whatever comes', () => {
    const { sizes } = fixture.groupKFoldBySize.find(({ name }) => name.startsWith("quicksort's"))!
    const some = fc.oneof(fc.array(fc.nat(9), { maxLength: 300 }), fc.array(fc.nat(), { maxLength: 300 }))
    fc.assert(
      fc.property(some, (values) => {
        const order = Array.from(argsort(values))
        expect(order.map((i) => values[i])).toEqual(values.toSorted((a, b) => a - b))
        expect(order.toSorted((a, b) => a - b)).toEqual([...values.keys()])
      }),
      { examples: [[[]], [[3]], [sizes], [sizes.toReversed()], [Array(300).fill(1)]] },
    )
  })
})

describe('pairwiseSum', () => {
  test('adds in eight lanes, and in two halves past 128', () => {
    // A lane of its own keeps each 1 from being lost beside 2 ** 53.
    expect(pairwiseSum(Float64Array.of(2 ** 53, 1, 1), 0, 3)).toBe(2 ** 53)
    const lanes = new Float64Array(17)
    lanes.set([2 ** 53, 0, 1, 0, 1, 0, 0, 0])
    lanes[10] = 1
    lanes[12] = 1
    expect(pairwiseSum(lanes, 0, 16)).toBe(2 ** 53 + 4)
    const halves = new Float64Array(130).fill(1)
    halves[0] = 2 ** 53
    expect(pairwiseSum(halves, 0, 130)).toBe(2 ** 53 + 122)
  })

  test('differs from the exact sum by no more than rounding allows', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: -1e6, max: 1e6 }), { maxLength: 400 }), (values) => {
        const sum = values.reduce((a, b) => a + b, 0)
        expect(pairwiseSum(Float64Array.from(values), 0, values.length)).toBe(sum)
      }),
    )
  })
})
