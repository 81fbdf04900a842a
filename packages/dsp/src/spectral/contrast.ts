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
import { gcd, pow, roundHalfEven } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { powerToDb } from '../scaling/db.js'
import { type StftOptions, stftNames } from '../stft/stft.js'
import {
  assertMagnitude,
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
   * Share of a band's bins that count as peaks, and share of those that count as valleys, in (0, 1); at least one bin.
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
 * Computes the contrast of every band of every frame: the mean of its highest bins compared with that of its lowest bins.
 *
 * @param options - Those of {@link spectrogram}, and the bands.
 * @returns Shape [nBands + 1, frames]. dB, for which magnitudes are treated as powers, as librosa does; or a difference of
 *   magnitudes with `linear`. Values are >= 0. Only the floor of 80 dB below the loudest value can make one negative.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or a band is beyond half the sample rate
 *   or narrower than the bins; INVALID_INPUT if the clip has no samples, samples that are not finite, or (with
 *   `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.spectral_contrast`; Jiang et al., "Music type classification by spectral contrast
 *   feature", 2002.
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
 * @throws EscError INVALID_OPTION as {@link spectralContrast}, or if an option does not fit the matrix; INVALID_INPUT
 *   if the matrix is empty, not finite or negative somewhere.
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
    const { highest, lowest } = band.take > fewValues ? sortBand(magnitude, band) : keepEnds(magnitude, band)
    peak.data.set(highest, k * frames)
    valley.data.set(lowest, k * frames)
  })
  const [high, low] = linear ? [peak, valley] : [powerToDb(peak), powerToDb(valley)]
  return { ...shape, data: high.data.map((value, i) => value - low.data[i]!) }
}

/** The bins from `first` up to, but not including, `end`. `take` of them are peaks and `take` are valleys. */
interface Band {
  first: number
  end: number
  take: number
}

/** @throws EscError INVALID_OPTION if an option is out of its range, or a band has no bins. */
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
      `fmin=${fmin}, nBands=${nBands} start the last octave at ${lastHz} Hz, must be below ${sampleRate / 2}, half the sample rate`,
    )
  }
  return Array.from({ length: nBands + 1 }, (_, k) => {
    const lowHz = k === 0 ? 0 : fmin * pow(2, k - 1)
    const highHz = fmin * pow(2, k)
    const inside = freq.findIndex((hz) => hz >= lowHz)
    const beyond = freq.findIndex((hz) => hz > highHz)
    // As in librosa, a band starts one bin early, and ends before the first bin of the next band, which still counts
    // for `take`.
    const first = k === 0 ? inside : inside - 1
    const last = k === nBands || beyond < 0 ? freq.length : beyond
    const end = k === nBands ? last : last - 1
    if (inside < 0 || last <= inside || first < 0 || end <= first) {
      throw new EscError(
        'INVALID_OPTION',
        `fmin=${fmin} leaves the band from ${lowHz} to ${highHz} Hz without bins, use a larger nFft or fmin`,
      )
    }
    return { first, end, take: Math.min(end - first, Math.max(1, roundHalfEven(quantile * (last - first)))) }
  })
}

/** The means of a band's peaks and of its valleys, one for each frame. */
interface Means {
  highest: Float64Array
  lowest: Float64Array
}

// Up to this many peaks are kept in order during one pass over a band. For more peaks the band is sorted.
const fewValues = 64

// The bits of float32 numbers as integers. For numbers >= 0 both have the same order.
const infinityBits = 0x7f800000
const leastBits = -(2 ** 31)

/**
 * Finds the highest and the lowest values of all frames in one pass over the rows. The lowest values are those whose
 * inverted bits are highest.
 *
 * @throws EscError INVALID_INPUT if a magnitude of the band is not finite or is negative.
 */
