/** The discrete cosine transform over the bins of a matrix. */
import { assertInteger, assertKnown, assertMatrix, EscError, type FeatureMatrix } from '@esc/core'
import { createBasisProduct } from '../fft/basis-product.js'
import { cosOfTurn } from '../math.js'
import type { Names } from '../option-names.js'

/** Options of {@link dct}. */
export interface DctOptions {
  /**
   * Which of the usual types of the transform.
   *
   * @defaultValue `2`
   */
  type?: 1 | 2 | 3
  /**
   * 'ortho' makes the transform orthonormal; `null` keeps scipy's factor of 2.
   *
   * @defaultValue `null`
   */
  norm?: 'ortho' | null
}

const dctNames: Names<DctOptions> = { type: true, norm: true }

/**
 * Computes the discrete cosine transform of every frame over its bins.
 *
 * @param matrix - Shape [bins, frames].
 * @returns Same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown, `type` is not 1, 2 or 3, `norm` is not 'ortho' or
 *   null, or type 1 gets a single bin; INVALID_INPUT if the matrix is empty or not finite.
 * @see scipy 1.10 `fftpack.dct` with `axis=0`.
 * @example dct(logMel, { norm: 'ortho' })
 */
export function dct(matrix: FeatureMatrix, options: DctOptions = {}): FeatureMatrix {
  assertKnown('dct', options, dctNames)
  const { type = 2, norm = null } = options
  assertMatrix('matrix', matrix)
  return createBasisProduct(dctBasis(matrix.bins, matrix.bins, type, norm), matrix.bins)(matrix)
}

/**
 * The first `rows` rows of the transform's matrix, row-major [rows, size].
 *
 * @throws EscError INVALID_OPTION if an argument is out of its range.
 */
export function dctBasis(rows: number, size: number, type: 1 | 2 | 3, norm: 'ortho' | null): Float64Array {
  assertInteger('rows', rows, 1, size)
  if (type !== 1 && type !== 2 && type !== 3) {
    throw new EscError('INVALID_OPTION', `dctType=${type} must be 1, 2 or 3`)
  }
  if (norm !== 'ortho' && norm !== null) {
    throw new EscError('INVALID_OPTION', `norm=${String(norm)} must be 'ortho' or null`)
  }
  if (type === 1 && size < 2) {
    throw new EscError('INVALID_OPTION', `dctType=1 needs at least 2 bins, got ${size}`)
  }
  const ortho = norm === 'ortho'
  const entry = { 1: dct1, 2: dct2, 3: dct3 }[type]
  return Float64Array.from({ length: rows * size }, (_, i) =>
    entry(Math.floor(i / size), i % size, size, ortho),
  )
}

function dct1(k: number, n: number, size: number, ortho: boolean): number {
  const last = size - 1
  const ends = (i: number) => i === 0 || i === last
  const cos = cosOfTurn(k * n, 2 * last)
  if (!ortho) return (ends(n) ? 1 : 2) * cos
  return Math.sqrt(2 / last) * (ends(n) ? Math.SQRT1_2 : 1) * (ends(k) ? Math.SQRT1_2 : 1) * cos
}

function dct2(k: number, n: number, size: number, ortho: boolean): number {
  const cos = cosOfTurn(k * (2 * n + 1), 4 * size)
  return cos * (ortho ? Math.sqrt((k === 0 ? 1 : 2) / size) : 2)
}

// Type 3 is type 2 transposed. Only the factor of the first sample differs, and only without `ortho`.
function dct3(k: number, n: number, size: number, ortho: boolean): number {
  return ortho || n > 0 ? dct2(n, k, size, ortho) : 1
}
