/** Scales signals and matrices to norm 1, and brings signals to a length. */
import {
  assertInteger,
  assertKnown,
  assertMatrix,
  assertPositive,
  assertSamples,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { pow } from '../math.js'
import type { Names } from '../option-names.js'

/**
 * A norm of a vector. 'inf': the largest magnitude; '-inf': the smallest magnitude; 'l1': the sum of the
 * magnitudes; 'l2': the root of the sum of the squares. A number p > 0: `(Σ |x|^p)^(1 / p)`, so that 1 is
 * 'l1', 2 is 'l2' and `Infinity` is 'inf'. 0: how many values are not zero. `-Infinity` is '-inf'.
 */
export type Norm = 'inf' | '-inf' | 'l1' | 'l2' | number

const normNames: readonly unknown[] = ['inf', '-inf', 'l1', 'l2']

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /**
   * Which norm becomes 1; `null` leaves the values as they are.
   *
   * @defaultValue `'inf'`
   */
  norm?: Norm | null
  /**
   * A norm below this one counts as zero.
   *
   * @defaultValue `2 ** -126`, the smallest normal float32
   */
  threshold?: number
  /**
   * What happens to a vector whose norm counts as zero: `null` keeps it, `false` fills it with zeros, `true`
   * fills it with equal values so that its norm is 1. Such values do not exist for the norm 0.
   *
   * @defaultValue `null`
   */
  fill?: boolean | null
}

/** Options of {@link normalizeMatrix}. */
export interface NormalizeMatrixOptions extends NormalizeOptions {
  /**
   * `0` scales every column (each frame over its bins), `1` every row (each bin over its frames).
   *
   * @defaultValue `0`
   */
  axis?: 0 | 1
}

const normalizeNames: Names<NormalizeOptions> = { norm: true, threshold: true, fill: true }
const matrixNames: Names<NormalizeMatrixOptions> = { ...normalizeNames, axis: true }

/**
 * Scales a signal so that its norm is 1. Silence stays silence.
 *
 * @param samples - Mono signal.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or `fill` is true and `norm`
 *   is 0; INVALID_INPUT if the signal is empty or not finite.
 * @see librosa 0.10.2 `util.normalize`. Differs from librosa: magnitudes are divided by the largest one
 *   before they are raised to the power p. So no power is too large or too small for a float64.
 * @example normalize(clip.samples) // the peak becomes 1
 */
export function normalize(samples: Float32Array, options: NormalizeOptions = {}): Float32Array {
  assertKnown('normalize', options, normalizeNames)
  const scale = createScaler(options)
  assertSamples('samples', samples)
  const out = samples.slice()
  scale(out)
  return out
}

/**
 * Scales every column or every row of a matrix so that its norm is 1.
 *
 * @param matrix - Shape [bins, frames].
 * @returns Same shape, new storage.
 * @throws EscError INVALID_OPTION as {@link normalize}; INVALID_INPUT if the matrix is empty or not finite.
 * @see librosa 0.10.2 `util.normalize`. Differs from librosa: as {@link normalize}.
 * @example normalizeMatrix(chromaStft(clip, { norm: null }), { norm: 'l2' })
 */
export function normalizeMatrix(matrix: FeatureMatrix, options: NormalizeMatrixOptions = {}): FeatureMatrix {
  assertKnown('normalizeMatrix', options, matrixNames)
  const { axis = 0 } = options
  assertInteger('axis', axis, 0, 1)
  const scale = createScaler(options)
  assertMatrix('matrix', matrix)
  const { bins, frames } = matrix
  const data = matrix.data.slice()
  if (axis === 1) {
    for (let bin = 0; bin < bins; bin++) scale(data.subarray(bin * frames, (bin + 1) * frames))
    return { data, bins, frames }
  }
  const column = new Float32Array(bins)
  for (let frame = 0; frame < frames; frame++) {
    for (let bin = 0; bin < bins; bin++) column[bin] = data[bin * frames + frame]!
    scale(column)
    for (let bin = 0; bin < bins; bin++) data[bin * frames + frame] = column[bin]!
  }
  return { data, bins, frames }
}

