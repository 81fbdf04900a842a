import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { balancedBatches, classWeights, oversample, undersample } from './balance.js'

const labelled = fc.array(fc.nat(4), { minLength: 1, maxLength: 60 })

function countsOf(labels: ArrayLike<number>, indices: Iterable<number>): number[] {
  const counts = new Map(Array.from(labels, (label) => [label, 0]))
  for (const i of indices) counts.set(labels[i]!, counts.get(labels[i]!)! + 1)
  return [...counts.values()]
}

describe('classWeights', () => {
  test.each([
    [
      [0, 0, 0, 1],
      [0, 1],
      [2 / 3, 2],
    ],
    [
      ['rain', 'dog', 'dog', 'saw', 'dog', 'saw'],
      ['dog', 'rain', 'saw'],
      [2 / 3, 2, 1],
    ],
    [
      [5, -1, 5, 5, 5, 5, 5],
      [-1, 5],
      [3.5, 7 / 12],
    ],
    [
      [10, 9],
      [9, 10],
      [1, 1],
    ],
  ])("are scikit-learn's balanced weights of %j", (labels, classes, weights) => {
    const found = classWeights(labels)
    expect([...found.keys()]).toEqual(classes)
    for (const [i, weight] of [...found.values()].entries()) expect(weight).toBeCloseTo(weights[i]!, 14)
  })

  // Computed with NumPy from the paper's formula.
  test.each([
    [0, [1, 1, 1]],
    [0.9, [0.48795236265320496, 0.7380993129931727, 1.773948324353622]],
    [0.999, [0.16638615391841804, 0.6556720453620222, 2.17794180071956]],
    [0.9999, [0.16391020911189333, 0.6546584725198414, 2.1814313183682654]],
  ])('count effective numbers with beta=%d', (beta, weights) => {
    const labels = [40, 10, 3].flatMap((count, label) => Array<number>(count).fill(label))
    const found = [...classWeights(labels, { method: 'effective-number', beta }).values()]
    for (const [i, weight] of found.entries()) expect(weight).toBeCloseTo(weights[i]!, 11)
  })

  test('of effective numbers sum to the number of classes, and turn balanced as beta nears 1', () => {
    fc.assert(
      fc.property(labelled, fc.double({ min: 0, max: 1 - 1e-15, noNaN: true }), (labels, beta) => {
        const weights = [...classWeights(labels, { method: 'effective-number', beta }).values()]
        expect(weights.reduce((a, b) => a + b, 0)).toBeCloseTo(weights.length, 10)
      }),
    )
    const limit = classWeights([0, 0, 0, 1], { method: 'effective-number', beta: 1 - 2 ** -53 })
    expect(limit.get(1)! / limit.get(0)!).toBeCloseTo(3, 10)
  })

  test('refuses no labels, other methods, and beta outside [0, 1)', () => {
    expect(() => classWeights([])).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => classWeights([0], { method: 'inverse' as 'balanced' })).toThrow(throwsCode('INVALID_OPTION'))
    for (const beta of [1, -0.1, Number.NaN]) {
      expect(() => classWeights([0], { method: 'effective-number', beta })).toThrow(
        `beta=${beta} must lie in [0, 1)`,
      )
    }
  })
})

