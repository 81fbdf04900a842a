/** The highest and the lowest values of a band of bins, in every frame. */
import type { FeatureMatrix } from '@esc/core'
import { gcd } from '../math.js'
import { assertMagnitude } from './magnitude.js'

/** The bins from `first` up to, but not including, `end`. `take` of them are peaks and `take` are valleys. */
export interface Band {
  first: number
  end: number
  take: number
}

/** The means of a band's peaks and of its valleys, one for each frame. */
export interface Means {
  highest: Float64Array
  lowest: Float64Array
}

// Up to this many peaks are kept in order during one pass over a band. For more peaks the band is sorted.
const fewValues = 64

/**
 * Computes the means of the `take` highest and of the `take` lowest bins of a band, in every frame.
 *
 * @throws EscError INVALID_INPUT if a magnitude of the band is not finite or is negative.
 */
export function meanEnds(magnitude: FeatureMatrix, band: Band): Means {
  return band.take > fewValues ? sortBand(magnitude, band) : keepEnds(magnitude, band)
}

// The bits of float32 numbers as integers. For numbers >= 0 both have the same order.
const infinityBits = 0x7f800000
const leastBits = -(2 ** 31)

/**
 * Finds the highest and the lowest values of all frames in one pass over the rows. The lowest values are
 * those whose inverted bits are highest.
 *
 * @throws EscError INVALID_INPUT if a magnitude of the band is not finite or is negative.
 */
function keepEnds(magnitude: FeatureMatrix, { first, end, take }: Band): Means {
  const { data, frames } = magnitude
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length)
  const [high, low] = [
    new Int32Array(take * frames).fill(leastBits),
    new Int32Array(take * frames).fill(leastBits),
  ]
  // The least value that each frame keeps. Smaller values are skipped.
  const [above, below] = [new Int32Array(frames).fill(leastBits), new Int32Array(frames).fill(leastBits)]
  const count = end - first
  // Rows are taken from all over the band. In their own order, a falling spectrum would have new lowest
  // values to the end.
  let step = Math.ceil(0.618 * count)
  while (gcd(step, count) !== 1) step++
  const row = (k: number) => (first + ((k * step) % count)) * frames
  let k = 0
  for (; k + 4 <= count; k += 4) {
    const [r0, r1, r2, r3] = [row(k), row(k + 1), row(k + 2), row(k + 3)]
    for (let t = 0, at = 0; t < frames; t++, at += take) {
      const a = bits[r0 + t]!
      const b = bits[r1 + t]!
      const c = bits[r2 + t]!
      const d = bits[r3 + t]!
      let bound = above[t]!
      if (a > bound) bound = keep(high, at, take, a)
      if (b > bound) bound = keep(high, at, take, b)
      if (c > bound) bound = keep(high, at, take, c)
      if (d > bound) bound = keep(high, at, take, d)
      above[t] = bound
      bound = below[t]!
      if (~a > bound) bound = keep(low, at, take, ~a)
      if (~b > bound) bound = keep(low, at, take, ~b)
      if (~c > bound) bound = keep(low, at, take, ~c)
      if (~d > bound) bound = keep(low, at, take, ~d)
      below[t] = bound
    }
  }
  for (; k < count; k++) {
    for (let t = 0, i = row(k); t < frames; t++, i++) {
      if (bits[i]! > above[t]!) above[t] = keep(high, t * take, take, bits[i]!)
      if (~bits[i]! > below[t]!) below[t] = keep(low, t * take, take, ~bits[i]!)
    }
  }
  for (let i = 0; i < low.length; i++) low[i] = ~low[i]!
  // An infinite, NaN or negative value would be among the highest or the lowest. Then the full check finds
  // and names it.
  if (high.some((value) => value >= infinityBits) || low.some((value) => value < 0)) {
    assertMagnitude(magnitude)
  }
  return { highest: meansOf(high, take), lowest: meansOf(low, take) }
}

/**
 * Inserts a value into the `take` ascending values that begin at `first`, drops the least, and returns the
 * new least.
 */
function keep(values: Int32Array, first: number, take: number, value: number): number {
  const last = first + take - 1
  let i = first
  for (; i < last && values[i + 1]! < value; i++) values[i] = values[i + 1]!
  values[i] = value
  return values[first]!
}

/** Computes the mean of each frame. @param bits - The bits of float32 numbers, shape [frames, take]. */
function meansOf(bits: Int32Array, take: number): Float64Array {
  const values = new Float32Array(bits.buffer)
  const means = new Float64Array(values.length / take)
  for (let t = 0; t < means.length; t++) means[t] = meanOf(values, t * take, take)
  return means
}

/**
 * Does the same as `keepEnds` by sorting.
 *
 * @throws EscError INVALID_INPUT if a magnitude is not finite or is negative.
 */
function sortBand(magnitude: FeatureMatrix, { first, end, take }: Band): Means {
  assertMagnitude(magnitude)
  const { data, frames } = magnitude
  const column = new Float32Array(end - first)
  const highest = new Float64Array(frames)
  const lowest = new Float64Array(frames)
  for (let t = 0; t < frames; t++) {
    for (let i = 0; i < column.length; i++) column[i] = data[(first + i) * frames + t]!
    column.sort()
    highest[t] = meanOf(column, column.length - take, take)
    lowest[t] = meanOf(column, 0, take)
  }
  return { highest, lowest }
}

function meanOf(values: Float32Array, start: number, count: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += values[i]!
  return sum / count
}
