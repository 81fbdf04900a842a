import { readFileSync } from 'node:fs'
import { createRng } from '@esc/core'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createPowerOfTwoFft, createRealFft, createScriptFft } from './fft.js'

function transform(input: Float64Array): { re: Float64Array; im: Float64Array } {
  const fft = createRealFft(input.length)
  fft.input.set(input)
  fft.forward()
  return { re: fft.re, im: fft.im }
}

/** The definition. Angles are reduced to one turn, so that they keep their digits. */
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
  test.each([1, 2, 3, 4, 5, 7, 8, 16, 30, 32, 100, 128, 255, 400, 512, 882])(
    'equals the DFT of %i samples',
    (size) => {
      const input = noise(size, size)
      const { re, im } = transform(input)
      const expected = naiveDft(input)
      expect(maxDifference(re, expected.re)).toBeLessThan(1e-12 * size)
      expect(maxDifference(im, expected.im)).toBeLessThan(1e-12 * size)
    },
  )

  test('keeps the energy (Parseval) and its input', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 600 }), fc.integer({ min: 0 }), (size, seed) => {
        const input = noise(size, seed)
        const fft = createRealFft(size)
        fft.input.set(input)
        fft.forward()
        expect(fft.input).toEqual(input)
        const { re, im } = fft
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

  test('returns exact zeros for silence', () => {
    for (const size of [64, 100]) {
      const { re, im } = transform(new Float64Array(size))
      expect(re.every((value) => value === 0) && im.every((value) => Math.abs(value) === 0)).toBe(true)
    }
  })

  test('does not depend on earlier transforms', () => {
    for (const size of [64, 100]) {
      const fft = createRealFft(size)
      const [a, b] = [noise(size, 1), noise(size, 2)]
      const run = (input: Float64Array) => {
        fft.input.set(input)
        fft.forward()
        return [fft.re.slice(), fft.im.slice()]
      }
      const first = run(a)
      run(b)
      expect(run(a)).toEqual(first)
    }
  })
})

describe.each([
  ['in WebAssembly', createPowerOfTwoFft],
  ['in JavaScript', createScriptFft],
])('a power of two %s', (_, create) => {
  test.each([4, 8, 16, 32, 1024, 2048, 8192])(
    'of %i samples: transform, powers, and inverse are right',
    (size) => {
      const input = noise(size, size)
      const expected = size > 1024 ? null : naiveDft(input)
      const fft = create(size)
      fft.input.set(input)
      fft.forward()
      const [re, im] = [fft.re.slice(), fft.im.slice()]
      if (expected) expect(maxDifference(re, expected.re)).toBeLessThan(1e-13 * size)
      if (expected) expect(maxDifference(im, expected.im)).toBeLessThan(1e-13 * size)
      fft.computePower()
      expect(
        maxDifference(
          fft.power,
          re.map((value, k) => value ** 2 + im[k]! ** 2),
        ),
      ).toBeLessThan(1e-12 * size)
      fft.re.set(re)
      fft.im.set(im)
      fft.inverse()
      expect(maxDifference(fft.output, input)).toBeLessThan(1e-14 * Math.log2(size))
    },
  )
})

test('WebAssembly and JavaScript agree to the last digits', () => {
  const [wasm, script] = [createPowerOfTwoFft(2048), createScriptFft(2048)]
  for (const fft of [wasm, script]) {
    fft.input.set(noise(2048, 3))
    fft.forward()
  }
  expect(wasm.re.buffer).not.toBe(script.re.buffer)
  expect(maxDifference(wasm.re, script.re)).toBeLessThan(1e-12)
  expect(maxDifference(wasm.im, script.im)).toBeLessThan(1e-12)
})

test('the compiled kernel is up to date with its source', async () => {
  const { compile } = (await import('../../wasm/build.mjs' as string)) as { compile(): Promise<string> }
  const url = new URL('./kernel.generated.ts', import.meta.url)
  expect(await compile()).toBe(readFileSync(url, 'utf8'))
}, 60_000)
