import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { createRng } from './random.js'

test('the numbers of a seed never change', () => {
  const rng = createRng(42)
  const first = Array.from({ length: 4 }, () => rng.uniform())
  // Recorded when the generator was written. If these change, the splits and initial weights of all users change.
  expect(first).toEqual([0.7010580946225673, 0.9220983108971268, 0.3602520162239671, 0.9407449550926685])
})

describe('distributions', () => {
  const rng = createRng(7)
  const count = 200_000

  test('uniform has mean 1/2 and variance 1/12, and lies in [0, 1)', () => {
    const values = Array.from({ length: count }, () => rng.uniform())
    expect(Math.min(...values.slice(0, 50_000))).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values.slice(0, 50_000))).toBeLessThan(1)
    const mean = values.reduce((a, b) => a + b) / count
    const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / count
    expect(Math.abs(mean - 0.5)).toBeLessThan(5 * Math.sqrt(1 / 12 / count))
    expect(Math.abs(variance - 1 / 12)).toBeLessThan(0.001)
  })

  test('normal has mean 0, variance 1 and excess kurtosis 0', () => {
    const values = Array.from({ length: count }, () => rng.normal())
    const moment = (power: number) => values.reduce((sum, value) => sum + value ** power, 0) / count
    expect(Math.abs(moment(1))).toBeLessThan(5 / Math.sqrt(count))
    expect(Math.abs(moment(2) - 1)).toBeLessThan(5 * Math.sqrt(2 / count))
    expect(Math.abs(moment(4) - 3)).toBeLessThan(5 * Math.sqrt(96 / count))
  })

  test('integer returns every value equally often', () => {
    const counts = new Array(7).fill(0)
    for (let i = 0; i < count; i++) counts[rng.integer(7)]++
    const expected = count / 7
    const chiSquared = counts.reduce((sum, seen) => sum + (seen - expected) ** 2 / expected, 0)
    expect(chiSquared).toBeLessThan(22.5) // 6 degrees of freedom, p = 0.001
  })

  test('shuffle puts each value in each place equally often', () => {
    const places = Array.from({ length: 4 }, () => new Array(4).fill(0))
    for (let i = 0; i < 20_000; i++) {
      rng.shuffle(Int32Array.of(0, 1, 2, 3)).forEach((value, place) => {
        places[place]![value]++
      })
    }
    for (const seen of places.flat()) expect(Math.abs(seen - 5000)).toBeLessThan(300)
  })
})

describe('state and forks', () => {
  test('a generator from a saved state continues with the next number', () => {
    const rng = createRng(3)
    rng.normal()
    const resumed = createRng(rng.state())
    expect(resumed.fork('noise').uniform()).toBe(rng.fork('noise').uniform())
    expect([resumed.uniform(), resumed.normal()]).toEqual([rng.uniform(), rng.normal()])
  })

  test('a fork depends on its label, not on the numbers drawn before', () => {
    const early = createRng(3).fork('noise')
    const late = createRng(3)
    late.uniform()
    expect(late.fork('noise').uniform()).toBe(early.uniform())
    expect(createRng(3).fork('gain').uniform()).not.toBe(createRng(3).fork('noise').uniform())
  })

  test('forks of forks differ from each other', () => {
    const values = ['a', 'b'].flatMap((outer) =>
      ['a', 'b'].map((inner) => createRng(1).fork(outer).fork(inner).uniform()),
    )
    expect(new Set(values).size).toBe(4)
  })
})

test.each([-1, 0.5, Number.NaN, 2 ** 53])('refuses seed %s', (seed) => {
  expect(() => createRng(seed)).toThrow(throwsCode('INVALID_OPTION'))
})

test('refuses a state with a word beyond 32 bits', () => {
  expect(() => createRng([1, 2, 3, 2 ** 32, 0, 0])).toThrow(throwsCode('INVALID_OPTION'))
})
