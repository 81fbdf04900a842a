/** The shape of the spectrum, one number for each frame: centroid, bandwidth, rolloff and flatness. */
import {
  type AudioClip,
  assertKnown,
  assertMatrixShape,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { exp, pow } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { type StftOptions, stftNames } from '../stft/stft.js'
import { countBelowShare, sumBins, sumDeviations, sumPowersAndLogs } from './bin-sums.js'
import {
  type BinFrequencyOptions,
  binFrequencies,
  type SpectrogramSource,
  sourceNames,
  spectrogramOf,
} from './magnitude.js'

/** Options of {@link spectralCentroid}. */
export interface SpectralOptions extends StftOptions, BinFrequencyOptions {}

const spectralNames: Names<SpectralOptions> = { ...stftNames, freq: true }

/**
 * Computes the centre of gravity of every frame's magnitude spectrum.
 *
 * @param options - Those of {@link spectrogram}, and `freq`.
 * @returns Hz; 0 for a silent frame; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip has
 *   no samples, samples that are not finite, or (with `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.spectral_centroid`.
 * @example spectralCentroid(clip)
 */
export function spectralCentroid(clip: AudioClip, options: SpectralOptions = {}): FeatureMatrix {
  assertKnown('spectralCentroid', options, spectralNames)
  return spectralCentroidFromSpectrogram(...spectrogramOf(clip, options))
}

/**
 * {@link spectralCentroid} of a spectrogram.
 *
 * @param magnitude - Shape [bins, frames], >= 0, for example from {@link spectrogram}.
 * @returns Hz; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown, out of its range or does not fit the matrix;
 *   INVALID_INPUT if the matrix is empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `feature.spectral_centroid` with `S`.
 * @example spectralCentroidFromSpectrogram(spectrogram(clip.samples), { sampleRate: clip.sampleRate })
 */
export function spectralCentroidFromSpectrogram(
  magnitude: FeatureMatrix,
  options: SpectrogramSource,
): FeatureMatrix {
  assertGiven('spectralCentroidFromSpectrogram', options, sourceNames)
  assertMatrixShape('magnitude', magnitude)
  return rowOf(centersOf(sumBins(magnitude, binFrequencies(magnitude, options))))
}

/** Options of {@link spectralBandwidth} besides those of the spectrum. */
export interface BandwidthOptions {
  /**
   * Exponent of the deviations, > 0.
   *
   * @defaultValue `2`: the standard deviation
   */
  p?: number
  /**
   * Whether a frame's magnitudes are scaled to the sum 1.
   *
   * @defaultValue `true`
   */
  norm?: boolean
  /**
   * Centre of every frame in Hz, shape [1, frames]; `null` takes the {@link spectralCentroid}.
   *
   * @defaultValue `null`
   */
  centroid?: FeatureMatrix | null
}

const spreadNames: Names<BandwidthOptions> = { p: true, norm: true, centroid: true }
const bandwidthNames: Names<SpectralOptions & BandwidthOptions> = { ...spectralNames, ...spreadNames }
const bandwidthSourceNames: Names<SpectrogramSource & BandwidthOptions> = { ...sourceNames, ...spreadNames }

/**
 * Computes the spread of every frame's magnitude spectrum around its centre:
 * `(Σ S[k] |freq[k] - centroid|^p)^(1 / p)`.
 *
 * @param options - Those of {@link spectralCentroid}, and `p`, `norm` and `centroid`.
 * @returns Hz (with `norm`); shape [1, frames].
 * @throws EscError as {@link spectralCentroid}.
 * @see librosa 0.10.2 `feature.spectral_bandwidth`.
 * @example spectralBandwidth(clip)
 */
export function spectralBandwidth(
  clip: AudioClip,
  options: SpectralOptions & BandwidthOptions = {},
): FeatureMatrix {
  assertKnown('spectralBandwidth', options, bandwidthNames)
  return spectralBandwidthFromSpectrogram(...spectrogramOf(clip, options))
}

/**
 * {@link spectralBandwidth} of a spectrogram.
 *
 * @param magnitude - Shape [bins, frames], >= 0.
 * @returns Hz (with `norm`); shape [1, frames].
 * @throws EscError as {@link spectralCentroidFromSpectrogram}.
 * @see librosa 0.10.2 `feature.spectral_bandwidth` with `S`.
 * @example spectralBandwidthFromSpectrogram(spectrogram(clip.samples), { sampleRate: clip.sampleRate })
 */
export function spectralBandwidthFromSpectrogram(
  magnitude: FeatureMatrix,
  options: SpectrogramSource & BandwidthOptions,
): FeatureMatrix {
  assertGiven('spectralBandwidthFromSpectrogram', options, bandwidthSourceNames)
  const { p = 2, norm = true, centroid = null } = options
  assertPositive('p', p)
  assertMatrixShape('magnitude', magnitude)
  const { frames } = magnitude
  if (centroid !== null && centroid.data.length !== frames) {
    throw new EscError(
      'INVALID_OPTION',
      `centroid has ${centroid.data.length} values; it must have one for each of the ${frames} frames`,
    )
  }
  const freq = binFrequencies(magnitude, options)
  const sums = sumBins(magnitude, freq)
  const { totals } = sums
  const centers = centroid === null ? centersOf(sums) : Float64Array.from(centroid.data)
  return rowOf(
    sumDeviations(magnitude, freq, centers, p).map((sum, frame) => {
      const spread = norm && totals[frame]! > 0 ? sum / totals[frame]! : sum
      return p === 2 ? Math.sqrt(spread) : pow(spread, 1 / p)
    }),
  )
}

/** Options of {@link spectralRolloff} besides those of the spectrum. */
export interface RolloffOptions {
  /**
   * Share of the frame's total magnitude, in (0, 1).
   *
   * @defaultValue `0.85`
   */
  rollPercent?: number
}

const rolloffNames: Names<SpectralOptions & RolloffOptions> = { ...spectralNames, rollPercent: true }
const rolloffSourceNames: Names<SpectrogramSource & RolloffOptions> = { ...sourceNames, rollPercent: true }

/**
 * Computes the frequency below which `rollPercent` of every frame's magnitude lies.
 *
 * @param options - Those of {@link spectralCentroid}, and `rollPercent`.
 * @returns Hz, always the frequency of a bin; shape [1, frames].
 * @throws EscError as {@link spectralCentroid}.
 * @see librosa 0.10.2 `feature.spectral_rolloff`.
 * @example spectralRolloff(clip, { rollPercent: 0.95 })
 */
export function spectralRolloff(
  clip: AudioClip,
  options: SpectralOptions & RolloffOptions = {},
): FeatureMatrix {
  assertKnown('spectralRolloff', options, rolloffNames)
  return spectralRolloffFromSpectrogram(...spectrogramOf(clip, options))
}

/**
 * {@link spectralRolloff} of a spectrogram.
 *
 * @param magnitude - Shape [bins, frames], >= 0.
 * @returns Hz; shape [1, frames].
 * @throws EscError as {@link spectralCentroidFromSpectrogram}.
 * @see librosa 0.10.2 `feature.spectral_rolloff` with `S`.
 * @example spectralRolloffFromSpectrogram(spectrogram(clip.samples), { sampleRate: clip.sampleRate })
 */
export function spectralRolloffFromSpectrogram(
  magnitude: FeatureMatrix,
  options: SpectrogramSource & RolloffOptions,
): FeatureMatrix {
  assertGiven('spectralRolloffFromSpectrogram', options, rolloffSourceNames)
  const { rollPercent = 0.85 } = options
  if (!(rollPercent > 0 && rollPercent < 1)) {
    throw new EscError('INVALID_OPTION', `rollPercent=${rollPercent} must lie between 0 and 1, both excluded`)
  }
  assertMatrixShape('magnitude', magnitude)
  const freq = binFrequencies(magnitude, options)
  return rowOf(Float64Array.from(countBelowShare(magnitude, rollPercent), (bin) => freq[bin]!))
}

/** Options of {@link spectralFlatness} besides those of the transform. */
export interface FlatnessOptions {
  /**
   * Smaller powers are raised to this one, > 0.
   *
   * @defaultValue `1e-10`
   */
  amin?: number
  /**
   * Exponent of the magnitudes, > 0.
   *
   * @defaultValue `2`
   */
  power?: number
}

const meanNames: Names<FlatnessOptions> = { amin: true, power: true }
const flatnessNames: Names<StftOptions & FlatnessOptions> = { ...stftNames, ...meanNames }

/**
 * Computes how noisy every frame is: the geometric mean of its power spectrum divided by the arithmetic mean.
 *
 * @param options - Those of {@link spectrogram}, and `amin` and `power`.
 * @returns From 0 (a tone) to 1 (white noise; also silence, which is `amin` everywhere); shape [1, frames].
 * @throws EscError as {@link spectralCentroid}.
 * @see librosa 0.10.2 `feature.spectral_flatness`.
 * @example spectralFlatness(clip)
 */
export function spectralFlatness(
  clip: AudioClip,
  options: StftOptions & FlatnessOptions = {},
): FeatureMatrix {
  assertKnown('spectralFlatness', options, flatnessNames)
  const [magnitude, { sampleRate, nFft, ...own }] = spectrogramOf(clip, options)
  return spectralFlatnessFromSpectrogram(magnitude, own)
}

/**
 * {@link spectralFlatness} of a spectrogram.
 *
 * @param magnitude - Shape [bins, frames], >= 0.
 * @returns In [0, 1]; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is
 *   empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `feature.spectral_flatness` with `S`.
 * @example spectralFlatnessFromSpectrogram(spectrogram(clip.samples))
 */
export function spectralFlatnessFromSpectrogram(
  magnitude: FeatureMatrix,
  options: FlatnessOptions = {},
): FeatureMatrix {
  assertKnown('spectralFlatnessFromSpectrogram', options, meanNames)
  const { amin = 1e-10, power = 2 } = options
  assertPositive('amin', amin)
  assertPositive('power', power)
  const floor = power === 2 ? Math.sqrt(amin) : pow(amin, 1 / power)
  if (!(floor >= 1e-45 && floor <= 3e38)) {
    throw new EscError(
      'INVALID_OPTION',
      `amin=${amin}, power=${power} raise magnitudes to ${floor}; this must lie in [1e-45, 3e38]`,
    )
  }
  assertMatrixShape('magnitude', magnitude)
  const { bins } = magnitude
  const { powers, logs } = sumPowersAndLogs(magnitude, floor, power)
  return rowOf(powers.map((sum, frame) => (exp((power * logs[frame]!) / bins) * bins) / sum))
}

/** Centres of gravity in Hz; 0 where the total is 0. */
function centersOf({ totals, weighted }: { totals: Float64Array; weighted: Float64Array }): Float64Array {
  return weighted.map((sum, frame) => (totals[frame]! > 0 ? sum / totals[frame]! : 0))
}

function rowOf(values: Float64Array): FeatureMatrix {
  return { data: Float32Array.from(values), bins: 1, frames: values.length }
}
