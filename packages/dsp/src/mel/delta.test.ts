import { throwsCode } from '@esc/expect'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { delta } from './delta.js'

const row = (values: readonly number[]) => ({
  data: Float32Array.from(values),
  bins: 1,
  frames: values.length,
})

describe('delta', () => {
  test('of a ramp is its slope, and of a parabola twice its factor, also at the ends', () => {
    const ramp = row(Array.from({ length: 20 }, (_, t) => 3 * t - 5))
    for (const width of [3, 9, 19])
      for (const value of delta(ramp, { width }).data) expect(value).toBeCloseTo(3, 5)
    const parabola = row(Array.from({ length: 20 }, (_, t) => 2 * t * t - t))
    for (const value of delta(parabola, { order: 2 }).data) expect(value).toBeCloseTo(4, 4)
    for (const value of delta(ramp, { order: 2 }).data) expect(value).toBeCloseTo(0, 5)
  })

  // scipy.signal.savgol_filter([1, 4, 9, 2, 0, 7], 5, deriv=1, polyorder=1, mode=mode)
  test.each([
    ['interp', [-0.4, -0.4, -0.4, -0.3, -0.3, -0.3]],
    ['nearest', [1.9, 1, -0.4, -0.3, 0.1, 1.7]],
    ['mirror', [0, 0.4, -0.4, -0.3, -1.3, 0]],
    ['constant', [2.2, 1.2, -0.4, -0.3, -1.3, -0.4]],
    ['wrap', [1.5, -0.2, -0.4, -0.3, -1.1, 0.5]],
  ] as const)('extends the ends by %s', (mode, expected) => {
    const { data } = delta(row([1, 4, 9, 2, 0, 7]), { width: 5, mode })
    data.forEach((value, t) => {
      expect(value).toBeCloseTo(expected[t]!, 5)
    })
  })

  test('of order 1 is the weighted difference Σ n (x[t+n] - x[t-n]) / 2 Σ n²', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 30 }), (half, frames) => {
        const { data } = row([...noise(frames, frames)])
        const at = (t: number) => data[Math.min(frames - 1, Math.max(0, t))]!
        const out = delta({ data, bins: 1, frames }, { width: 2 * half + 1, mode: 'nearest' }).data
        for (let t = 0; t < frames; t++) {
          let sum = 0
          let squares = 0
          for (let n = 1; n <= half; n++) {
            sum += n * (at(t + n) - at(t - n))
            squares += 2 * n * n
          }
          expect(out[t]).toBeCloseTo(sum / squares, 5)
        }
      }),
    )
  })

  test('along the bins equals that along the frames of the transposed matrix', () => {
    const [bins, frames] = [11, 7]
    const matrix = { data: noise(bins * frames, 2), bins, frames }
    const flipped = matrix.data.map((_, i) => matrix.data[(i % bins) * frames + Math.floor(i / bins)]!)
    const along = delta(matrix, { axis: 0 })
    const across = delta({ data: flipped, bins: frames, frames: bins })
    along.data.forEach((value, i) => {
      expect(value).toBe(across.data[(i % frames) * bins + Math.floor(i / frames)])
    })
  })

  test.each([
    ['an even width', { width: 4 }],
    ['width 1', { width: 1 }],
    ['order 0', { order: 0 }],
    ['an order that no window fits', { width: 3, order: 3 }],
    ['another axis', { axis: 2 as 1 }],
    ['another mode', { mode: 'reflect' as 'mirror' }],
  ])('refuses %s', (_, options) => {
    expect(() => delta(row(Array(20).fill(1)), options)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test('refuses an empty matrix, and fewer frames than the width unless the ends are extended', () => {
    const refused = throwsCode('INVALID_INPUT')
    expect(() => delta(row([]))).toThrow(refused)
    expect(() => delta(row([1, 2, 3]))).toThrow(refused)
    for (const mode of ['nearest', 'mirror', 'constant', 'wrap'] as const) {
      expect(delta(row([5]), { mode }).data[0]).toBeCloseTo(0, 12)
    }
  })
})
