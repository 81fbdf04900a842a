/** Sample rate conversion. */
import { assertPositive, assertSamples, EscError } from '@esc/core'
import { createBandLimiter } from './band-limit.js'
import { createInterpolator, INTERPOLATOR_LEAD } from './interpolate.js'

/**
 * All up to this share of the lower of the two Nyquist frequencies passes; all above that frequency itself is
 * stopped, so that nothing folds back into the spectrum.
 */
const PASS_BAND = 0.9

/**
 * Converts a signal from one sample rate to another. Sample k of the output is the signal at `k / toRate` seconds;
 * beyond its ends the signal is zero. Aliases and images are at least 100 dB down, the pass band (0.9 of the lower
 * Nyquist frequency) is flat within 0.01 dB.
 *
 * @param samples - Mono signal.
 * @param fromRate - Its sample rate in Hz; need not be an integer.
 * @param toRate - The new sample rate in Hz, within a factor of 256 of the old one.
 * @returns `ceil(length * toRate / fromRate)` samples, new storage.
 * @throws EscError INVALID_OPTION if a rate is not a finite number > 0, or they differ by more than a factor of 256;
 *   INVALID_INPUT if the signal is empty or not finite.
 * @see Oppenheim and Schafer, Discrete-Time Signal Processing, 3rd edition, 4.6 and 7.5.3. Differs from librosa:
 *   `resample` uses soxr there; samples agree in the pass band, not in the transition band.
 * @example resample(clip.samples, 44100, 22050)
 */
export function resample(samples: Float32Array, fromRate: number, toRate: number): Float32Array {
  const run = createResampler(fromRate, toRate)
  assertSamples('samples', samples)
  return run(samples)
}

/**
 * {@link resample} with its filter tables, without the check of the samples.
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

/** A conversion in the middle of its signal. */
export interface RateConverter {
  /** Samples that `length` samples become. */
  outputLength(length: number): number
  /** Takes the next samples, writes what they complete into `out` from index `at` on, and returns the index after. */
  push(samples: Float32Array, out: Float32Array, at: number): number
  /** Writes the rest of the signal likewise, and forgets it, for the next one. */
  end(out: Float32Array, at: number): number
}

/**
 * Plans the conversion of signals that come in pieces.
 *
 * The sharp filter runs first, as a fast convolution, which changes the rate by a power of two at no cost. Where that
 * is not the new rate yet, the signal now fills at most half of its spectrum, and a kernel of 16 taps is enough to
 * interpolate it at any time. Both count from the signal's start, so the pieces it comes in do not show.
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
  const limiter = createBandLimiter(PASS_BAND * nyquist, nyquist, rate, direct ? 0 : INTERPOLATOR_LEAD)
  const sink = direct ? COPIER : createInterpolator(fromRate * rate, toRate, limiter.blockLength)
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

/** What stands in for an interpolator where the filter makes the new rate already. */
const COPIER = {
  push(block: Float64Array, out: Float32Array, at: number, room: number): number {
    out.set(block.length > room ? block.subarray(0, room) : block, at)
    return at + Math.min(block.length, room)
  },
  reset() {},
}