function keepEnds(magnitude: FeatureMatrix, { first, end, take }: Band): Means {
  const { data, frames } = magnitude
  const bits = new Int32Array(data.buffer, data.byteOffset, data.length)
  const [high, low] = [
    new Int32Array(take * frames).fill(leastBits),
    new Int32Array(take * frames).fill(leastBits),
  ]
  // The least value that each frame keeps. Smaller values are skipped.
  const [above, below] = [new Int32Array(frames).fill(leastBits), new Int32Array(frames).fill(leastBits)]
  const count = end - first
  // Rows are taken from all over the band. In their own order, a falling spectrum would have new lowest values to the end.
  let step = Math.ceil(0.618 * count)
  while (gcd(step, count) !== 1) step++
  const row = (k: number) => (first + ((k * step) % count)) * frames
  let k = 0
  for (; k + 4 <= count; k += 4) {
    const [r0, r1, r2, r3] = [row(k), row(k + 1), row(k + 2), row(k + 3)]
    for (let t = 0, at = 0; t < frames; t++, at += take) {
      const a = bits[r0 + t]!
      const b = bits[r1 + t]!
      const c = bits[r2 + t]!
      const d = bits[r3 + t]!
      let bound = above[t]!
      if (a > bound) bound = keep(high, at, take, a)
      if (b > bound) bound = keep(high, at, take, b)
      if (c > bound) bound = keep(high, at, take, c)
      if (d > bound) bound = keep(high, at, take, d)
      above[t] = bound
      bound = below[t]!
      if (~a > bound) bound = keep(low, at, take, ~a)
      if (~b > bound) bound = keep(low, at, take, ~b)
      if (~c > bound) bound = keep(low, at, take, ~c)
      if (~d > bound) bound = keep(low, at, take, ~d)
      below[t] = bound
    }
  }
  for (; k < count; k++) {
    for (let t = 0, i = row(k); t < frames; t++, i++) {
      if (bits[i]! > above[t]!) above[t] = keep(high, t * take, take, bits[i]!)
      if (~bits[i]! > below[t]!) below[t] = keep(low, t * take, take, ~bits[i]!)
    }
  }
  for (let i = 0; i < low.length; i++) low[i] = ~low[i]!
  // An infinite, NaN or negative value would be among the highest or the lowest. Then the full check finds and names it.
  if (high.some((value) => value >= infinityBits) || low.some((value) => value < 0)) {
    assertMagnitude(magnitude)
  }
  return { highest: meansOf(high, take), lowest: meansOf(low, take) }
}

/** Inserts a value into the `take` ascending values that begin at `first`, drops the least, and returns the new least. */
function keep(values: Int32Array, first: number, take: number, value: number): number {
  const last = first + take - 1
  let i = first
  for (; i < last && values[i + 1]! < value; i++) values[i] = values[i + 1]!
  values[i] = value
  return values[first]!
}

/** Computes the mean of each frame. @param bits - The bits of float32 numbers, shape [frames, take]. */
function meansOf(bits: Int32Array, take: number): Float64Array {
  const values = new Float32Array(bits.buffer)
  const means = new Float64Array(values.length / take)
  for (let t = 0; t < means.length; t++) means[t] = meanOf(values, t * take, take)
  return means
}

/** Does the same as `keepEnds` by sorting. @throws EscError INVALID_INPUT if a magnitude is not finite or is negative. */
function sortBand(magnitude: FeatureMatrix, { first, end, take }: Band): Means {
  assertMagnitude(magnitude)
  const { data, frames } = magnitude
  const column = new Float32Array(end - first)
  const highest = new Float64Array(frames)
  const lowest = new Float64Array(frames)
  for (let t = 0; t < frames; t++) {
    for (let i = 0; i < column.length; i++) column[i] = data[(first + i) * frames + t]!
    column.sort()
    highest[t] = meanOf(column, column.length - take, take)
    lowest[t] = meanOf(column, 0, take)
  }
  return { highest, lowest }
}

function meanOf(values: Float32Array, start: number, count: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += values[i]!
  return sum / count
}
