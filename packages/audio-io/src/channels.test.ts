import { throwsCode } from '@esc/expect'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { toMono } from './channels.js'

describe('toMono', () => {
  test('averages all channels', () => {
    const mono = toMono([
      Float32Array.of(1, 0.5, 0),
      Float32Array.of(-1, 0.25, 0),
      Float32Array.of(0, 0, 0.75),
    ])
    expect(mono).toEqual(Float32Array.of(0, 0.25, 0.25))
  })

  test('accumulates in float64: a small channel survives a large one', () => {
    const small = 2 ** -30
    expect(toMono([Float32Array.of(1), Float32Array.of(small), Float32Array.of(-1)])[0]).toBe(
      Math.fround(small / 3),
    )
  })

  test('copies a single channel', () => {
    const channel = Float32Array.of(0.1, 0.2)
    const mono = toMono([channel])
    expect(mono).toEqual(channel)
    expect(mono).not.toBe(channel)
  })

  test('does not depend on how often the same channel is given', () => {
    fc.assert(
      fc.property(
        fc.float32Array({ noNaN: true, min: -1, max: 1 }),
        fc.integer({ min: 2, max: 8 }),
        (samples, n) => {
          expect(toMono(Array.from({ length: n }, () => samples))).toEqual(samples.map((value) => value + 0))
        },
      ),
    )
  })

  test.each([
    ['no channel', []],
    ['unequal lengths', [new Float32Array(2), new Float32Array(3)]],
  ])('refuses %s', (_, channels) => {
    expect(() => toMono(channels)).toThrow(throwsCode('INVALID_INPUT'))
  })
})
