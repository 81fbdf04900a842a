/** The inverse Fourier transform to real signals, of any length. */
import { createPowerOfTwoFft, createRealFft, type InvertibleRealFft } from './fft.js'

/** A reusable inverse transform with its tables and buffers. */
export type InverseFft = Pick<InvertibleRealFft, 're' | 'im' | 'output' | 'inverse'>

/**
 * Plans the way back from the spectrum of `size` real samples; powers of two are fastest.
 *
 * Other sizes go through the forward transform: with the spectrum X of a real signal, the real sequence
 * `h[k] = Re X[k] + Im X[k]` has the transform H, and `x[n] = (Re H[n] + Im H[n]) / size`, since the transform of an
 * even sequence is real and that of an odd one imaginary.
 *
 * @param size - An integer >= 1.
 * @returns `inverse` fills `output` from `re` and `im`; both are undefined afterwards.
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
    // These are real in the spectrum of a real signal.
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
