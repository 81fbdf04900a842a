/** The matrix of a clip's features, and its checks. */
import { assertFinite, assertFloat32 } from '../check/float32.js'
import { type Advice, hasField, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'

/**
 * Features of a clip in librosa's layout, `data[bin * frames + frame]`: the values of one bin lie side by side, in order of time.
 */
export interface FeatureMatrix {
  data: Float32Array
  bins: number
  frames: number
}

const matrixAdvice: Advice = {
  'a clip': 'compute its features first, as with melSpectrogram or createExtractor',
  'a complex matrix': 'take its magnitude first',
  numbers: 'pass its shape, too: { data, bins, frames }',
}

/**
 * Checks a matrix in constant time, without its values; {@link assertMatrix} also checks the values.
 *
 * @throws EscError INVALID_INPUT unless it is `{ data, bins, frames }`, is not empty, and `data` has bins * frames values.
 * @example assertMatrixShape('features', features)
 */
export function assertMatrixShape(name: string, matrix: unknown): asserts matrix is FeatureMatrix {
  if (!hasField(matrix, 'data')) {
    const must = 'a matrix, { data: Float32Array, bins, frames }'
    throw wrongValue(name, matrix, must, { advice: matrixAdvice })
  }
  const { data, bins, frames } = matrix as FeatureMatrix
  assertFloat32(`${name}.data`, data)
  assertCounts(name, { bins, frames })
  if (bins >= 1 && frames >= 1 && data.length === bins * frames) return
  throw new EscError(
    'INVALID_INPUT',
    `${name} has ${data.length} values for ${bins} bins × ${frames} frames; it needs bins * frames >= 1`,
  )
}

function assertCounts(name: string, counts: Readonly<Record<string, unknown>>): void {
  for (const [field, count] of Object.entries(counts)) {
    if (typeof count !== 'number') throw wrongValue(`${name}.${field}`, count, 'an integer >= 1')
  }
}

/**
 * Checks a matrix and all its values.
 *
 * @throws EscError INVALID_INPUT unless it is not empty, `data` has bins * frames values, and all values are finite.
 * @example assertMatrix('power', power)
 */
export function assertMatrix(name: string, matrix: unknown): asserts matrix is FeatureMatrix {
  assertMatrixShape(name, matrix)
  assertFinite(name, matrix.data)
}
