import { expect, test } from 'vitest'
import { noise } from '../test-support/signals.js'
import { createBasisProduct, createScriptProduct } from './basis-product.js'

test.each([
  [1, 1, 1],
  [3, 5, 7],
  [13, 128, 431],
  [2, 40, 8],
  // More frames than a block has, and more bins than a block has numbers.
  [5, 1025, 300],
  [2, 140_001, 5],
])('multiplies %i × %i by %i frames, with the same bits without WebAssembly', (rows, bins, frames) => {
  const basis = Float64Array.from(noise(rows * bins, 1))
  const matrix = { data: noise(bins * frames, 2), bins, frames }
  const product = createBasisProduct(basis, bins)(matrix)
  expect(product).toEqual(createScriptProduct(basis, bins)(matrix))
  let worst = 0
  for (let i = 0; i < rows * frames; i += 7) {
    const [k, t] = [Math.floor(i / frames), i % frames]
    let sum = 0
    for (let bin = 0; bin < bins; bin++) sum += basis[k * bins + bin]! * matrix.data[bin * frames + t]!
    worst = Math.max(worst, Math.abs(sum - product.data[i]!))
  }
  expect(worst).toBeLessThan(2e-7 * Math.sqrt(bins))
})
