/**
 * Sums over the bins of every frame, in float64. All functions take several rows at a time, which at least
 * halves the time. They also look for wrong magnitudes on the way: a separate pass would take as long again.
 */
import type { FeatureMatrix } from '@esc/core'
import { ln, pow } from '../math.js'
import { assertMagnitude } from './magnitude.js'

/**
 * Computes `Σ S` and `Σ S weight` of every frame.
 *
 * @throws EscError INVALID_INPUT if a magnitude is not finite or is negative.
 */
export function sumBins(
  matrix: FeatureMatrix,
  weights: Float64Array,
): { totals: Float64Array; weighted: Float64Array } {
  const { data, bins, frames } = matrix
  const totals = new Float64Array(frames)
  const weighted = new Float64Array(frames)
  let negative = false
  let bin = 0
  for (; bin + 4 <= bins; bin += 4) {
    const [w0, w1, w2, w3] = [weights[bin]!, weights[bin + 1]!, weights[bin + 2]!, weights[bin + 3]!]
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      const a = data[r0 + t]!
      const b = data[r1 + t]!
      const c = data[r2 + t]!
      const d = data[r3 + t]!
      if (a < 0 || b < 0 || c < 0 || d < 0) negative = true
      totals[t]! += a + b + (c + d)
      weighted[t]! += w0 * a + w1 * b + (w2 * c + w3 * d)
    }
  }
  for (; bin < bins; bin++) {
    for (let t = 0, i = bin * frames; t < frames; t++, i++) {
      if (data[i]! < 0) negative = true
      totals[t]! += data[i]!
      weighted[t]! += weights[bin]! * data[i]!
    }
  }
  if (negative || !totals.every(Number.isFinite)) assertMagnitude(matrix)
  return { totals, weighted }
}

/** Computes `Σ S |freq - center| ** p` of every frame. Each frame has a centre of its own. */
export function sumDeviations(
  { data, bins, frames }: FeatureMatrix,
  freq: Float64Array,
  centers: Float64Array,
  p: number,
): Float64Array {
  const sums = new Float64Array(frames)
  let bin = 0
  for (; p === 2 && bin + 4 <= bins; bin += 4) {
    const [f0, f1, f2, f3] = [freq[bin]!, freq[bin + 1]!, freq[bin + 2]!, freq[bin + 3]!]
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      const center = centers[t]!
      const d0 = f0 - center
      const d1 = f1 - center
      const d2 = f2 - center
      const d3 = f3 - center
      sums[t]! +=
        data[r0 + t]! * d0 * d0 +
        data[r1 + t]! * d1 * d1 +
        (data[r2 + t]! * d2 * d2 + data[r3 + t]! * d3 * d3)
    }
  }
  for (; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) {
      sums[t]! += data[bin * frames + t]! * pow(Math.abs(freq[bin]! - centers[t]!), p)
    }
  }
  return sums
}

// countBelowShare keeps a sum after each group of this many bins; a multiple of 4.
const stride = 32

/**
 * Counts the lowest bins of every frame whose sum is still below `share` of the whole; at most all bins but
 * one.
 *
 * @throws EscError INVALID_INPUT if a magnitude is not finite or is negative.
 */
export function countBelowShare(matrix: FeatureMatrix, share: number): Int32Array {
  const { data, bins, frames } = matrix
  // Row k holds the sums of the first `stride * k` bins. So the data are read once, and then only a few bins
  // again.
  const rows = Math.floor(bins / stride)
  const sums = new Float64Array((rows + 1) * frames)
  let negative = false
  for (let bin = 0; bin < stride * rows; bin += 4) {
    const row = Math.floor(bin / stride) * frames
    if (bin % stride === 0) sums.copyWithin(row + frames, row, row + frames)
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0, to = row + frames; t < frames; t++, to++) {
      const a = data[r0 + t]!
      const b = data[r1 + t]!
      const c = data[r2 + t]!
      const d = data[r3 + t]!
      if (a < 0 || b < 0 || c < 0 || d < 0) negative = true
      sums[to]! += a + b + (c + d)
    }
  }
  const totals = sums.slice(rows * frames)
  for (let bin = stride * rows; bin < bins; bin++) {
    for (let t = 0, i = bin * frames; t < frames; t++, i++) {
      if (data[i]! < 0) negative = true
      totals[t]! += data[i]!
    }
  }
  if (negative || !totals.every(Number.isFinite)) assertMagnitude(matrix)
  return Int32Array.from(totals, (total, t) => {
    const threshold = share * total
    let k = 0
    while (k < rows && sums[(k + 1) * frames + t]! < threshold) k++
    let bin = stride * k
    let sum = sums[k * frames + t]!
    // The sums were added in different orders, so their last digits may differ.
    for (; bin < bins - 1; bin++) {
      sum += data[bin * frames + t]!
      if (!(sum < threshold)) break
    }
    return bin
  })
}

// A running product stays within these bounds. Its product with four float32 numbers is still a normal
// float64, and one step by `octavesPerStep` brings it back.
const largeProduct = 2 ** 400
const smallProduct = 2 ** -400
const octavesPerStep = 600
const scaleUp = 2 ** octavesPerStep
const scaleDown = 2 ** -octavesPerStep

/**
 * Computes `Σ S ** power` and `Σ ln S` of every frame, after raising smaller values to `floor`. The sum of
 * logarithms is the logarithm of a product, so it needs one logarithm for each frame instead of one for each
 * bin. Whole powers of two keep the product near 1.
 *
 * @param floor - In float32's range.
 * @throws EscError INVALID_INPUT if a magnitude is not finite or is negative.
 */
export function sumPowersAndLogs(
  matrix: FeatureMatrix,
  floor: number,
  power: number,
): { powers: Float64Array; logs: Float64Array } {
  const { data, bins, frames } = matrix
  const powers = new Float64Array(frames)
  const products = new Float64Array(frames).fill(1)
  const octaves = new Float64Array(frames)
  let negative = false
  const raise = power === 2 ? (x: number) => x * x : (x: number) => pow(x, power)
  let bin = 0
  for (; bin + 4 <= bins; bin += 4) {
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      let a = data[r0 + t]!
      let b = data[r1 + t]!
      let c = data[r2 + t]!
      let d = data[r3 + t]!
      // Most values are above the floor: one test of four values takes less time than four calls of Math.max.
      if (a < floor || b < floor || c < floor || d < floor) {
        if (a < 0 || b < 0 || c < 0 || d < 0) negative = true
        a = Math.max(floor, a)
        b = Math.max(floor, b)
        c = Math.max(floor, c)
        d = Math.max(floor, d)
      }
      powers[t]! += power === 2 ? a * a + b * b + (c * c + d * d) : raise(a) + raise(b) + raise(c) + raise(d)
      let product = products[t]! * a * (b * c * d)
      if (product > largeProduct) {
        product *= scaleDown
        octaves[t]! += octavesPerStep
      } else if (product < smallProduct) {
        product *= scaleUp
        octaves[t]! -= octavesPerStep
      }
      products[t] = product
    }
  }
  const logs = products.map((product, t) => ln(product) + octaves[t]! * Math.LN2)
  for (; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) {
      const value = data[bin * frames + t]!
      if (value < 0) negative = true
      const raised = Math.max(floor, value)
      powers[t]! += raise(raised)
      logs[t]! += ln(raised)
    }
  }
  if (negative || !logs.every(Number.isFinite)) assertMagnitude(matrix)
  return { powers, logs }
}
