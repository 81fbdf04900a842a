/** Sample rate conversion of whole signals. */
import { assertPositive, assertSamples, EscError } from '@esc/core'
import { createBandLimiter } from './band-limit.js'
import { createInterpolator, interpolatorLead } from './interpolate.js'

/**
 * Frequencies up to this share of the lower Nyquist frequency (half of the lower sample rate) pass.
 * Frequencies above that Nyquist frequency are stopped, so that nothing folds back into the spectrum.
 */
const passBandShare = 0.9

/**
 * Converts a signal from one sample rate to another. Sample k of the output is the signal at `k / toRate`
 * seconds. The signal is zero beyond its ends. Aliases and images are weakened by at least 100 dB. The pass
 * band (0.9 of the lower Nyquist frequency, which is half of the lower sample rate) is flat within 0.01 dB.
 *
 * @param samples - Mono signal.
 * @param fromRate - Sample rate of the signal in Hz; need not be an integer.
 * @param toRate - The new sample rate in Hz, within a factor of 256 of the old one.
 * @returns `ceil(length * toRate / fromRate)` samples, new storage.
 * @throws EscError INVALID_OPTION if a rate is not a finite number > 0, or they differ by more than a factor
 *   of 256; INVALID_INPUT if the signal is empty or not finite.
 * @see Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 4.6 and 7.5.3. Differs from
 *   librosa: librosa's `resample` uses soxr. The results agree in the pass band, but not in the transition
 *   band.
 * @example resample(clip.samples, 44100, 22050)
 */
export function resample(samples: Float32Array, fromRate: number, toRate: number): Float32Array {
  const run = createResampler(fromRate, toRate)
  assertSamples('samples', samples)
  return run(samples)
}

/**
 * Plans {@link resample}: computes its filter tables once. The function does not check the samples.
 *
 * @throws EscError INVALID_OPTION as {@link resample}.
 */
export function createResampler(fromRate: number, toRate: number): (samples: Float32Array) => Float32Array {
  const converter = createRateConverter(fromRate, toRate)
  return (samples) => {
    const out = new Float32Array(converter.outputLength(samples.length))
    converter.end(out, converter.push(samples, out, 0))
    return out
  }
}

/** A conversion and its state in the current signal. */
export interface RateConverter {
  /** Number of output samples for `length` input samples. */
  outputLength(length: number): number
  /**
   * Takes the next samples, writes the outputs they complete into `out` from index `at` on, returns the index
   * after.
   */
  push(samples: Float32Array, out: Float32Array, at: number): number
  /**
   * Writes the rest of the outputs in the same way, and forgets the signal, so that the next one can begin.
   */
  end(out: Float32Array, at: number): number
}

/**
 * Plans the conversion of signals that arrive in pieces.
 *
 * The sharp filter runs first, as a fast convolution. That can also change the rate by a power of two at no
 * cost. If this is not the new rate yet, the signal now fills at most half of its spectrum. Then a filter of
 * 16 taps is enough to interpolate it at any time. Both steps count from the signal's start, so the sizes of
 * the pieces do not matter.
 *
 * @throws EscError INVALID_OPTION as {@link resample}.
 */
export function createRateConverter(fromRate: number, toRate: number): RateConverter {
  assertPositive('fromRate', fromRate)
  assertPositive('toRate', toRate)
  const ratio = toRate / fromRate
  if (!(ratio >= 1 / 256 && ratio <= 256)) {
    throw new EscError(
      'INVALID_OPTION',
      `toRate=${toRate} must be within a factor of 256 of fromRate=${fromRate}`,
    )
  }
  const outputLength = (length: number) => Math.ceil((length * toRate) / fromRate)
  if (fromRate === toRate) return { outputLength, push: copyAll, end: (_, at) => at }

  const nyquist = Math.min(1, ratio) / 2
  const direct = Number.isInteger(Math.log2(ratio))
  const rate = direct ? ratio : 2 ** Math.ceil(Math.log2(4 * nyquist))
  const limiter = createBandLimiter(passBandShare * nyquist, nyquist, rate, direct ? 0 : interpolatorLead)
  const sink = direct ? copier : createInterpolator(fromRate * rate, toRate, limiter.blockLength)
  const silence = new Float32Array(limiter.hop)
  let received = 0
  let written = 0

  function convert(samples: Float32Array, out: Float32Array, at: number, room: number): number {
    let next = at
    limiter.push(samples, (block) => {
      next = sink.push(block, out, next, at + room - next)
    })
    written += next - at
    return next
  }
  return {
    outputLength,
    push(samples, out, at) {
      received += samples.length
      return convert(samples, out, at, Number.POSITIVE_INFINITY)
    },
    end(out, at) {
      const last = at + outputLength(received) - written
      let next = at
      while (next < last) next = convert(silence, out, next, last - next)
      limiter.reset()
      sink.reset()
      received = 0
      written = 0
      return next
    },
  }
}

function copyAll(samples: Float32Array, out: Float32Array, at: number): number {
  out.set(samples, at)
  return at + samples.length
}

/** Takes the place of the interpolator where the filter already gives the new rate. */
const copier = {
  push(block: Float64Array, out: Float32Array, at: number, room: number): number {
    out.set(block.length > room ? block.subarray(0, room) : block, at)
    return at + Math.min(block.length, room)
  },
  reset() {},
}
