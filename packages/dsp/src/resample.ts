/** Sample rate conversion. */
import { assertPositive, EscError } from '@esc/core'
import { createBandLimiter } from './band-limit.js'
import { assertSamples } from './check.js'
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/**
 * All up to this share of the lower of the two Nyquist frequencies passes; all above that frequency itself is
 * stopped, so that nothing folds back into the spectrum.
 */
const PASS_BAND = 0.9

/**
 * Delays of the interpolating filter in its table, for each sample. Between two of them it is interpolated linearly;
 * a signal below a quarter of the rate gets an error of at most (π / 2 / DELAYS)² / 8, -118 dB.
 */
const DELAYS = 512

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
  assertSamples(samples)
  return run(samples)
}

/**
 * {@link resample} with its filter tables, without the check of the samples.
 *
 * The sharp filter runs first, as a fast convolution, which changes the rate by a power of two at no cost. Where that
 * is not the new rate yet, the signal now fills at most half of its spectrum, and a kernel of 16 taps is enough to
 * interpolate it at any time.
 *
 * @throws EscError INVALID_OPTION as {@link resample}.
 */
export function createResampler(fromRate: number, toRate: number): (samples: Float32Array) => Float32Array {
  assertPositive('fromRate', fromRate)
  assertPositive('toRate', toRate)
  const ratio = toRate / fromRate
  if (!(ratio >= 1 / 256 && ratio <= 256)) {
    throw new EscError(
      'INVALID_OPTION',
      `toRate=${toRate} must be within a factor of 256 of fromRate=${fromRate}`,
    )
  }
  if (fromRate === toRate) return (samples) => samples.slice()
  const nyquist = Math.min(1, ratio) / 2
  const direct = Number.isInteger(Math.log2(ratio))
  const rate = direct ? ratio : 2 ** Math.ceil(Math.log2(4 * nyquist))
  const kernel = createKernel()
  const limiter = createBandLimiter(PASS_BAND * nyquist, nyquist, rate, direct ? 0 : kernel.half)
  return (samples) => {
    const limited = limiter.run(samples)
    const length = Math.ceil((samples.length * toRate) / fromRate)
    if (direct) return Float32Array.from(limited.subarray(0, length))
    return interpolate(limited, kernel, length, fromRate * rate, toRate)
  }
}

/** A short filter at `DELAYS + 1` delays from 0 to 1 sample, one row of `2 * half` taps each. */
interface Kernel {
  half: number
  rows: Float64Array
}

/** Passes a quarter of the sample rate and stops from three quarters on, where the first image begins. */
function createKernel(): Kernel {
  const half = kaiserHalfLength(1 / 2)
  const taps = 2 * half
  const rows = new Float64Array((DELAYS + 1) * taps)
  for (let delay = 0; delay <= DELAYS; delay++) {
    const row = rows.subarray(delay * taps, (delay + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      row[tap] = kaiserSinc(tap - half + 1 - delay / DELAYS, half, 1 / 2)
    }
    // Every delay passes a constant unchanged: else a constant would come out with a tone on it.
    const sum = row.reduce((total, weight) => total + weight, 0)
    for (let tap = 0; tap < taps; tap++) row[tap]! /= sum
  }
  return { half, rows }
}

/** Sample k is the signal at time `k / toRate`; time 0 is sample `kernel.half` of `signal`. */
function interpolate(
  signal: Float64Array,
  { half, rows }: Kernel,
  length: number,
  fromRate: number,
  toRate: number,
): Float32Array {
  const taps = 2 * half
  const out = new Float32Array(length)
  for (let k = 0; k < length; k++) {
    const time = (k * fromRate) / toRate
    const whole = Math.floor(time)
    const delay = (time - whole) * DELAYS
    const row = Math.floor(delay) * taps
    const next = row + taps
    let below = 0
    let above = 0
    for (let tap = 0; tap < taps; tap++) {
      const sample = signal[whole + 1 + tap]!
      below += rows[row + tap]! * sample
      above += rows[next + tap]! * sample
    }
    out[k] = below + (delay - Math.floor(delay)) * (above - below)
  }
  return out
}
