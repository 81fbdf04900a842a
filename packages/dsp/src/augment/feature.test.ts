import { createRng } from '@esc/core'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { frequencyMask, specAugment, timeMask } from './feature.js'

const [bins, frames] = [20, 50]
const matrix = { data: noise(bins * frames, 1), bins, frames }
const columnIs = (data: Float32Array, frame: number, value: number) =>
  Array.from({ length: bins }, (_, bin) => data[bin * frames + frame]).every((entry) => entry === value)
const rowIs = (data: Float32Array, bin: number, value: number) =>
  data.subarray(bin * frames, (bin + 1) * frames).every((entry) => entry === value)

/** Returns the covered indices. They must be neighbours, and all other values unchanged. */
function covered(is: (index: number) => boolean, length: number): number[] {
  const indices = Array.from({ length }, (_, i) => i).filter(is)
  expect(indices.length === 0 || indices.at(-1)! - indices[0]! === indices.length - 1).toBe(true)
  return indices
}

describe.each([
  ['timeMask', (most: number) => timeMask({ maxFrames: most, fill: 9 }), columnIs, frames],
  ['frequencyMask', (most: number) => frequencyMask({ maxBins: most, fill: 9 }), rowIs, bins],
] as const)('%s', (_, create, is, length) => {
  test('covers 0 to the largest number of neighbours, anywhere, and nothing else', () => {
    const widths = new Set<number>()
    const places = new Set<number>()
    for (let seed = 0; seed < 400; seed++) {
      const { data } = create(7)(matrix, createRng(seed))
      const indices = covered((index) => is(data, index, 9), length)
      widths.add(indices.length)
      for (const index of indices) places.add(index)
      const changed = data.filter((value, i) => value !== matrix.data[i]!)
      expect(changed).toHaveLength((indices.length * bins * frames) / length)
    }
    expect([...widths].sort()).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
    expect(places.size).toBe(length)
  })

  test('stops at the size of the matrix, and does nothing with 0', () => {
    for (let seed = 0; seed < 30; seed++) {
      const { data } = create(1000)(matrix, createRng(seed))
      expect(data).toHaveLength(bins * frames)
      expect(create(0)(matrix, createRng(seed)).data).toEqual(matrix.data)
    }
  })

  test.each([-1, 1.5, Number.NaN])('refuses a width of %s', (most) => {
    expect(() => create(most)).toThrow(throwsCode('INVALID_OPTION'))
  })
})

test('fills with the mean of the matrix by default', () => {
  const mean = Math.fround(matrix.data.reduce((sum, value) => sum + value, 0) / matrix.data.length)
  const { data } = timeMask({ maxFrames: 50 })(matrix, createRng(2))
  const indices = covered((frame) => columnIs(data, frame, mean), frames)
  expect(indices.length).toBeGreaterThan(0)
  expect(() => timeMask({ fill: Number.NaN })).toThrow(throwsCode('INVALID_OPTION'))
})

describe('specAugment', () => {
  test('covers at most as many rows and columns as its masks can', () => {
    let [mostRows, mostColumns] = [0, 0]
    for (let seed = 0; seed < 300; seed++) {
      const { data } = specAugment({ maxBins: 3, maxFrames: 4, fill: 9 })(matrix, createRng(seed))
      mostRows = Math.max(
        mostRows,
        Array.from({ length: bins }, (_, bin) => bin).filter((bin) => rowIs(data, bin, 9)).length,
      )
      mostColumns = Math.max(
        mostColumns,
        Array.from({ length: frames }, (_, t) => t).filter((t) => columnIs(data, t, 9)).length,
      )
    }
    expect([mostRows, mostColumns]).toEqual([6, 8])
  })

  test('accepts numbers of masks', () => {
    const { data } = specAugment({ frequencyMasks: 0, timeMasks: 1, fill: 9 })(matrix, createRng(1))
    expect(Array.from({ length: bins }, (_, bin) => rowIs(data, bin, 9)).includes(true)).toBe(false)
    for (const options of [{ frequencyMasks: 0, timeMasks: 0 }, { timeMasks: -1 }, { maxBins: 0.5 }]) {
      expect(() => specAugment(options)).toThrow(throwsCode('INVALID_OPTION'))
    }
  })
})
