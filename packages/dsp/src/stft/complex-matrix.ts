/** The type of a complex matrix, and the check of one that a caller passes. */
import { assertMatrix, hasField, wrongValue } from '@esc/core'

/** A complex matrix: `re[bin * frames + frame] + i * im[bin * frames + frame]`. */
export interface ComplexMatrix {
  /** Real parts. */
  re: Float32Array
  /** Imaginary parts. */
  im: Float32Array
  bins: number
  frames: number
}

/**
 * @throws EscError INVALID_INPUT unless both parts are matrices that are not empty, fit the shape, and are
 *   finite.
 */
export function assertComplex(name: string, matrix: unknown): asserts matrix is ComplexMatrix {
  if (!hasField(matrix, 're')) {
    throw wrongValue(name, matrix, 'a complex matrix, { re, im, bins, frames }, as stft returns', {
      advice: { 'a matrix': 'a spectrogram has lost its phases; call stft' },
    })
  }
  const { re, im, bins, frames } = matrix as unknown as ComplexMatrix
  assertMatrix(`${name}.re`, { data: re, bins, frames })
  assertMatrix(`${name}.im`, { data: im, bins, frames })
}
