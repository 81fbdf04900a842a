import { createRng } from '@esc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { quantizeActivation } from './int8-activations.js'
import { quantizeBias, quantizeWeight, scalesForBias } from './int8-weights.js'

const rng = createRng(31)

describe('the arithmetic', () => {
  test('activations: 0 is exact, and the error of every value in the range is at most one step', () => {
    const number = fc.float({ min: -100, max: 100, noNaN: true })
    fc.assert(
      fc.property(number, number, fc.float({ min: 0, max: 1, noNaN: true }), (a, b, share) => {
        const range = { min: Math.min(a, b), max: Math.max(a, b) }
        const { scale, zeroPoint } = quantizeActivation(range)
        expect(zeroPoint).toBeGreaterThanOrEqual(0)
        expect(zeroPoint).toBeLessThanOrEqual(255)
        const value = range.min + share * (range.max - range.min)
        const quantized = Math.max(0, Math.min(255, Math.round(value / scale) + zeroPoint))
        // The zero point is rounded too, which can add half a step at the ends of the range.
        expect(Math.abs((quantized - zeroPoint) * scale - value)).toBeLessThanOrEqual(1.001 * scale)
      }),
    )
  })

  test('a value that is always 0 has a scale that is not 0', () => {
    expect(quantizeActivation({ min: 0, max: 0 })).toEqual({ scale: 1, zeroPoint: 0 })
    const zeros = quantizeWeight(
      { dims: [1, 2], data: new Float32Array(2) },
      { perChannel: true, reduceRange: false, smallestScales: [0] },
    )
    expect([...zeros.scales.data, ...(zeros.values.data as Int8Array)]).toEqual([1, 0, 0])
  })

  test('weights: the error is at most half a step, the range is symmetric and has 7 bits with reduceRange', () => {
    const data = Float32Array.from({ length: 300 }, () => rng.normal())
    for (const [reduceRange, limit] of [
      [true, 64],
      [false, 127],
    ] as const) {
      const { values, scales } = quantizeWeight(
        { dims: [3, 100], data },
        { perChannel: true, reduceRange, smallestScales: [0, 0, 0] },
      )
      const ints = values.data as Int8Array
      expect(Math.max(...ints.map(Math.abs))).toBe(limit)
      data.forEach((value, i) => {
        const scale = scales.data[Math.floor(i / 100)]!
        expect(Math.abs(ints[i]! * scale - value)).toBeLessThanOrEqual(0.5001 * scale)
      })
    }
  })

  test('biases are in units of input scale × weight scale', () => {
    const weightScales = { type: 'float32', dims: [2], data: Float32Array.of(0.25, 0.25) } as const
    const { values, scales } = quantizeBias({ dims: [2], data: Float32Array.of(0.25, -1) }, 0.5, weightScales)
    expect([...scales.data]).toEqual([0.125, 0.125])
    expect([...(values.data as Int32Array)]).toEqual([2, -8])
  })

  test('a weight scale is never so small that the bias does not fit', () => {
    const bias = Float32Array.of(0.5, 1e12, 0)
    const smallestScales = scalesForBias(bias, 1e-3, true)
    const weight = quantizeWeight(
      { dims: [3, 1], data: Float32Array.of(1e-9, 1, 1) },
      { perChannel: true, reduceRange: true, smallestScales },
    )
    const { values, scales } = quantizeBias({ dims: [3], data: bias }, 1e-3, weight.scales)
    bias.forEach((value, i) => {
      expect(Math.abs((values.data as Int32Array)[i]! * scales.data[i]! - value)).toBeLessThanOrEqual(
        1e-6 * value,
      )
    })
  })
})
