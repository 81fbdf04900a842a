/** The spectrograms that the spectral features take, and the frequencies of their bins. */
import {
  type AudioClip,
  assertClip,
  assertMatrix,
  assertPositive,
  EscError,
  type FeatureMatrix,
  isNumberList,
  wrongValue,
} from '@esc/core'
import type { Names } from '../option-names.js'
import { computeSpectrogram, type StftOptions } from '../stft/stft.js'
import { fftFrequencies } from '../units.js'

/** The frequencies of a spectrum's bins, for bins that are not those of the Fourier transform. */
export interface BinFrequencyOptions {
  /**
   * Frequencies in Hz, ascending, one for each bin; `null` takes those of the transform.
   *
   * @defaultValue `null`
   */
  freq?: ArrayLike<number> | null
}

/** How a spectrogram was computed. */
export interface SpectrogramSource extends BinFrequencyOptions {
  /**
   * Sample rate of the clip in Hz. Differs from librosa: there is no default, which would be wrong for most
   * clips.
   */
  sampleRate: number
  /**
   * Length of the transform in samples.
   *
   * @defaultValue `2 * (bins - 1)`, which is right for every even length
   */
  nFft?: number
}

export const sourceNames: Names<SpectrogramSource> = { sampleRate: true, nFft: true, freq: true }

/**
 * Computes a clip's magnitude (or power) spectrogram. Returns it with the options for a feature of it: the
 * options that belong to the feature, the sample rate, and `nFft`.
 *
 * @throws EscError INVALID_OPTION if an option of the transform is out of its range; INVALID_INPUT as
 *   `spectrogram`.
 */
export function spectrogramOf<Options extends StftOptions>(
  clip: AudioClip,
  options: Options,
  power: 1 | 2 = 1,
): [FeatureMatrix, Omit<Options, keyof StftOptions> & { sampleRate: number; nFft: number }] {
  assertClip('clip', clip)
  const { nFft = 2048, hopLength, winLength, window, center, padMode, ...own } = options
  const matrix = computeSpectrogram(clip.samples, { ...options, nFft, power })
  return [matrix, { ...own, sampleRate: clip.sampleRate, nFft }]
}

/**
 * Checks a spectrogram.
 *
 * @throws EscError INVALID_INPUT if it is empty, or a value is not finite or is negative.
 */
export function assertMagnitude(matrix: FeatureMatrix, name = 'magnitude'): void {
  assertMatrix(name, matrix)
  const { data } = matrix
  let index = 0
  while (index < data.length && !(data[index]! < 0)) index++
  if (index === data.length) return
  throw new EscError('INVALID_INPUT', `${name}[${index}]=${data[index]} must be >= 0`, { detail: { index } })
}

/**
 * Returns the centre frequency of every bin in Hz.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range or does not fit the matrix.
 */
export function binFrequencies({ bins }: FeatureMatrix, options: SpectrogramSource): Float64Array {
  const { sampleRate, nFft = Math.max(1, 2 * (bins - 1)), freq = null } = options
  // `fftFrequencies` has a default sample rate, which is wrong for most clips.
  assertPositive('sampleRate', sampleRate)
  const ofTransform = fftFrequencies({ sampleRate, nFft })
  if (freq !== null && !isNumberList(freq)) {
    throw wrongValue('freq', freq, 'a list of Hz, one for each bin, or null', { code: 'INVALID_OPTION' })
  }
  const hz = freq === null ? ofTransform : Float64Array.from(freq)
  if (hz.length !== bins) {
    const source = freq === null ? `nFft=${nFft} makes` : 'freq has'
    throw new EscError('INVALID_OPTION', `${source} ${hz.length} bins, but the spectrogram has ${bins}`)
  }
  const wrong = hz.findIndex((value, i) => !(value >= (hz[i - 1] ?? 0) && value < Number.POSITIVE_INFINITY))
  if (wrong >= 0) {
    throw new EscError('INVALID_OPTION', `freq[${wrong}]=${hz[wrong]} must be finite, >= 0 and ascending`)
  }
  return hz
}
