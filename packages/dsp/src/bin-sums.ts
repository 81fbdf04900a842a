/** Sums over the bins of every frame, in float64. All take four rows at a time, which halves their cost or better. */
import type { FeatureMatrix } from '@esc/core'
import { ln, pow } from './math.js'

/** `Σ S`, each bin times its weight, if there are weights. */
export function sumBins({ data, bins, frames }: FeatureMatrix, weights?: Float64Array): Float64Array {
  const sums = new Float64Array(frames)
  const weight = (bin: number) => (weights ? weights[bin]! : 1)
  let bin = 0
  for (; bin + 4 <= bins; bin += 4) {
    const [w0, w1, w2, w3] = [weight(bin), weight(bin + 1), weight(bin + 2), weight(bin + 3)]
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      sums[t]! += w0 * data[r0 + t]! + w1 * data[r1 + t]! + (w2 * data[r2 + t]! + w3 * data[r3 + t]!)
    }
  }
  for (; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) sums[t]! += weight(bin) * data[bin * frames + t]!
  }
  return sums
}

/** `Σ S |freq - center| ** p`, with a centre for each frame. */
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

/** How many bins, from the lowest, it takes until their sum is no longer below `share` of the whole; at most all but one. */
export function countBelowShare(matrix: FeatureMatrix, share: number): Int32Array {
  const { data, bins, frames } = matrix
  const thresholds = sumBins(matrix).map((total) => share * total)
  const sums = new Float64Array(frames)
  const below = new Int32Array(frames)
  let bin = 0
  for (; bin + 4 <= bins; bin += 4) {
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      const s0 = sums[t]! + data[r0 + t]!
      const s1 = s0 + data[r1 + t]!
      const s2 = s1 + data[r2 + t]!
      const s3 = s2 + data[r3 + t]!
      const threshold = thresholds[t]!
      sums[t] = s3
      if (s0 < threshold) below[t]! += s3 < threshold ? 4 : s2 < threshold ? 3 : s1 < threshold ? 2 : 1
    }
  }
  for (; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) {
      sums[t]! += data[bin * frames + t]!
      if (sums[t]! < thresholds[t]!) below[t]!++
    }
  }
  // The two sums add in different orders: they may differ in their last digits where `share` is nearly 1.
  return below.map((count) => Math.min(count, bins - 1))
}

// Running products stay within these bounds; times four numbers of float32's range they are still normal doubles.
const OCTAVES = 400
const LARGE = 2 ** OCTAVES
const SMALL = 2 ** -OCTAVES

/**
 * `Σ ln S`, with what is below `floor` raised to it: the logarithm of a product, which is kept near 1 by whole powers
 * of two, takes one logarithm a frame instead of one a bin.
 *
 * @param floor - Of float32's range.
 */
export function sumLogs({ data, bins, frames }: FeatureMatrix, floor: number): Float64Array {
  const products = new Float64Array(frames).fill(1)
  const octaves = new Float64Array(frames)
  for (let bin = 0; bin < bins; ) {
    const four = bin + 4 <= bins
    const row = bin * frames
    for (let t = 0, i = row; t < frames; t++, i++) {
      let product = products[t]! * Math.max(floor, data[i]!)
      if (four) {
        const other = Math.max(floor, data[i + frames]!) * Math.max(floor, data[i + 2 * frames]!)
        product *= other * Math.max(floor, data[i + 3 * frames]!)
      }
      for (; product > LARGE; octaves[t]! += OCTAVES) product *= SMALL
      for (; product < SMALL; octaves[t]! -= OCTAVES) product *= LARGE
      products[t] = product
    }
    bin += four ? 4 : 1
  }
  return products.map((product, t) => ln(product) + octaves[t]! * Math.LN2)
}

/** `Σ S ** power`, with what is below `floor` raised to it. */
export function sumPowers({ data, bins, frames }: FeatureMatrix, floor: number, power: number): Float64Array {
  const sums = new Float64Array(frames)
  let bin = 0
  for (; power === 2 && bin + 4 <= bins; bin += 4) {
    const [r0, r1, r2, r3] = [bin * frames, (bin + 1) * frames, (bin + 2) * frames, (bin + 3) * frames]
    for (let t = 0; t < frames; t++) {
      const v0 = Math.max(floor, data[r0 + t]!)
      const v1 = Math.max(floor, data[r1 + t]!)
      const v2 = Math.max(floor, data[r2 + t]!)
      const v3 = Math.max(floor, data[r3 + t]!)
      sums[t]! += v0 * v0 + v1 * v1 + (v2 * v2 + v3 * v3)
    }
  }
  for (; bin < bins; bin++) {
    for (let t = 0; t < frames; t++) sums[t]! += pow(Math.max(floor, data[bin * frames + t]!), power)
  }
  return sums
}
