/** Chroma: the energy of every pitch class (C, C sharp, D, …) in a spectrum. */
import {
  type AudioClip,
  assertInteger,
  assertKnown,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { createBasisProduct } from '../fft/basis-product.js'
import { exp, roundHalfEven } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { assertNorm, type Norm, normalizeMatrix, vectorNorm } from '../scaling/normalize.js'
import { type StftOptions, stftNames } from '../stft/stft.js'
import { assertMagnitude, spectrogramOf } from './magnitude.js'
import { estimateTuning, hzToOctaves } from './tuning.js'

/** The pitches that a bank of chroma filters collects. */
export interface ChromaFilterOptions {
  /**
   * Pitch classes in an octave.
   *
   * @defaultValue `12`
   */
  nChroma?: number
  /**
   * The octave with the largest weight. Octave 0 begins at 27.5 Hz (the note A).
   *
   * @defaultValue `5`
   */
  ctroct?: number
  /**
   * Width of the weights around `ctroct` in octaves; `null` gives all octaves the same weight.
   *
   * @defaultValue `2`
   */
  octwidth?: number | null
  /**
   * `true` begins with the class C, `false` with A.
   *
   * @defaultValue `true`
   */
  baseC?: boolean
}

/** The transform whose spectra the filters are for. */
interface TransformSize {
  /** Sample rate in Hz. */
  sampleRate: number
  /** Length of the transform in samples, >= 2. */
  nFft: number
}

const sizeNames: Names<TransformSize> = { sampleRate: true, nFft: true }
const filterNames: Names<ChromaFilterOptions> = { nChroma: true, ctroct: true, octwidth: true, baseC: true }

/** Options of {@link chromaFilterbank}. */
export interface ChromaBankOptions extends ChromaFilterOptions {
  /**
   * Deviation from A = 440 Hz, in pitch classes.
   *
   * @defaultValue `0`
   */
  tuning?: number
  /**
   * Norm of each bin's weights over the classes, before they are multiplied by the weights of the octaves.
   *
   * @defaultValue `'l2'`
   */
  norm?: Norm | null
}

const bankNames: Names<ChromaBankOptions & TransformSize> = {
  ...sizeNames,
  ...filterNames,
  tuning: true,
  norm: true,
}

/**
 * Computes a bank of filters, one for each pitch class. Each filter has a Gaussian bump at that class in
 * every octave.
 *
 * @param options - `sampleRate` in Hz and `nFft` >= 2 in samples say for which spectrum the filters are.
 * @returns Weights of shape [nChroma, nFft / 2 + 1], >= 0.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range.
 * @see librosa 0.10.2 `filters.chroma` with `dtype=np.float64`.
 * @example chromaFilterbank({ sampleRate: 22050, nFft: 2048 })
 */
export function chromaFilterbank(options: ChromaBankOptions & TransformSize): FeatureMatrix {
  assertGiven('chromaFilterbank', options, bankNames)
  const { nChroma, bins, weights } = chromaBasis(options)
  return { data: Float32Array.from(weights), bins: nChroma, frames: bins }
}

/** Options of {@link chromaStft} besides those of the transform. */
export interface ChromaOptions extends ChromaFilterOptions {
  /**
   * Norm of every frame; `null` leaves the energies as they are.
   *
   * @defaultValue `'inf'`: the strongest class becomes 1
   */
  norm?: Norm | null
  /**
   * Deviation from A = 440 Hz, in pitch classes; `null` takes the result of {@link estimateTuning}.
   *
   * @defaultValue `null`
   */
  tuning?: number | null
}

/** Options of {@link chromaStftFromSpectrogram}. */
export interface ChromaFromSpectrogramOptions extends ChromaOptions {
  /** Sample rate of the clip in Hz. */
  sampleRate: number
  /**
   * Length of the transform in samples.
   *
   * @defaultValue `2 * (bins - 1)`
   */
  nFft?: number
}

const chromaNames: Names<ChromaOptions> = { ...filterNames, norm: true, tuning: true }
const chromaStftNames: Names<StftOptions & ChromaOptions> = { ...stftNames, ...chromaNames }
const fromSpectrogramNames: Names<ChromaFromSpectrogramOptions> = { ...sizeNames, ...chromaNames }

/**
 * Computes the energy of every pitch class: a {@link chromaFilterbank} over the power spectrogram.
 *
 * @param options - Those of {@link spectrogram}, and the pitch classes.
 * @returns Shape [nChroma, frames]. In [0, 1] with a norm; a silent frame is 0.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip has
 *   no samples, samples that are not finite, or (with `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.chroma_stft`.
 * @example chromaStft(clip, { tuning: 0 })
 */
export function chromaStft(clip: AudioClip, options: StftOptions & ChromaOptions = {}): FeatureMatrix {
  assertKnown('chromaStft', options, chromaStftNames)
  return chromaStftFromSpectrogram(...spectrogramOf(clip, options, 2))
}

/**
 * {@link chromaStft} of a power spectrogram.
 *
 * @param power - Shape [bins, frames], >= 0, for example from {@link spectrogram} with `power: 2`.
 * @returns Shape [nChroma, frames].
 * @throws EscError INVALID_OPTION if an option is unknown, out of its range or does not fit the matrix;
 *   INVALID_INPUT if the matrix is empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `feature.chroma_stft` with `S`.
 * @example chromaStftFromSpectrogram(spectrogram(clip.samples, { power: 2 }), { sampleRate: clip.sampleRate })
 */
export function chromaStftFromSpectrogram(
  power: FeatureMatrix,
  options: ChromaFromSpectrogramOptions,
): FeatureMatrix {
  assertGiven('chromaStftFromSpectrogram', options, fromSpectrogramNames)
  assertMagnitude(power, 'power')
  const { sampleRate, nFft = 2 * (power.bins - 1), nChroma = 12, norm = 'inf' } = options
  if (norm !== null) assertNorm(norm)
  const tuning =
    options.tuning ?? estimateTuning(power, { sampleRate, nFft, binsPerOctave: assertClasses(nChroma) })
  const { bins, weights } = chromaBasis({ ...options, nFft, tuning, norm: 'l2' })
  if (bins !== power.bins) {
    throw new EscError(
      'INVALID_OPTION',
      `nFft=${nFft} makes ${bins} bins, but the spectrogram has ${power.bins}`,
    )
  }
  return normalizeMatrix(createBasisProduct(weights, bins)(power), { norm })
}

function assertClasses(nChroma: number): number {
  assertInteger('nChroma', nChroma, 1, 2 ** 16)
  return nChroma
}

/**
 * {@link chromaFilterbank} in float64, row by row.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
function chromaBasis(options: ChromaBankOptions & TransformSize): {
  nChroma: number
  bins: number
  weights: Float64Array
} {
  const { nChroma = 12, norm = 'l2', baseC = true, octwidth = 2, ctroct = 5 } = options
  assertClasses(nChroma)
  if (norm !== null) assertNorm(norm)
  if (octwidth !== null) assertPositive('octwidth', octwidth)
  if (!Number.isFinite(ctroct)) throw new EscError('INVALID_OPTION', `ctroct=${ctroct} must be finite`)
  const { position, width } = binClasses(options, nChroma)
  const bins = width.length
  const half = roundHalfEven(nChroma / 2)
  const shift = baseC ? 3 * Math.floor(nChroma / 12) : 0
  const weights = new Float64Array(nChroma * bins)
  const column = new Float64Array(nChroma)
  for (let bin = 0; bin < bins; bin++) {
    for (let k = 0; k < nChroma; k++) {
      const away = position[bin]! - k + half
      // Distance to the class in the nearest octave.
      const distance = away - nChroma * Math.floor(away / nChroma) - half
      // The factor 2 makes the bumps narrower, as in librosa.
      const bump = (2 * distance) / width[bin]!
      column[k] = exp(-0.5 * bump * bump)
    }
    const length = norm === null ? 1 : vectorNorm(column, norm)
    const octaves = octwidth === null ? 0 : (position[bin]! / nChroma - ctroct) / octwidth
    const scale = exp(-0.5 * octaves * octaves) / (length > 0 ? length : 1)
    for (let k = 0; k < nChroma; k++) {
      weights[((k + nChroma - shift) % nChroma) * bins + bin] = column[k]! * scale
    }
  }
  return { nChroma, bins, weights }
}

/** Computes every bin's place in pitch classes above 27.5 Hz, and its width in classes (at least 1). */
function binClasses(
  { sampleRate, nFft, tuning = 0 }: ChromaBankOptions & TransformSize,
  nChroma: number,
): { position: Float64Array; width: Float64Array } {
  assertPositive('sampleRate', sampleRate)
  assertInteger('nFft', nFft, 2, 2 ** 24)
  if (!(Math.abs(tuning) <= nChroma)) {
    throw new EscError('INVALID_OPTION', `tuning=${tuning} must lie in [${-nChroma}, ${nChroma}]`)
  }
  const bins = Math.floor(nFft / 2) + 1
  const position = Float64Array.from({ length: bins + 1 }, (_, bin) =>
    // 0 Hz has no pitch. It is placed 1.5 octaves below the first bin, at the class farthest from that bin's.
    bin === 0 ? classOf(sampleRate / nFft) - 1.5 * nChroma : classOf((bin * sampleRate) / nFft),
  )
  const width = Float64Array.from({ length: bins }, (_, bin) =>
    bin === nFft - 1 ? 1 : Math.max(1, position[bin + 1]! - position[bin]!),
  )
  return { position, width }

  function classOf(hz: number): number {
    return nChroma * hzToOctaves(hz, tuning, nChroma)
  }
}
