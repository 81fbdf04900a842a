/** A sharp low-pass filter that changes the sample rate by a power of two on the way. */
import { createPowerOfTwoFft } from './fft.js'
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/** A filter with its tables. */
export interface BandLimiter {
  /** Samples out for each sample in: the power of two. */
  readonly rate: number
  /** Samples of the output that come before time 0. */
  readonly lead: number
  /** The filtered signal from `lead` samples before its start until `lead` after its end, or later. */
  run(samples: Float32Array): Float64Array
}

/**
 * Plans the filter. It works on blocks by fast convolution (overlap-save): the spectrum of a block is weighted and,
 * before it is transformed back, cut or extended, which is what changes the rate.
 *
 * @param passBand - Up to here all passes; in cycles per input sample.
 * @param stopBand - From here on nothing does; above `passBand`, at most half of `min(1, rate)`.
 * @param rate - A power of two.
 * @param lead - Output samples wanted before the signal's start and after its end.
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
  const block = new Float64Array(size)
  const re = new Float64Array(Math.max(forward.size, backward.size) / 2 + 1)
  const im = new Float64Array(re.length)
  const output = new Float64Array(backward.size)
  const kept = Math.min(forward.size, backward.size) / 2 + 1

  const cutoff = (passBand + stopBand) / 2
  for (let n = 1 - half; n < half; n++) block[(n + size) % size] = kaiserSinc(n, half, cutoff)
  forward.forward(block, re, im)
  // Symmetric about time 0, the filter has a real spectrum and no delay.
  const gain = re.slice(0, kept).map((value) => (rate * value) / re[0]!)
  re.fill(0)
  im.fill(0)

  return {
    rate,
    lead,
    run(samples) {
      // One more than asked for, since the times of the last samples are rounded.
      const reach = samples.length * rate + 2 * lead + 1
      const blocks = Math.ceil(reach / (hop * rate))
      const limited = new Float64Array(blocks * hop * rate)
      for (let i = 0; i < blocks; i++) {
        copyBlock(samples, i * hop - margin - lead / rate, block)
        forward.forward(block, re, im)
        for (let k = 0; k < kept; k++) {
          re[k]! *= gain[k]!
          im[k]! *= gain[k]!
        }
        re.fill(0, kept)
        im.fill(0, kept)
        backward.inverse(re, im, output)
        limited.set(output.subarray(margin * rate, (margin + hop) * rate), i * hop * rate)
      }
      return limited
    },
  }
}

/** Copies samples from `start` on; outside the signal there are zeros. */
function copyBlock(samples: Float32Array, start: number, block: Float64Array): void {
  block.fill(0)
  const first = Math.max(0, start)
  const last = Math.min(samples.length, start + block.length)
  for (let i = first; i < last; i++) block[i - start] = samples[i]!
}
