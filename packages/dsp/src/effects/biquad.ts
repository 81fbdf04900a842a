/** Filters of second order ("biquads"), and Butterworth filters that consist of them. */
import { cosOfTurn, sinOfTurn } from '../math.js'

/** One section: `y[n] = b0 x[n] + b1 x[n-1] + b2 x[n-2] - a1 y[n-1] - a2 y[n-2]`. */
export interface Biquad {
  b0: number
  b1: number
  b2: number
  a1: number
  a2: number
}

/**
 * Computes the sections of a Butterworth low-pass or high-pass filter. It is flat in its pass band, and
 * weakens the cutoff by 3 dB.
 *
 * @param cutoff - In cycles per sample, in (0, 0.5).
 * @param order - Even, >= 2.
 * @see Robert Bristow-Johnson, "Cookbook formulae for audio equalizer biquad filter coefficients"; scipy
 *   `signal.butter`.
 * @example butterworth('low', 1000 / 44100, 4)
 */
export function butterworth(kind: 'low' | 'high', cutoff: number, order: number): Biquad[] {
  const cos = cosOfTurn(cutoff, 1)
  const sin = sinOfTurn(cutoff, 1)
  return Array.from({ length: order / 2 }, (_, k) => {
    // The poles of the analogue filter are evenly spaced on a circle. 1 / Q is twice the cosine of a pair's
    // angle.
    const alpha = sin * cosOfTurn(2 * k + 1, 4 * order)
    const scale = 1 / (1 + alpha)
    const b1 = scale * (kind === 'low' ? 1 - cos : -1 - cos)
    const b0 = Math.abs(b1) / 2
    return { b0, b1, b2: b0, a1: -2 * cos * scale, a2: (1 - alpha) * scale }
  })
}

/**
 * Computes a band-pass filter of second order. It keeps the middle of the band at 0 dB, and weakens both ends
 * by 3 dB.
 *
 * @param low - In cycles per sample, > 0.
 * @param high - Above `low`, below 0.5.
 * @see scipy `signal.butter(1, [low, high], 'bandpass')`: the bilinear transform of `B s / (s² + B s + W²)`.
 * @example bandPassSection(500 / 44100, 2000 / 44100)
 */
export function bandPassSection(low: number, high: number): Biquad {
  const [tanLow, tanHigh] = [tanOfHalfTurn(low), tanOfHalfTurn(high)]
  const width = tanHigh - tanLow
  const square = tanLow * tanHigh
  const scale = 1 / (1 + width + square)
  return {
    b0: width * scale,
    b1: 0,
    b2: -width * scale,
    a1: 2 * (square - 1) * scale,
    a2: (1 - width + square) * scale,
  }
}

function tanOfHalfTurn(x: number): number {
  return sinOfTurn(x, 2) / cosOfTurn(x, 2)
}

/**
 * Filters samples by one section after the other, in float64, as if silence came before. Same length, new
 * storage.
 */
export function filterSamples(samples: Float32Array, sections: readonly Biquad[]): Float32Array {
  const values = Float64Array.from(samples)
  for (const { b0, b1, b2, a1, a2 } of sections) {
    // Direct form II, transposed. Each section has two memories.
    let first = 0
    let second = 0
    for (let i = 0; i < values.length; i++) {
      const x = values[i]!
      const y = b0 * x + first
      first = b1 * x - a1 * y + second
      second = b2 * x - a2 * y
      values[i] = y
    }
  }
  return Float32Array.from(values)
}
