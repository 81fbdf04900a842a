/** A sharp low-pass filter that changes the sample rate by a power of two on the way. */
import { createPowerOfTwoFft } from '../fft/fft.js'
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/** A filter with its tables and the signal it is in the middle of. */
export interface BandLimiter {
  /** Samples in for each block out. */
  readonly hop: number
  /** Samples in each block out. */
  readonly blockLength: number
  /**
   * Takes the next samples of the signal and hands over every block that they complete. The first block starts `lead`
   * samples before the signal does; a block is overwritten by the next one.
   */
  push(samples: Float32Array, onBlock: (block: Float64Array) => void): void
  /** Forgets the signal, for the next one. */
  reset(): void
}

/**
 * Plans the filter. It works on blocks by fast convolution (overlap-save): the spectrum of a block is weighted and,
 * before it is transformed back, cut or extended, which is what changes the rate.
 *
 * @param passBand - Up to here all passes; in cycles per input sample.
 * @param stopBand - From here on nothing does; above `passBand`, at most half of `min(1, rate)`.
 * @param rate - Samples out for each sample in; a power of two.
 * @param lead - Output samples wanted before the signal's start; a multiple of `rate`.
 * @see Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 8.7.3 (overlap-save).
 */
export function createBandLimiter(
  passBand: number,
  stopBand: number,
  rate: number,
  lead: number,
): BandLimiter {
  const half = kaiserHalfLength(stopBand - passBand)
  // Blocks start at whole output samples.
  const grain = Math.max(1, 1 / rate)
  const margin = Math.ceil(half / grain) * grain
  let size = 64
  while (size < 16 * margin) size *= 2
  const hop = size - 2 * margin

  const forward = createPowerOfTwoFft(size)
  const backward = createPowerOfTwoFft(size * rate)
  const { input, re, im } = forward
  // What lies within a filter's length of the ends has the block's other end in it.
  const block = backward.output.subarray(margin * rate, (margin + hop) * rate)
  const kept = Math.min(forward.size, backward.size) / 2 + 1

  const cutoff = (passBand + stopBand) / 2
  for (let n = 1 - half; n < half; n++) input[(n + size) % size] = kaiserSinc(n, half, cutoff)
  forward.forward()
  // Symmetric about time 0, the filter has a real spectrum and no delay.
  const gain = re.slice(0, kept).map((value) => (rate * value) / re[0]!)

  function filter(): void {
    forward.forward()
    // Bins of `backward` that the shorter transform has not stay zero.
    for (let k = 0; k < kept; k++) {
      backward.re[k] = re[k]! * gain[k]!
      backward.im[k] = im[k]! * gain[k]!
    }
    backward.inverse()
  }

  let filled = 0
  function reset(): void {
    input.fill(0)
    filled = margin + lead / rate
  }
  reset()
  return {
    hop,
    blockLength: block.length,
    reset,
    push(samples, onBlock) {
      for (let taken = 0; taken < samples.length; ) {
        const piece = samples.subarray(taken, taken + size - filled)
        input.set(piece, filled)
        taken += piece.length
        filled += piece.length
        if (filled < size) return
        filter()
        onBlock(block)
        input.copyWithin(0, hop)
        filled = size - hop
      }
    },
  }
}
