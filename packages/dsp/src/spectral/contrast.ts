/** Spectral contrast: the difference between the peaks and the valleys of each octave of a spectrum. */
import {
  type AudioClip,
  assertInteger,
  assertKnown,
  assertMatrixShape,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { pow, roundHalfEven } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { powerToDb } from '../scaling/db.js'
import { type StftOptions, stftNames } from '../stft/stft.js'
import { type Band, meanEnds } from './band-ends.js'
import {
  type BinFrequencyOptions,
  binFrequencies,
  type SpectrogramSource,
  sourceNames,
  spectrogramOf,
} from './magnitude.js'

/** The bands of {@link spectralContrast}, and how many bins count as peaks. */
export interface ContrastOptions {
  /**
   * Start of the first octave in Hz. The frequencies below it are one more band.
   *
   * @defaultValue `200`
   */
  fmin?: number
  /**
   * Number of octaves, at most 16. The last one reaches up to half the sample rate.
   *
   * @defaultValue `6`
   */
  nBands?: number
  /**
   * Share of a band's bins that count as peaks, and share of those that count as valleys, in (0, 1); at least
   * one bin.
   *
   * @defaultValue `0.02`
   */
  quantile?: number
  /**
   * `true` returns the difference of the magnitudes, `false` their difference in dB.
   *
   * @defaultValue `false`
   */
  linear?: boolean
}

const bandNames: Names<ContrastOptions> = { fmin: true, nBands: true, quantile: true, linear: true }
const contrastNames: Names<StftOptions & BinFrequencyOptions & ContrastOptions> = {
  ...stftNames,
  freq: true,
  ...bandNames,
}
const fromSpectrogramNames: Names<SpectrogramSource & ContrastOptions> = { ...sourceNames, ...bandNames }

/**
 * Computes the contrast of every band of every frame: the mean of its highest bins compared with that of its
 * lowest bins.
 *
 * @param options - Those of {@link spectrogram}, and the bands.
 * @returns Shape [nBands + 1, frames]. dB, for which magnitudes are treated as powers, as librosa does; or a
 *   difference of magnitudes with `linear`. Values are >= 0. Only the floor of 80 dB below the loudest value
 *   can make one negative.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or a band is beyond half the
 *   sample rate or narrower than the bins; INVALID_INPUT if the clip has no samples, samples that are not
 *   finite, or (with `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.spectral_contrast`; Jiang et al., "Music type classification by spectral
 *   contrast feature", 2002.
 * @example spectralContrast(clip, { nBands: 5 })
 */
export function spectralContrast(
  clip: AudioClip,
  options: StftOptions & BinFrequencyOptions & ContrastOptions = {},
): FeatureMatrix {
  assertKnown('spectralContrast', options, contrastNames)
  return spectralContrastFromSpectrogram(...spectrogramOf(clip, options))
}

/**
 * {@link spectralContrast} of a spectrogram.
 *
 * @param magnitude - Shape [bins, frames], >= 0.
 * @returns Shape [nBands + 1, frames].
 * @throws EscError INVALID_OPTION as {@link spectralContrast}, or if an option does not fit the matrix;
 *   INVALID_INPUT if the matrix is empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `feature.spectral_contrast` with `S`.
 * @example spectralContrastFromSpectrogram(spectrogram(clip.samples), { sampleRate: clip.sampleRate })
 */
export function spectralContrastFromSpectrogram(
  magnitude: FeatureMatrix,
  options: SpectrogramSource & ContrastOptions,
): FeatureMatrix {
  assertGiven('spectralContrastFromSpectrogram', options, fromSpectrogramNames)
  const { linear = false } = options
  assertMatrixShape('magnitude', magnitude)
  const { frames } = magnitude
  const bands = octaveBands(binFrequencies(magnitude, options), options)
  const shape = { bins: bands.length, frames }
  const peak = { ...shape, data: new Float32Array(bands.length * frames) }
  const valley = { ...shape, data: new Float32Array(bands.length * frames) }
  bands.forEach((band, k) => {
    const { highest, lowest } = meanEnds(magnitude, band)
    peak.data.set(highest, k * frames)
    valley.data.set(lowest, k * frames)
  })
  const [high, low] = linear ? [peak, valley] : [powerToDb(peak), powerToDb(valley)]
  return { ...shape, data: high.data.map((value, i) => value - low.data[i]!) }
}

/**
 * Returns the bins of each band.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range, or a band has no bins.
 */
function octaveBands(freq: Float64Array, options: SpectrogramSource & ContrastOptions): Band[] {
  const { sampleRate, fmin = 200, nBands = 6, quantile = 0.02 } = options
  assertPositive('fmin', fmin)
  assertInteger('nBands', nBands, 1, 16)
  if (!(quantile > 0 && quantile < 1)) {
    throw new EscError('INVALID_OPTION', `quantile=${quantile} must lie between 0 and 1, both excluded`)
  }
  const lastHz = fmin * pow(2, nBands - 1)
  if (!(lastHz < sampleRate / 2)) {
    throw new EscError(
      'INVALID_OPTION',
      `fmin=${fmin}, nBands=${nBands} start the last octave at ${lastHz} Hz; it must start below ${sampleRate / 2}, half the sample rate`,
    )
  }
  return Array.from({ length: nBands + 1 }, (_, k) => {
    const lowHz = k === 0 ? 0 : fmin * pow(2, k - 1)
    const highHz = fmin * pow(2, k)
    const inside = freq.findIndex((hz) => hz >= lowHz)
    const beyond = freq.findIndex((hz) => hz > highHz)
    // As in librosa, a band starts one bin early, and ends before the first bin of the next band, which still
    // counts for `take`.
    const first = k === 0 ? inside : inside - 1
    const last = k === nBands || beyond < 0 ? freq.length : beyond
    const end = k === nBands ? last : last - 1
    if (inside < 0 || last <= inside || first < 0 || end <= first) {
      throw new EscError(
        'INVALID_OPTION',
        `fmin=${fmin} leaves the band from ${lowHz} to ${highHz} Hz without bins; use a larger nFft or fmin`,
      )
    }
    return { first, end, take: Math.min(end - first, Math.max(1, roundHalfEven(quantile * (last - first)))) }
  })
}
