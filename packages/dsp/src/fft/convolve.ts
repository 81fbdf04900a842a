/** Convolution with long filters. */
import { createPowerOfTwoFft } from './fft.js'

/**
 * Computes the first `signal.length` samples of a signal's convolution with a filter. It transforms the
 * signal piece by piece (overlap-add).
 *
 * @param filter - At least one tap (coefficient).
 * @returns New storage.
 * @see Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 8.7.3.
 * @example convolve(clip.samples, Float64Array.of(1, 0, 0.5)) // an echo after two samples
 */
export function convolve(signal: Float32Array, filter: Float64Array): Float64Array {
  const out = new Float64Array(signal.length)
  // Taps beyond the signal's length cannot reach into the result.
  const taps = filter.subarray(0, signal.length)
  let size = 64
  while (size < 2 * taps.length) size *= 2
  const { input, re, im, output, forward, inverse } = createPowerOfTwoFft(size)
  input.set(taps)
  forward()
  const filterRe = re.slice()
  const filterIm = im.slice()
  const hop = size - taps.length + 1
  for (let start = 0; start < signal.length; start += hop) {
    input.fill(0)
    input.set(signal.subarray(start, start + hop))
    forward()
    for (let k = 0; k < re.length; k++) {
      const a = re[k]!
      const b = im[k]!
      re[k] = a * filterRe[k]! - b * filterIm[k]!
      im[k] = a * filterIm[k]! + b * filterRe[k]!
    }
    inverse()
    const end = Math.min(size, signal.length - start)
    for (let i = 0; i < end; i++) out[start + i] = out[start + i]! + output[i]!
  }
  return out
}
