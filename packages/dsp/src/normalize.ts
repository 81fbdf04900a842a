/** Scaling signals and matrices to norm 1, and to a length. */
import { assertInteger, assertOneOf, assertPositive, EscError, type FeatureMatrix } from '@esc/core'
import { assertMatrix, assertSamples } from './check.js'

/** `inf`: the largest magnitude; `l1`: the sum of magnitudes; `l2`: the root of the sum of squares. */
export type Norm = 'inf' | 'l1' | 'l2'

export const NORMS: readonly Norm[] = ['inf', 'l1', 'l2']

/** Options of {@link normalize}. */
export interface NormalizeOptions {
  /** Which norm becomes 1; `null` leaves the values as they are. Default 'inf'. */
  norm?: Norm | null
  /** A norm below it counts as zero. Default 2^-126, the smallest normal float32. */
  threshold?: number
  /** What becomes of a vector whose norm counts as zero: `null` keeps it, `false` zeros, `true` equal values of norm 1. */
  fill?: boolean | null
}

/**
 * Scales a signal so that its norm is 1. Silence stays silence.
 *
 * @param samples - Mono signal.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is out of its range; INVALID_INPUT if the signal is empty or not finite.
 * @see librosa 0.10.2 `util.normalize`.
 * @example normalize(clip.samples) // the peak becomes 1
 */
export function normalize(samples: Float32Array, options: NormalizeOptions = {}): Float32Array {
  const scale = createScaler(options)
  assertSamples(samples)
  const out = samples.slice()
  scale(out)
  return out
}

/**
 * Scales every column (`axis` 0, each frame over its bins) or every row (`axis` 1, each bin over its frames) of a
 * matrix so that its norm is 1.
 *
 * @param matrix - Shape [bins, frames].
 * @returns Same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is out of its range; INVALID_INPUT if the matrix is empty or not finite.
 * @see librosa 0.10.2 `util.normalize`.
 * @example normalizeMatrix(chroma, { norm: 'l2' })
 */
export function normalizeMatrix(
  matrix: FeatureMatrix,
  options: NormalizeOptions & { axis?: 0 | 1 } = {},
): FeatureMatrix {
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
 * Cuts a signal at the end, or pads it with zeros there, to `length` samples.
 *
 * @returns New storage.
 * @throws EscError INVALID_OPTION if `length` is not an integer >= 1; INVALID_INPUT if the signal is empty or not finite.
 * @see librosa 0.10.2 `util.fix_length`.
 * @example padOrTruncate(clip.samples, 5 * clip.sampleRate)
 */
export function padOrTruncate(samples: Float32Array, length: number): Float32Array {
  assertInteger('length', length, 1)
  assertSamples(samples)
  const out = new Float32Array(length)
  out.set(samples.subarray(0, length))
  return out
}

/**
 * A function that scales a vector in place.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
export function createScaler(options: NormalizeOptions): (vector: Float32Array) => void {
  const { norm = 'inf', threshold = 2 ** -126, fill = null } = options
  if (norm !== null) assertOneOf('norm', norm, NORMS)
  assertPositive('threshold', threshold)
  if (fill !== null && typeof fill !== 'boolean') {
    throw new EscError('INVALID_OPTION', `fill=${String(fill)} must be true, false or null`)
  }
  if (norm === null) return () => {}
  return (vector) => {
    const length = vectorNorm(vector, norm)
    if (length >= threshold) {
      for (let i = 0; i < vector.length; i++) vector[i] = vector[i]! / length
    } else if (fill !== null) {
      const count = norm === 'inf' ? 1 : norm === 'l1' ? vector.length : Math.sqrt(vector.length)
      vector.fill(fill ? 1 / count : 0)
    }
  }
}

/** The norm of a vector, in float64. */
export function vectorNorm(vector: Float32Array | Float64Array, norm: Norm): number {
  if (norm === 'inf') return largest(vector)
  let total = 0
  if (norm === 'l1') {
    for (let i = 0; i < vector.length; i++) total += Math.abs(vector[i]!)
  } else {
    for (let i = 0; i < vector.length; i++) total += vector[i]! * vector[i]!
  }
  return norm === 'l2' ? Math.sqrt(total) : total
}

/** Not by `Math.max`, which asks for NaN and the sign of zero each time. */
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
