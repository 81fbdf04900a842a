/** FLAC's predictors: turn the residual (the error of a prediction) back into samples, in place. */

/** Whole numbers of up to 32 bits, or of the 33 bits that side channels of 32-bit sound need. */
export type FlacSamples = Int32Array | Float64Array

/** The most samples that a predictor looks back at. A channel's array has this many zeros before its first sample. */
export const MAX_ORDER = 32

// The hot loops keep this many samples in variables.
const unrolled = 8

/**
 * Restores samples from the residual of a fixed predictor.
 *
 * @param samples - {@link MAX_ORDER} zeros, `order` samples, then the residual.
 * @param order - 0 to 4.
 * @see RFC 9639 (FLAC), section 9.2.5.
 * @example restoreFixed(samples, 2, 4096)
 */
export function restoreFixed(samples: FlacSamples, order: number, blockSize: number): void {
  const first = MAX_ORDER + order
  // The residual is the difference of this order. Each running sum undoes one difference.
  for (let pass = order - 1; pass >= 0; pass--) {
    let sum = lastDifference(samples.subarray(MAX_ORDER, first), pass)
    for (let i = first; i < MAX_ORDER + blockSize; i++) {
      sum += samples[i]!
      samples[i] = sum
    }
  }
}

function lastDifference(values: FlacSamples, order: number): number {
  let differences: number[] = Array.from(values)
  for (let pass = 0; pass < order; pass++)
    differences = differences.slice(1).map((v, i) => v - differences[i]!)
  return differences.at(-1)!
}

/**
 * Restores samples from the residual of a linear predictor.
 *
 * @param samples - {@link MAX_ORDER} zeros, as many samples as there are coefficients, then the residual.
 * @param coefficients - At most {@link MAX_ORDER}, of up to 15 bits; the first belongs to the sample just before.
 * @param shift - Bits by which the sum of products is shifted right.
 * @param depth - Bits of a sample.
 * @see RFC 9639 (FLAC), section 9.2.6.
 * @example restoreLinear(samples, Int32Array.of(2, -1), 0, 4096, 16)
 */
export function restoreLinear(
  samples: FlacSamples,
  coefficients: Int32Array,
  shift: number,
  blockSize: number,
  depth: number,
): void {
  const order = coefficients.length
  // Ordered from the oldest sample to the newest; zeros fill whole groups of four.
  const taps = new Int32Array(Math.max(unrolled, Math.ceil(order / 4) * 4))
  taps.set(coefficients.toReversed(), taps.length - order)
  const gain = coefficients.reduce((sum, value) => sum + Math.abs(value), 1)
  const first = MAX_ORDER + order
  const last = MAX_ORDER + blockSize
  if (gain * 2 ** (depth - 1) < 2 ** 31) {
    sumShort(samples, first, last, taps, shift)
    return
  }
  const shifted = Float64Array.from(taps, (value) => value * 2 ** -shift)
  sumLong(samples, first, last, shifted)
}

/**
 * For sums that fit in 32 bits. Without `| 0` after each addition, engines would add in float64. The last eight
 * samples and their coefficients are kept in variables, which takes half the time of arrays.
 */
function sumShort(
  samples: FlacSamples,
  from: number,
  to: number,
  coefficients: Int32Array,
  shift: number,
): void {
  const taps = coefficients.length
  const c0 = coefficients[taps - 1]!
  const c1 = coefficients[taps - 2]!
  const c2 = coefficients[taps - 3]!
  const c3 = coefficients[taps - 4]!
  const c4 = coefficients[taps - 5]!
  const c5 = coefficients[taps - 6]!
  const c6 = coefficients[taps - 7]!
  const c7 = coefficients[taps - 8]!
  let s0 = samples[from - 1]!
  let s1 = samples[from - 2]!
  let s2 = samples[from - 3]!
  let s3 = samples[from - 4]!
  let s4 = samples[from - 5]!
  let s5 = samples[from - 6]!
  let s6 = samples[from - 7]!
  let s7 = samples[from - 8]!
  for (let i = from; i < to; i++) {
    let sum = 0
    for (let tap = 0, at = i - taps; tap < taps - unrolled; tap += 4, at += 4) {
      sum = (sum + Math.imul(coefficients[tap]!, samples[at]!)) | 0
      sum = (sum + Math.imul(coefficients[tap + 1]!, samples[at + 1]!)) | 0
      sum = (sum + Math.imul(coefficients[tap + 2]!, samples[at + 2]!)) | 0
      sum = (sum + Math.imul(coefficients[tap + 3]!, samples[at + 3]!)) | 0
    }
    sum = (sum + Math.imul(c7, s7)) | 0
    sum = (sum + Math.imul(c6, s6)) | 0
    sum = (sum + Math.imul(c5, s5)) | 0
    sum = (sum + Math.imul(c4, s4)) | 0
    sum = (sum + Math.imul(c3, s3)) | 0
    sum = (sum + Math.imul(c2, s2)) | 0
    sum = (sum + Math.imul(c1, s1)) | 0
    sum = (sum + Math.imul(c0, s0)) | 0
    s7 = s6
    s6 = s5
    s5 = s4
    s4 = s3
    s3 = s2
    s2 = s1
    s1 = s0
    s0 = (samples[i]! + (sum >> shift)) | 0
    samples[i] = s0
  }
}

/**
 * {@link sumShort} for sums of up to 52 bits; the coefficients are shifted already. The two loops stay apart: a
 * shared one would lose the 32-bit arithmetic.
 */
function sumLong(samples: FlacSamples, from: number, to: number, coefficients: Float64Array): void {
  const taps = coefficients.length
  const c0 = coefficients[taps - 1]!
  const c1 = coefficients[taps - 2]!
  const c2 = coefficients[taps - 3]!
  const c3 = coefficients[taps - 4]!
  const c4 = coefficients[taps - 5]!
  const c5 = coefficients[taps - 6]!
  const c6 = coefficients[taps - 7]!
  const c7 = coefficients[taps - 8]!
  let s0 = samples[from - 1]!
  let s1 = samples[from - 2]!
  let s2 = samples[from - 3]!
  let s3 = samples[from - 4]!
  let s4 = samples[from - 5]!
  let s5 = samples[from - 6]!
  let s6 = samples[from - 7]!
  let s7 = samples[from - 8]!
  for (let i = from; i < to; i++) {
    let sum = 0
    for (let tap = 0, at = i - taps; tap < taps - unrolled; tap += 4, at += 4) {
      sum += coefficients[tap]! * samples[at]!
      sum += coefficients[tap + 1]! * samples[at + 1]!
      sum += coefficients[tap + 2]! * samples[at + 2]!
      sum += coefficients[tap + 3]! * samples[at + 3]!
    }
    sum += c7 * s7
    sum += c6 * s6
    sum += c5 * s5
    sum += c4 * s4
    sum += c3 * s3
    sum += c2 * s2
    sum += c1 * s1
    sum += c0 * s0
    s7 = s6
    s6 = s5
    s5 = s4
    s4 = s3
    s3 = s2
    s2 = s1
    s1 = s0
    s0 = samples[i]! + Math.floor(sum)
    samples[i] = s0
  }
}
