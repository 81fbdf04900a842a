/** Frequencies in Hz and in mel, and the frequencies of FFT bins. */
import { assertInRange, assertInteger, assertKnown, assertPositive, EscError, shown } from '@esc/core'
import { exp, ln, log10 } from './math.js'
import type { Names } from './option-names.js'

/** Which mel scale. */
export interface MelScaleOptions {
  /**
   * `false` takes the scale of Slaney's Auditory Toolbox (linear below 1 kHz), `true` HTK's formula.
   *
   * @defaultValue `false`
   */
  htk?: boolean
}

const scaleNames: Names<MelScaleOptions> = { htk: true }

// Slaney's scale: 200/3 Hz in each mel up to 1 kHz (15 mel), then 27 mel for every factor of 6.4.
const HZ_PER_MEL = 200 / 3
const LOG_START_HZ = 1000
const LOG_START_MEL = LOG_START_HZ / HZ_PER_MEL
// ln(6.4) / 27.
const LOG_STEP = 0.06875177742094912

/**
 * Converts a frequency from Hz to mel.
 *
 * @param hz - Frequency in Hz, >= 0.
 * @throws EscError INVALID_OPTION if an option is unknown; INVALID_INPUT unless `hz` is a finite number >= 0.
 * @see librosa 0.10.2 `hz_to_mel`.
 * @example hzToMel(60) // 0.9
 */
export function hzToMel(hz: number, options: MelScaleOptions = {}): number {
  assertKnown('hzToMel', options, scaleNames)
  assertNonNegative('hz', hz)
  return melOf(hz, options.htk)
}

function melOf(hz: number, htk = false): number {
  if (htk) return 2595 * log10(1 + hz / 700)
  return hz < LOG_START_HZ ? hz / HZ_PER_MEL : LOG_START_MEL + ln(hz / LOG_START_HZ) / LOG_STEP
}

/**
 * Converts a frequency from mel to Hz: the inverse of {@link hzToMel}.
 *
 * @param mel - Frequency in mel, >= 0.
 * @throws EscError INVALID_OPTION if an option is unknown; INVALID_INPUT unless `mel` is a finite number >=
 *   0.
 * @see librosa 0.10.2 `mel_to_hz`.
 * @example melToHz(3) // 200
 */
export function melToHz(mel: number, options: MelScaleOptions = {}): number {
  assertKnown('melToHz', options, scaleNames)
  assertNonNegative('mel', mel)
  return hzOf(mel, options.htk)
}

function hzOf(mel: number, htk = false): number {
  if (htk) return 700 * (exp((mel / 2595) * Math.LN10) - 1)
  return mel < LOG_START_MEL ? mel * HZ_PER_MEL : LOG_START_HZ * exp(LOG_STEP * (mel - LOG_START_MEL))
}

/** Options of {@link melFrequencies}. */
export interface MelFrequencyOptions extends MelScaleOptions {
  /**
   * Lowest frequency in Hz.
   *
   * @defaultValue `0`
   */
  fmin?: number
  /**
   * Highest frequency in Hz.
   *
   * @defaultValue `11025`
   */
  fmax?: number
}

const frequencyNames: Names<MelFrequencyOptions> = { ...scaleNames, fmin: true, fmax: true }

/**
 * Computes frequencies that are evenly spaced in mel, both ends included.
 *
 * @param nMels - How many, >= 1.
 * @returns Hz, ascending; length `nMels`.
 * @throws EscError INVALID_OPTION if an option is unknown, or unless `nMels >= 1` and `0 <= fmin <= fmax`.
 * @see librosa 0.10.2 `mel_frequencies`.
 * @example melFrequencies(40, { fmax: 8000 })
 */
export function melFrequencies(nMels = 128, options: MelFrequencyOptions = {}): Float64Array {
  assertKnown('melFrequencies', options, frequencyNames)
  const { fmin = 0, fmax = 11025, htk = false } = options
  assertInteger('nMels', nMels, 1)
  assertInRange('fmax', fmax, 0, Number.MAX_VALUE)
  assertInRange('fmin', fmin, 0, fmax)
  const low = melOf(fmin, htk)
  const step = nMels > 1 ? (melOf(fmax, htk) - low) / (nMels - 1) : 0
  return Float64Array.from({ length: nMels }, (_, i) => hzOf(low + i * step, htk))
}

/** Options of {@link fftFrequencies}. */
export interface FftFrequencyOptions {
  /**
   * Sample rate in Hz.
   *
   * @defaultValue `22050`
   */
  sampleRate?: number
  /**
   * Length of the transform in samples.
   *
   * @defaultValue `2048`
   */
  nFft?: number
}

const fftNames: Names<FftFrequencyOptions> = { sampleRate: true, nFft: true }

/**
 * Computes the centre frequency of every bin of a real FFT.
 *
 * @returns Hz, from 0 to half the sample rate; length `floor(nFft / 2) + 1`.
 * @throws EscError INVALID_OPTION if an option is unknown, or unless `sampleRate > 0` and `nFft` is an
 *   integer >= 1.
 * @see librosa 0.10.2 `fft_frequencies`.
 * @example fftFrequencies({ sampleRate: 22050, nFft: 2048 })[1] // 10.77
 */
export function fftFrequencies(options: FftFrequencyOptions = {}): Float64Array {
  assertKnown('fftFrequencies', options, fftNames)
  const { sampleRate = 22050, nFft = 2048 } = options
  assertPositive('sampleRate', sampleRate)
  assertInteger('nFft', nFft, 1)
  return Float64Array.from({ length: Math.floor(nFft / 2) + 1 }, (_, bin) => (bin * sampleRate) / nFft)
}

function assertNonNegative(name: string, value: number): void {
  if (!(typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_INPUT', `${name}=${shown(value)} must be a finite number >= 0`)
  }
}
