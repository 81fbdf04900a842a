/** Analysis windows: the weights of the samples of a frame. */
import { assertInteger, assertKnown, assertOneOf, type FeatureRecipe } from '@esc/core'
import { cosOfTurn } from '../math.js'
import type { Names } from '../option-names.js'

/** Name of a window, as in a recipe. */
export type WindowName = FeatureRecipe['stft']['window']

// Coefficients of the generalised cosine windows: w(x) = Σ (-1)^k a[k] cos(2πkx), x in [0, 1).
const COSINES: Record<WindowName, readonly number[]> = {
  hann: [0.5, 0.5],
  hamming: [0.54, 0.46],
  blackman: [0.42, 0.5, 0.08],
  boxcar: [1],
}

/** Options of {@link getWindow}. */
export interface GetWindowOptions {
  /**
   * `true` returns a periodic window, for spectra; `false` a symmetric one, for filters.
   *
   * @defaultValue `true`
   */
  fftbins?: boolean
}

const windowNames: Names<GetWindowOptions> = { fftbins: true }

/**
 * Computes a window.
 *
 * @param window - Its name.
 * @param length - Its length in samples, >= 1.
 * @returns Values in [0, 1]; length `length`.
 * @throws EscError INVALID_OPTION if the window or an option is unknown, or `length` is not an integer >= 1.
 * @see librosa 0.10.2 `filters.get_window`; scipy 1.10 `signal.windows.general_cosine`.
 * @example getWindow('hann', 4) // [0, 0.5, 1, 0.5]
 */
export function getWindow(window: WindowName, length: number, options: GetWindowOptions = {}): Float64Array {
  assertKnown('getWindow', options, windowNames)
  const { fftbins = true } = options
  assertOneOf('window', window, Object.keys(COSINES))
  assertInteger('length', length, 1)
  // A single sample is the middle of the window, not its edge.
  if (length === 1) return Float64Array.of(1)
  const period = fftbins ? length : length - 1
  return Float64Array.from({ length }, (_, i) =>
    COSINES[window].reduce((sum, a, k) => sum + (k % 2 ? -a : a) * cosOfTurn(k * i, period), 0),
  )
}
