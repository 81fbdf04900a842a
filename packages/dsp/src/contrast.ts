/** Spectral contrast: how far the peaks of each octave stand above its valleys. */
import { type AudioClip, assertInteger, assertPositive, EscError, type FeatureMatrix } from '@esc/core'
import { powerToDb } from './db.js'
import {
  assertMagnitude,
  type BinFrequencyOptions,
  binFrequencies,
  type SpectrogramSource,
  spectrogramOf,
} from './magnitude.js'
import { pow, roundHalfEven } from './math.js'
import type { StftOptions } from './stft.js'

/** The bands of {@link spectralContrast}, and what counts as a peak. */
export interface ContrastOptions {
  /** Where the first octave starts, in Hz; what lies below is a band of its own. Default 200. */
  fmin?: number
  /** Number of octaves, at most 16; the last reaches up to half the sample rate. Default 6. */
  nBands?: number
  /** Share of a band's bins that are its peaks, and its valleys, in (0, 1). Default 0.02; at least one bin. */
  quantile?: number
  /** Difference of the magnitudes instead of their difference in dB. Default false. */
  linear?: boolean
}

/**
 * The mean of the highest bins over the mean of the lowest, in every band of every frame.
 *
 * @param options - As {@link spectrogram}: `nFft` 2048, `hopLength` 512; `fmin` 200, `nBands` 6, `quantile` 0.02.
 * @returns dB (of magnitudes taken for powers, as librosa does), or magnitude with `linear`; >= 0 but for the floor 80
 *   dB below the loudest; shape [nBands + 1, frames].
 * @throws EscError INVALID_OPTION if an option is out of its range, or a band is beyond half the sample rate or
 *   narrower than the bins; INVALID_INPUT if the clip has no samples, samples that are not finite, or (with
 *   `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.spectral_contrast`; Jiang et al., "Music type classification by spectral contrast
 *   feature", 2002.
 * @example spectralContrast(clip, { nBands: 5 })
 */
export function spectralContrast(
  clip: AudioClip,
  options: StftOptions & BinFrequencyOptions & ContrastOptions = {},
): FeatureMatrix {
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
  const { linear = false } = options
  assertMagnitude(magnitude)
  const { bins, frames } = magnitude
  const bands = octaveBands(binFrequencies(magnitude, options), options)
  const shape = { bins: bands.length, frames }
  const peak = { ...shape, data: new Float32Array(bands.length * frames) }
  const valley = { ...shape, data: new Float32Array(bands.length * frames) }
  const columns = Array.from({ length: COLUMNS }, () => new Float64Array(bins))
  const kept = new Float64Array(FEW)
  for (let start = 0; start < frames; start += COLUMNS) {
    readColumns(magnitude, start, columns)
    for (let c = 0; c < COLUMNS && start + c < frames; c++) {
      for (let k = 0; k < bands.length; k++) {
        const at = k * frames + start + c
        valley.data[at] = meanOfLowest(columns[c]!, bands[k]!, kept)
        peak.data[at] = meanOfHighest(columns[c]!, bands[k]!, kept)
      }
    }
  }
  const [high, low] = linear ? [peak, valley] : [powerToDb(peak), powerToDb(valley)]
  return { ...shape, data: high.data.map((value, i) => value - low.data[i]!) }
}

// Columns are cut out of the rows that many at a time: alone, each would load every row's memory anew.
const COLUMNS = 4

/** Frames `start`, `start + 1`, …, each in a buffer of its own; beyond the last frame, the last one again. */
function readColumns({ data, bins, frames }: FeatureMatrix, start: number, columns: Float64Array[]): void {
  const [c0, c1, c2, c3] = columns as [Float64Array, Float64Array, Float64Array, Float64Array]
  const shift = (by: number) => Math.min(by, frames - 1 - start)
  const [s1, s2, s3] = [shift(1), shift(2), shift(3)]
  for (let bin = 0, i = start; bin < bins; bin++, i += frames) {
    c0[bin] = data[i]!
    c1[bin] = data[i + s1]!
    c2[bin] = data[i + s2]!
    c3[bin] = data[i + s3]!
  }
}

// Up to so many values, keeping them in a heap while passing over the band is cheaper than sorting the band.
const FEW = 128

/** Bins `first` up to, not including, `end`, of which `take` are peaks and `take` valleys. */
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
    // As in librosa, a band starts one bin early, its last bin is the next band's first, and yet counts for `take`.
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

/** Keeps the lowest so far in a heap, the highest of them first; from the top, since most spectra fall. */
function meanOfLowest(column: Float64Array, { first, end, take }: Band, kept: Float64Array): number {
  if (take > FEW) return meanOf(column.slice(first, end).sort(), 0, take)
  kept.fill(Number.POSITIVE_INFINITY)
  let bound = Number.POSITIVE_INFINITY
  for (let i = end - 1; i >= first; i--) {
    const value = column[i]!
    if (value >= bound) continue
    let j = 0
    for (let child = 1; child < take; child = 2 * j + 1) {
      if (child + 1 < take && kept[child + 1]! > kept[child]!) child++
      if (kept[child]! <= value) break
      kept[j] = kept[child]!
      j = child
    }
    kept[j] = value
    bound = kept[0]!
  }
  return meanOf(kept, 0, take)
}

/** Keeps the highest so far in a heap, the lowest of them first. */
function meanOfHighest(column: Float64Array, { first, end, take }: Band, kept: Float64Array): number {
  if (take > FEW) return meanOf(column.slice(first, end).sort(), end - first - take, take)
  kept.fill(Number.NEGATIVE_INFINITY)
  let bound = Number.NEGATIVE_INFINITY
  for (let i = first; i < end; i++) {
    const value = column[i]!
    if (value <= bound) continue
    let j = 0
    for (let child = 1; child < take; child = 2 * j + 1) {
      if (child + 1 < take && kept[child + 1]! < kept[child]!) child++
      if (kept[child]! >= value) break
      kept[j] = kept[child]!
      j = child
    }
    kept[j] = value
    bound = kept[0]!
  }
  return meanOf(kept, 0, take)
}

function meanOf(values: Float64Array, start: number, count: number): number {
  let sum = 0
  for (let i = start; i < start + count; i++) sum += values[i]!
  return sum / count
}