describe('oversample', () => {
  test('keeps every example and draws each class up to the largest', () => {
    fc.assert(
      fc.property(labelled, fc.nat(), (labels, seed) => {
        const indices = oversample(labels, { seed })
        expect(Array.from(indices.subarray(0, labels.length))).toEqual([...labels.keys()])
        const counts = countsOf(labels, indices)
        expect(new Set(counts)).toEqual(new Set([Math.max(...countsOf(labels, labels.keys()))]))
        const added = Array.from(indices.subarray(labels.length), (i) => labels[i]!)
        expect(added).toEqual(added.toSorted((a, b) => a - b))
      }),
    )
  })

  test('draws with replacement, the same for the same seed', () => {
    const labels = Array.from({ length: 100 }, (_, i) => Number(i >= 90))
    const drawn = oversample(labels, { seed: 2 }).subarray(100)
    expect(drawn).toEqual(oversample(labels, { seed: 2 }).subarray(100))
    expect(drawn).not.toEqual(oversample(labels, { seed: 3 }).subarray(100))
    // 80 draws of 10, with equal chances: each comes 8 times on average, with a standard deviation of 2.7.
    const times = Array.from({ length: 10 }, (_, i) => drawn.filter((index) => index === 90 + i).length)
    expect(Math.min(...times)).toBeGreaterThan(0)
    expect(new Set(times).size).toBeGreaterThan(1)
  })
})

describe('undersample', () => {
  test('takes each class as often as the smallest, no example twice', () => {
    fc.assert(
      fc.property(labelled, fc.nat(), (labels, seed) => {
        const indices = undersample(labels, { seed })
        expect(new Set(indices).size).toBe(indices.length)
        expect(indices).toEqual(indices.toSorted())
        expect(new Set(countsOf(labels, indices))).toEqual(
          new Set([Math.min(...countsOf(labels, labels.keys()))]),
        )
      }),
    )
  })

  test('draws the same for the same seed, and others for another', () => {
    const labels = Array.from({ length: 100 }, (_, i) => Number(i >= 80))
    expect(undersample(labels, { seed: 2 })).toEqual(undersample(labels, { seed: 2 }))
    expect(undersample(labels, { seed: 2 })).not.toEqual(undersample(labels, { seed: 3 }))
  })
})

describe('balancedBatches', () => {
  const options = fc.record({ batchSize: fc.integer({ min: 1, max: 20 }), seed: fc.nat() })

  test('holds each class equally often, within one, and no more batches than the largest class needs', () => {
    fc.assert(
      fc.property(labelled, options, (labels, { batchSize, seed }) => {
        const batches = [...balancedBatches(labels, { batchSize, seed })]
        for (const batch of batches) {
          const counts = countsOf(labels, batch)
          expect(batch.length).toBe(batchSize)
          expect(Math.max(...counts) - Math.min(...counts)).toBeLessThanOrEqual(1)
        }
        const all = countsOf(labels, labels.keys())
        expect(batches.length).toBe(Math.ceil((Math.max(...all) * all.length) / batchSize))
      }),
    )
  })

  test('gives every example of a class before any again, in every round', () => {
    fc.assert(
      fc.property(labelled, options, (labels, { batchSize, seed }) => {
        const drawn = [...balancedBatches(labels, { batchSize, seed })].flatMap((batch) => Array.from(batch))
        expect(new Set(drawn).size).toBe(labels.length)
        for (const label of new Set(labels)) {
          const ofClass = drawn.filter((i) => labels[i] === label)
          const size = labels.filter((other) => other === label).length
          for (let start = 0; start < ofClass.length; start += size) {
            const round = ofClass.slice(start, start + size)
            expect(new Set(round).size).toBe(round.length)
          }
        }
      }),
    )
  })

  test('repeats itself for a seed and differs for another', () => {
    const labels = Array.from({ length: 50 }, (_, i) => (i % 7 === 0 ? 'saw' : 'dog'))
    const batches = (seed: number) => [...balancedBatches(labels, { batchSize: 8, seed })]
    expect(batches(1)).toEqual(batches(1))
    expect(batches(1)).not.toEqual(batches(2))
  })

  test('refuses no labels and empty batches, at once', () => {
    expect(() => balancedBatches([], { batchSize: 4 })).toThrow(throwsCode('INVALID_INPUT'))
    expect(() => balancedBatches([0], { batchSize: 0 })).toThrow(throwsCode('INVALID_OPTION'))
    expect(() => balancedBatches([0], { batchSize: 4, seed: 0.5 })).toThrow(throwsCode('INVALID_OPTION'))
  })
})
