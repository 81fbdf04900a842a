/** Derivatives of features over time. */
import {
  assertInteger,
  assertKnown,
  assertMatrix,
  assertOneOf,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import type { Names } from '../option-names.js'

const modes = ['interp', 'nearest', 'mirror', 'constant', 'wrap'] as const

/** Options of {@link delta}. */
export interface DeltaOptions {
  /**
   * Frames in the window: odd, >= 3.
   *
   * @defaultValue `9`
   */
  width?: number
  /**
   * `1` is the first derivative, `2` the second, and so on; below `width`.
   *
   * @defaultValue `1`
   */
  order?: number
  /**
   * `1` goes along the frames, `0` along the bins.
   *
   * @defaultValue `1`
   */
  axis?: 0 | 1
  /**
   * The values beyond the ends. 'interp': none, the polynomials of the first and of the last window continue;
   * 'nearest': the last value; 'mirror': the mirror image, without repeating the last value itself;
   * 'constant': zeros; 'wrap': the values of the other end.
   *
   * @defaultValue `'interp'`
   */
  mode?: (typeof modes)[number]
}

const deltaNames: Names<DeltaOptions> = { width: true, order: true, axis: true, mode: true }

/**
 * Computes delta features. Around each frame, it fits the polynomial of degree `order` to the window, and
 * takes the derivative of that order.
 *
 * @param matrix - Shape [bins, frames].
 * @returns Change per frame (to the power of `order`); same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is
 *   empty or not finite, or (with mode 'interp') has fewer frames than `width`.
 * @see librosa 0.10.2 `feature.delta`; scipy 1.10 `signal.savgol_filter(deriv=order, polyorder=order)`.
 * @example delta(mfcc(clip), { order: 2 })
 */
export function delta(matrix: FeatureMatrix, options: DeltaOptions = {}): FeatureMatrix {
  assertKnown('delta', options, deltaNames)
  const { width = 9, order = 1, axis = 1, mode = 'interp' } = options
  assertInteger('width', width, 3)
  if (width % 2 === 0) throw new EscError('INVALID_OPTION', `width=${width} must be odd`)
  assertInteger('order', order, 1, width - 1)
  assertInteger('axis', axis, 0, 1)
  assertOneOf('mode', mode, modes)
  assertMatrix('matrix', matrix)
  const { data, bins, frames } = matrix
  const length = axis === 1 ? frames : bins
  if (mode === 'interp' && width > length) {
    throw new EscError(
      'INVALID_INPUT',
      `matrix has ${length} ${axis === 1 ? 'frames' : 'bins'}; it must have at least width=${width}, or use mode 'nearest'`,
      { detail: { length, width } },
    )
  }
  const weights = derivativeWeights(width, order)
  const half = (width - 1) / 2
  const step = axis === 1 ? 1 : frames
  const out = new Float32Array(data.length)
  const line = new Float64Array(length + 2 * half)
  for (let k = 0; k < data.length / length; k++) {
    const start = axis === 1 ? k * frames : k
    for (let i = -half; i < length + half; i++) {
      const index = indexBeyond(i, length, mode)
      line[i + half] = index < 0 ? 0 : data[start + index * step]!
    }
    for (let i = 0; i < length; i++) {
      // The derivative of order n of a polynomial of degree n is the same everywhere.
      const center = mode === 'interp' ? Math.min(length - 1 - half, Math.max(half, i)) : i
      let sum = 0
      for (let j = 0; j < width; j++) sum += weights[j]! * line[center + j]!
      out[start + i * step] = sum
    }
  }
  return { data: out, bins, frames }
}

/**
 * Computes the weight of each value of a window in the derivative: `order! Q(t) / Σ Q²`. Q is the monic
 * polynomial of degree `order` that is orthogonal, on the window's places t, to all polynomials of lower
 * degrees.
 *
 * @see Savitzky and Golay, "Smoothing and differentiation of data by simplified least squares procedures",
 *   1964.
 */
function derivativeWeights(width: number, order: number): Float64Array {
  const half = (width - 1) / 2
  let before = new Float64Array(width)
  let polynomial = new Float64Array(width).fill(1)
  let energyBefore = 1
  let energy = width
  let factorial = 1
  for (let degree = 1; degree <= order; degree++) {
    const [lower, low] = [polynomial, before]
    const ratio = energy / energyBefore
    polynomial = lower.map((value, j) => (j - half) * value - ratio * low[j]!)
    before = lower
    energyBefore = energy
    energy = polynomial.reduce((sum, value) => sum + value * value, 0)
    factorial *= degree
  }
  return polynomial.map((value) => (factorial * value) / energy)
}

/** Returns the index of the value at place `index` of the extended line, or -1 for a zero. */
function indexBeyond(index: number, length: number, mode: (typeof modes)[number]): number {
  if (index >= 0 && index < length) return index
  if (mode === 'constant') return -1
  if (mode === 'wrap') return ((index % length) + length) % length
  if (mode !== 'mirror' || length === 1) return index < 0 ? 0 : length - 1
  const period = 2 * (length - 1)
  const folded = ((index % period) + period) % period
  return folded < length ? folded : period - folded
}
