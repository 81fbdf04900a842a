/** Low-pass filters: a sinc under a Kaiser window. */
import { sinOfTurn } from '../math.js'

/**
 * By how much the filters weaken the stop band. The promise is 100 dB; the rest allows for the rounding of
 * tables.
 */
const stopBandDb = 112

/**
 * Computes half the length, in samples, of a filter.
 *
 * @param width - Width of the transition from pass band to stop band, in cycles per sample, > 0.
 * @see Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 7.5.3 (Kaiser's design formulas).
 */
export function kaiserHalfLength(width: number): number {
  return Math.ceil((stopBandDb - 7.95) / (2 * 2.285 * 2 * Math.PI * width))
}

/**
 * Computes the filter's impulse response, up to a factor.
 *
 * @param time - Samples from its centre.
 * @param half - Half its length, from {@link kaiserHalfLength}. The response is zero beyond it.
 * @param cutoff - Middle of the transition, in cycles per sample.
 */
export function kaiserSinc(time: number, half: number, cutoff: number): number {
  const beta = 0.1102 * (stopBandDb - 8.7)
  const inside = 1 - (time / half) * (time / half)
  return inside < 0 ? 0 : sinc(2 * cutoff * time) * bessel0(beta * Math.sqrt(inside))
}

/**
 * Computes a symmetric Kaiser window.
 *
 * @see scipy 1.10 `signal.windows.kaiser`.
 */
export function kaiserWindow(length: number, beta: number): Float64Array {
  const middle = (length - 1) / 2
  return Float64Array.from({ length }, (_, i) => {
    const time = (i - middle) / middle
    return bessel0(beta * Math.sqrt(1 - time * time)) / bessel0(beta)
  })
}

function sinc(x: number): number {
  return x === 0 ? 1 : (Math.sign(x) * sinOfTurn(Math.abs(x), 2)) / (Math.PI * x)
}

/** The modified Bessel function of the first kind, order 0, by its power series. All terms are positive. */
function bessel0(x: number): number {
  const quarter = (x * x) / 4
  let term = 1
  let sum = 1
  for (let k = 1; term > sum * 1e-17; k++) {
    term *= quarter / (k * k)
    sum += term
  }
  return sum
}
