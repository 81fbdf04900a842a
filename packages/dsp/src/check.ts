/** Checks of options and of complex matrices at the exported edge. */
import { assertMatrix, hasField, wrongValue } from '@esc/core'
import type { ComplexMatrix } from './stft.js'

/**
 * Every name of an options object, for `assertKnown`: a list that forgets one does not compile. An exported function
 * checks its own options; functions that it calls get only the names that they know.
 */
export type Names<Options> = Readonly<Record<keyof Options, true>>

/** @throws EscError INVALID_INPUT unless both parts are matrices that are not empty, fit the shape, and are finite. */
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