/**
 * Brings a signal to `length` samples: cuts its end off, or pads it with zeros at the end.
 *
 * @returns New storage.
 * @throws EscError INVALID_OPTION if `length` is not an integer >= 1; INVALID_INPUT if the signal is empty or
 *   not finite.
 * @see librosa 0.10.2 `util.fix_length`.
 * @example padOrTruncate(clip.samples, 5 * clip.sampleRate)
 */
export function padOrTruncate(samples: Float32Array, length: number): Float32Array {
  assertInteger('length', length, 1)
  assertSamples('samples', samples)
  const out = new Float32Array(length)
  out.set(samples.subarray(0, length))
  return out
}

/**
 * Returns a function that scales a vector in place.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
export function createScaler(options: NormalizeOptions): (vector: Float32Array) => void {
  const { norm = 'inf', threshold = 2 ** -126, fill = null } = options
  if (norm !== null) assertNorm(norm)
  assertPositive('threshold', threshold)
  if (fill !== null && typeof fill !== 'boolean') {
    throw new EscError('INVALID_OPTION', `fill=${String(fill)} must be true, false or null`)
  }
  if (norm === 0 && fill === true) {
    throw new EscError('INVALID_OPTION', 'fill=true is impossible for norm=0; use false or null')
  }
  if (norm === null) return () => {}
  return (vector) => {
    const length = vectorNorm(vector, norm)
    if (length >= threshold) {
      for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length
    } else if (fill !== null) {
      vector.fill(fill ? 1 / vectorNorm(vector.fill(1), norm) : 0)
    }
  }
}

/**
 * Checks a norm.
 *
 * @param others - Other values that the option may have.
 * @throws EscError INVALID_OPTION unless `norm` is one.
 */
export function assertNorm(norm: Norm, ...others: readonly string[]): void {
  if (normNames.includes(norm)) return
  if (typeof norm === 'number' && (norm >= 0 || isSmallest(norm))) return
  const names = [...normNames, ...others].join(', ')
  throw new EscError('INVALID_OPTION', `norm=${String(norm)} must be one of ${names}, or a number >= 0`)
}

/** Whether a norm is the smallest magnitude. */
export function isSmallest(norm: Norm): boolean {
  return norm === '-inf' || norm === Number.NEGATIVE_INFINITY
}

/** The norm of a vector, in float64. */
export function vectorNorm(vector: Float32Array | Float64Array, norm: Norm): number {
  if (norm === 'inf' || norm === Number.POSITIVE_INFINITY) return largest(vector)
  if (isSmallest(norm)) return smallest(vector)
  let total = 0
  if (norm === 'l1' || norm === 1) {
    for (let i = 0; i < vector.length; i++) total += Math.abs(vector[i]!)
    return total
  }
  if (norm === 'l2' || norm === 2) {
    for (let i = 0; i < vector.length; i++) total += vector[i]! * vector[i]!
    return Math.sqrt(total)
  }
  if (norm === 0) {
    for (let i = 0; i < vector.length; i++) if (vector[i] !== 0) total++
    return total
  }
  return powerNorm(vector, Number(norm))
}

/** Divides the magnitudes by the largest first: without that, their powers could leave float64's range. */
function powerNorm(vector: Float32Array | Float64Array, p: number): number {
  const peak = largest(vector)
  if (peak === 0) return 0
  let total = 0
  for (let i = 0; i < vector.length; i++) total += pow(Math.abs(vector[i]!) / peak, p)
  // A power of 1 is not computed: if 1 / p is infinite, it would be NaN.
  return total === 1 ? peak : peak * pow(total, 1 / p)
}

function smallest(vector: Float32Array | Float64Array): number {
  let min = Number.POSITIVE_INFINITY
  for (let i = 0; i < vector.length; i++) min = Math.min(min, Math.abs(vector[i]!))
  return min
}

/** The largest magnitude. `Math.max` would be slower: it checks for NaN and the sign of zero each time. */
function largest(vector: Float32Array | Float64Array): number {
  let even = 0
  let odd = 0
  let i = 0
  for (; i + 2 <= vector.length; i += 2) {
    const a = Math.abs(vector[i]!)
    const b = Math.abs(vector[i + 1]!)
    if (a > even) even = a
    if (b > odd) odd = b
  }
  if (i < vector.length) even = Math.max(even, Math.abs(vector[i]!))
  return Math.max(even, odd)
}
