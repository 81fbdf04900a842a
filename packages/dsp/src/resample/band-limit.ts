/** A sharp low-pass filter that can also change the sample rate by a power of two. */
import { createPowerOfTwoFft } from '../fft/fft.js'
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/** A filter with its tables, and its state in the current signal. */
export interface BandLimiter {
  /** Input samples for each output block. */
  readonly hop: number
  /** Samples in each output block. */
  readonly blockLength: number
  /**
   * Takes the next samples of the signal and passes every completed block to `onBlock`. The first block
   * starts `lead` samples before the signal. The next block overwrites the block before.
   */
  push(samples: Float32Array, onBlock: (block: Float64Array) => void): void
  /** Forgets the signal, so that the next one can begin. */
  reset(): void
}

/**
 * Plans the filter. It works on blocks by fast convolution (overlap-save): it multiplies the spectrum of a
 * block by weights. Before it transforms the spectrum back, it cuts or extends it; that changes the rate.
 *
 * @param passBand - Frequencies up to this one pass; in cycles per input sample.
 * @param stopBand - Frequencies from this one on are stopped; above `passBand`, at most half of
 *   `min(1, rate)`.
 * @param rate - Output samples for each input sample; a power of two.
 * @param lead - Output samples before the signal's start; a multiple of `rate`.
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
  // Samples within a filter's length of either end also contain samples of the block's other end. They are
  // left out.
  const block = backward.output.subarray(margin * rate, (margin + hop) * rate)
  const kept = Math.min(forward.size, backward.size) / 2 + 1

  const cutoff = (passBand + stopBand) / 2
  for (let n = 1 - half; n < half; n++) input[(n + size) % size] = kaiserSinc(n, half, cutoff)
  forward.forward()
  // The filter is symmetric about time 0. So its spectrum is real and it causes no delay.
  const gain = re.slice(0, kept).map((value) => (rate * value) / re[0]!)

  function filter(): void {
    forward.forward()
    // The longer transform has more bins. If it is `backward`, they stay zero.
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
