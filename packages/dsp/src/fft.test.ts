import { createRng } from '@esc/core'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createPowerOfTwoFft, createRealFft } from './fft.js'

function transform(input: Float64Array): { re: Float64Array; im: Float64Array } {
  const bins = Math.floor(input.length / 2) + 1
  const re = new Float64Array(bins)
  const im = new Float64Array(bins)
  createRealFft(input.length).forward(input, re, im)
  return { re, im }
}

/** The definition, with angles reduced modulo a turn so that they keep their digits. */
function naiveDft(input: Float64Array): { re: Float64Array; im: Float64Array } {
  const size = input.length
  const bins = Math.floor(size / 2) + 1
  const re = new Float64Array(bins)
  const im = new Float64Array(bins)
  for (let k = 0; k < bins; k++) {
    for (let n = 0; n < size; n++) {
      const angle = (2 * Math.PI * ((k * n) % size)) / size
      re[k]! += input[n]! * Math.cos(angle)
      im[k]! -= input[n]! * Math.sin(angle)
    }
  }
  return { re, im }
}

function noise(size: number, seed: number): Float64Array {
  const rng = createRng(seed)
  return Float64Array.from({ length: size }, () => 2 * rng.uniform() - 1)
}

function maxDifference(a: Float64Array, b: Float64Array): number {
  return a.reduce((max, value, i) => Math.max(max, Math.abs(value - b[i]!)), 0)
}

describe('createRealFft', () => {
  it.each([1, 2, 3, 4, 5, 7, 8, 16, 30, 32, 100, 128, 255, 400, 512, 882])(
    'equals the DFT of %i samples',
    (size) => {
      const input = noise(size, size)
      const { re, im } = transform(input)
      const expected = naiveDft(input)
      expect(maxDifference(re, expected.re)).toBeLessThan(1e-12 * size)
      expect(maxDifference(im, expected.im)).toBeLessThan(1e-12 * size)
    },
  )

  it('keeps the energy (Parseval) and its input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0 }), (size, seed) => {
        const input = noise(size, seed)
        const copy = input.slice()
        const { re, im } = transform(input)
        expect(input).toEqual(copy)
        let energy = 0
        for (let k = 0; k < re.length; k++) {
          const twice = k > 0 && 2 * k < size
          energy += (twice ? 2 : 1) * (re[k]! ** 2 + im[k]! ** 2)
        }
        const expected = size * input.reduce((sum, value) => sum + value * value, 0)
        expect(Math.abs(energy - expected)).toBeLessThanOrEqual(1e-11 * expected)
      }),
      { numRuns: 50 },
    )
  })

  it('makes a spectrum of exact zeros from silence', () => {
    for (const size of [64, 100]) {
      const { re, im } = transform(new Float64Array(size))
      expect(re.every((value) => value === 0) && im.every((value) => Math.abs(value) === 0)).toBe(true)
    }
  })

  it('forgets what it transformed before', () => {
    for (const size of [64, 100]) {
      const fft = createRealFft(size)
      const [a, b] = [noise(size, 1), noise(size, 2)]
      const run = (input: Float64Array) => {
        const re = new Float64Array(size / 2 + 1)
        const im = new Float64Array(size / 2 + 1)
        fft.forward(input, re, im)
        return [re, im]
      }
      const first = run(a)
      run(b)
      expect(run(a)).toEqual(first)
    }
  })
})

describe('createPowerOfTwoFft', () => {
  it.each([4, 8, 32, 1024, 2048])('goes back to %i samples', (size) => {
    const input = noise(size, size)
    const fft = createPowerOfTwoFft(size)
    const re = new Float64Array(size / 2 + 1)
    const im = new Float64Array(size / 2 + 1)
    const back = new Float64Array(size)
    fft.forward(input, re, im)
    fft.inverse(re, im, back)
    expect(maxDifference(back, input)).toBeLessThan(1e-14 * size)
  })
})
