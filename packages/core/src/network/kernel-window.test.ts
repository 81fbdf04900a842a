import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Padding } from './graph.js'
import { windowPads } from './kernel-window.js'

describe('windowPads', () => {
  test.each<[number, number, number, Padding, [number, number]]>([
    // The first two are the example in TensorFlow's documentation of tf.nn, section "Notes on padding".
    [13, 6, 5, 'same', [1, 2]],
    [13, 6, 5, 'valid', [0, 0]],
    [5, 3, 2, 'same', [1, 1]],
    [5, 3, 1, 'same', [1, 1]],
    [4, 2, 1, 'same', [0, 1]],
    [4, 3, 2, 'same', [0, 1]],
    [7, 4, 1, 'same', [1, 2]],
    [224, 7, 2, 'same', [2, 3]],
    [7, 1, 3, 'same', [0, 0]],
    [3, 5, 1, 'same', [2, 2]],
  ])('length %i, window %i, stride %i, %s', (length, window, stride, padding, pads) => {
    expect(windowPads(length, window, stride, padding)).toEqual(pads)
  })

  test('gives ⌈length / stride⌉ windows with as few zeros as possible, an odd one behind', () => {
    const size = fc.integer({ min: 1, max: 40 })
    fc.assert(
      fc.property(size, size, size, (length, window, stride) => {
        const [before, behind] = windowPads(length, window, stride, 'same')
        const fitting = (padded: number) => Math.floor((padded - window) / stride) + 1
        expect(behind - before === 0 || behind - before === 1).toBe(true)
        expect(fitting(length + before + behind)).toBeGreaterThanOrEqual(Math.ceil(length / stride))
        if (before + behind > 0) {
          expect(fitting(length + before + behind - 1)).toBeLessThan(Math.ceil(length / stride))
        }
      }),
    )
  })
})
