/** The inverse Fourier transform to real signals of any length. */
import { createPowerOfTwoFft, createRealFft, type InvertibleRealFft } from './fft.js'

/** A reusable inverse transform with its tables and buffers. */
export type InverseFft = Pick<InvertibleRealFft, 're' | 'im' | 'output' | 'inverse'>

/**
 * Plans the way from a spectrum back to `size` real samples. Powers of two are fastest.
 *
 * Other sizes use the forward transform: if X is the spectrum of a real signal, then the real sequence
 * `h[k] = Re X[k] + Im X[k]` has the transform H, and `x[n] = (Re H[n] + Im H[n]) / size`, since the
 * transform of an even sequence is real and that of an odd one imaginary.
 *
 * @param size - An integer >= 1.
 * @returns A plan. Its `inverse` fills `output` from `re` and `im`, which are undefined afterwards.
 * @see Bracewell, The Hartley Transform, 1986.
 * @example createInverseFft(441).inverse()
 */
export function createInverseFft(size: number): InverseFft {
  if (size >= 4 && (size & (size - 1)) === 0) return createPowerOfTwoFft(size)
  const forward = createRealFft(size)
  const bins = forward.re.length
  const re = new Float64Array(bins)
  const im = new Float64Array(bins)
  const output = new Float64Array(size)
  function inverse(): void {
    // In the spectrum of a real signal these two bins are real.
    im[0] = 0
    if (size % 2 === 0) im[bins - 1] = 0
    for (let k = 0; k < bins; k++) {
      forward.input[k] = re[k]! + im[k]!
      forward.input[(size - k) % size] = re[k]! - im[k]!
    }
    forward.forward()
    for (let n = 0; n < bins; n++) {
      output[n] = (forward.re[n]! + forward.im[n]!) / size
      output[(size - n) % size] = (forward.re[n]! - forward.im[n]!) / size
    }
  }
  return { re, im, output, inverse }
}
