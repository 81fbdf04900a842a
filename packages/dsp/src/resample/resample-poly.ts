/** Sample rate conversion by a rational factor with a polyphase filter. */
import { assertInRange, assertInteger, assertKnown, assertOneOf, assertSamples, EscError } from '@esc/core'
import { gcd, sinOfTurn } from '../math.js'
import type { Names } from '../option-names.js'
import { getWindow, type WindowName } from '../stft/get-window.js'
import { kaiserWindow } from './kaiser.js'

/** Options of {@link resamplePoly}. */
export interface ResamplePolyOptions {
  /**
   * Window of the filter: a Kaiser window with its β, or the name of another window.
   *
   * @defaultValue `['kaiser', 5]`
   */
  window?: readonly ['kaiser', number] | WindowName
  /**
   * The samples beyond the ends of the signal: 'constant' for zeros, 'edge' for its first and its last
   * sample.
   *
   * @defaultValue `'constant'`
   */
  padtype?: 'constant' | 'edge'
}

const polyNames: Names<ResamplePolyOptions> = { window: true, padtype: true }

// The filter has 20 taps for each unit of the larger factor, which is 10 MB at this bound.
const maxFactor = 65536

/**
 * Converts a signal to `up / down` times its sample rate. The result is that of three steps: put `up - 1`
 * zeros after each sample, apply a low-pass filter without delay, keep every `down`-th sample. Only the kept
 * samples are computed. The filter is scipy's. With the default window it weakens the stop band by about 50
 * dB, and leaves half the amplitude at the lower Nyquist frequency (half of the lower sample rate). The
 * filter of `resample` is sharper.
 *
 * @param samples - Mono signal.
 * @param up - Integer >= 1.
 * @param down - Integer >= 1. Divided by their greatest common divisor, both must be at most 65536.
 * @returns `ceil(length * up / down)` samples, new storage.
 * @throws EscError INVALID_OPTION if a factor or an option is out of its range, or an option is unknown;
 *   INVALID_INPUT if the signal is empty or not finite.
 * @see scipy 1.10 `signal.resample_poly`, computed in float64; librosa 0.10.2 `resample` with
 *   `res_type='polyphase'`. Differs from scipy: only two of its `padtype`s exist here.
 * @example resamplePoly(clip.samples, 1, 2) // 44100 to 22050 Hz
 */
export function resamplePoly(
  samples: Float32Array,
  up: number,
  down: number,
  options: ResamplePolyOptions = {},
): Float32Array {
  assertKnown('resamplePoly', options, polyNames)
  const { window = ['kaiser', 5], padtype = 'constant' } = options
  assertInteger('up', up, 1)
  assertInteger('down', down, 1)
  assertOneOf('padtype', padtype, ['constant', 'edge'])
  const divisor = gcd(up, down)
  const [p, q] = [up / divisor, down / divisor]
  if (Math.max(p, q) > maxFactor) {
    throw new EscError(
      'INVALID_OPTION',
      `up=${up}, down=${down} must be at most ${maxFactor} without their common divisors; use resample for such rates`,
    )
  }
  const half = 10 * Math.max(p, q)
  const filter = lowPass(half, Math.max(p, q), window)
  assertSamples('samples', samples)
  if (p === q) return samples.slice()
  return convolvePhases(samples, polyphase(filter, p), p, q, half, padtype)
}

/** The filter's taps by phase: one row of taps for each of `up` phases, in the order of the samples. */
interface Phases {
  rows: Float64Array
  taps: number
}

/**
 * Computes a windowed sinc of `2 * half + 1` taps that passes a constant unchanged.
 *
 * @param factor - The cutoff is the Nyquist frequency divided by this factor.
 * @see scipy 1.10 `signal.firwin`.
 */
function lowPass(
  half: number,
  factor: number,
  window: NonNullable<ResamplePolyOptions['window']>,
): Float64Array {
  const length = 2 * half + 1
  const filter = windowOf(window, length)
  for (let i = 0; i < length; i++) {
    const time = Math.abs(i - half)
    if (time > 0) filter[i]! *= sinOfTurn(time, 2 * factor) / ((Math.PI * time) / factor)
  }
  const sum = filter.reduce((total, tap) => total + tap, 0)
  return filter.map((tap) => tap / sum)
}

function windowOf(window: NonNullable<ResamplePolyOptions['window']>, length: number): Float64Array {
  if (typeof window === 'string') return getWindow(window, length, { fftbins: false })
  const [name, beta] = window
  assertOneOf('window', name, ['kaiser'])
  // For a larger β, the Bessel function leaves float64's range.
  assertInRange('window beta', beta, 0, 700)
  return kaiserWindow(length, beta)
}

/**
 * Row r holds taps r, r + up, r + 2 up, … in reverse order. They are multiplied by `up`, because the zeros
 * add nothing.
 */
function polyphase(filter: Float64Array, up: number): Phases {
  const taps = Math.ceil(filter.length / up)
  const rows = new Float64Array(up * taps)
  filter.forEach((tap, i) => {
    rows[(i % up) * taps + taps - 1 - Math.floor(i / up)] = up * tap
  })
  return { rows, taps }
}

/** Computes output k as the sum of the signal under the filter, centred on time `k * down / up`. */
function convolvePhases(
  samples: Float32Array,
  { rows, taps }: Phases,
  up: number,
  down: number,
  half: number,
  padtype: 'constant' | 'edge',
): Float32Array {
  const { length } = samples
  const out = new Float32Array(Math.ceil((length * up) / down))
  for (let k = 0; k < out.length; k++) {
    const newest = k * down + half
    const row = (newest % up) * taps
    const start = Math.floor(newest / up) - taps + 1
    const first = Math.max(0, -start)
    const last = Math.min(taps, length - start)
    let sum = 0
    let tap = first
    // Four at a time, as in `applyFilterBank`.
    for (let r = row + tap, s = start + tap; tap + 4 <= last; tap += 4, r += 4, s += 4) {
      sum +=
        rows[r]! * samples[s]! +
        rows[r + 1]! * samples[s + 1]! +
        (rows[r + 2]! * samples[s + 2]! + rows[r + 3]! * samples[s + 3]!)
    }
    for (; tap < last; tap++) sum += rows[row + tap]! * samples[start + tap]!
    if (padtype === 'edge') {
      for (tap = 0; tap < first; tap++) sum += rows[row + tap]! * samples[0]!
      for (tap = last; tap < taps; tap++) sum += rows[row + tap]! * samples[length - 1]!
    }
    out[k] = sum
  }
  return out
}
