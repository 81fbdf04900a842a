/** Noise reduction. */
import {
  type AudioClip,
  assertClip,
  assertInRange,
  assertInteger,
  assertKnown,
  assertPositive,
  assertSamples,
  type FeatureMatrix,
} from '@esc/core'
import type { Names } from '../option-names.js'
import { convertToDecibels } from '../scaling/decibel-table.js'
import type { ComplexMatrix } from '../stft/complex-matrix.js'
import { istft } from '../stft/istft.js'
import { stft } from '../stft/stft.js'

/** Options of {@link spectralGate}. */
export interface SpectralGateOptions {
  /** A recording of the noise alone, at the clip's sample rate; `null` (the default) takes the clip for it. */
  noise?: Float32Array | null
  /** How many standard deviations above the noise's mean level, in dB, is sound. Default 1.5. */
  nStdThreshStationary?: number
  /** How much of the noise goes, in [0, 1]. Default 1. */
  propDecrease?: number
  /** Width in Hz over which the gates of neighbouring bins are averaged; `null` for none. Default 500. */
  freqMaskSmoothHz?: number | null
  /** Time in milliseconds over which they are averaged; `null` for none. Default 50. */
  timeMaskSmoothMs?: number | null
  /** Length of the transform in samples, a quarter of which is the hop. Default 1024. */
  nFft?: number
}

const gateNames: Names<SpectralGateOptions> = {
  noise: true,
  nStdThreshStationary: true,
  propDecrease: true,
  freqMaskSmoothHz: true,
  timeMaskSmoothMs: true,
  nFft: true,
}

/**
 * Takes steady noise out of a clip: each bin of the short-time Fourier transform passes while it is louder than the
 * noise is there. The same clip always gives the same result. Length and sample rate stay.
 *
 * Without a recording of the noise, whatever sounds all through the clip is noise: right for a bark in the wind, wrong
 * for rain. A tone gets softer where its line is narrower than `freqMaskSmoothHz`: take less for whistles and birds.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip or the noise is
 *   empty or not finite.
 * @see noisereduce 3.0 `reduce_noise(stationary=True)`; Sainburg et al., "Finding, visualizing, and quantifying latent
 *   structure across diverse animal vocal repertoires", 2020. Differs from noisereduce: at the edges of the spectrum
 *   the average is over the gates that exist, so that a clip does not fade in and out.
 * @example spectralGate(clip, { noise: clip.samples.subarray(0, 22050) })
 */
export function spectralGate(clip: AudioClip, options: SpectralGateOptions = {}): AudioClip {
  assertKnown('spectralGate', options, gateNames)
  const { noise = null, nStdThreshStationary = 1.5, propDecrease = 1, nFft = 1024 } = options
  const { freqMaskSmoothHz = 500, timeMaskSmoothMs = 50 } = options
  assertGateOptions(options)
  assertClip('clip', clip)
  if (noise !== null) assertSamples('noise', noise)

  const { samples, sampleRate } = clip
  const spectrum = stft(samples, { nFft })
  const level = levelOf(spectrum)
  const threshold = thresholds(noise === null ? level : levelOf(stft(noise, { nFft })), nStdThreshStationary)
  const hopMs = (1000 * Math.max(1, Math.floor(nFft / 4))) / sampleRate
  const gate = smooth(
    openGates(level, threshold),
    level.bins,
    Math.floor(((freqMaskSmoothHz ?? 0) * nFft) / 2 / sampleRate),
    Math.floor((timeMaskSmoothMs ?? 0) / hopMs),
  )
  for (let i = 0; i < gate.length; i++) {
    const factor = 1 - propDecrease + propDecrease * gate[i]!
    spectrum.re[i]! *= factor
    spectrum.im[i]! *= factor
  }
  return { samples: istft(spectrum, { nFft, length: samples.length }), sampleRate }
}

/** @throws EscError INVALID_OPTION if an option is out of its range. */
export function assertGateOptions(options: SpectralGateOptions): void {
  const { nStdThreshStationary = 1.5, propDecrease = 1, nFft = 1024 } = options
  const { freqMaskSmoothHz = null, timeMaskSmoothMs = null } = options
  assertInRange('nStdThreshStationary', nStdThreshStationary, -100, 100)
  assertInRange('propDecrease', propDecrease, 0, 1)
  if (freqMaskSmoothHz !== null) assertPositive('freqMaskSmoothHz', freqMaskSmoothHz)
  if (timeMaskSmoothMs !== null) assertPositive('timeMaskSmoothMs', timeMaskSmoothMs)
  assertInteger('nFft', nFft, 1, 2 ** 24)
}

/** Decibels below a bin's loudest frame that still count. */
const TOP_DB = 80

/** The square of float64's epsilon, which the reference adds to magnitudes. */
const AMIN = 2 ** -104

/** In dB, bin by bin, floored below each bin's loudest frame. */
function levelOf({ re, im, bins, frames }: ComplexMatrix): FeatureMatrix {
  const power = new Float32Array(re.length)
  for (let i = 0; i < power.length; i++) power[i] = re[i]! * re[i]! + im[i]! * im[i]!
  const data = convertToDecibels(power, { amin: AMIN, refDb: 0, floorDb: Number.NEGATIVE_INFINITY }, power)
  for (let bin = 0; bin < bins; bin++) {
    const row = data.subarray(bin * frames, (bin + 1) * frames)
    let floor = Number.NEGATIVE_INFINITY
    for (let frame = 0; frame < frames; frame++) floor = Math.max(floor, row[frame]! - TOP_DB)
    for (let frame = 0; frame < frames; frame++) row[frame] = Math.max(floor, row[frame]!)
  }
  return { data, bins, frames }
}

/** Each bin's mean level plus so many standard deviations. */
function thresholds({ data, bins, frames }: FeatureMatrix, deviations: number): Float64Array {
  return Float64Array.from({ length: bins }, (_, bin) => {
    const row = data.subarray(bin * frames, (bin + 1) * frames)
    let sum = 0
    for (let frame = 0; frame < frames; frame++) sum += row[frame]!
    const mean = sum / frames
    let squares = 0
    for (let frame = 0; frame < frames; frame++) squares += (row[frame]! - mean) * (row[frame]! - mean)
    return mean + deviations * Math.sqrt(squares / frames)
  })
}

/** 1 where the level is above the threshold, else 0. */
function openGates({ data, bins, frames }: FeatureMatrix, threshold: Float64Array): Float64Array {
  const gates = new Float64Array(data.length)
  for (let bin = 0, i = 0; bin < bins; bin++) {
    for (let frame = 0; frame < frames; frame++, i++) gates[i] = data[i]! > threshold[bin]! ? 1 : 0
  }
  return gates
}

/** Averages by a triangle of `2 * reach + 1` weights along each axis (of the matrix at most), over what there is. */
function smooth(gates: Float64Array, bins: number, binReach: number, frameReach: number): Float64Array {
  const frames = gates.length / bins
  const sums = new Float64Array(gates.length)
  const out = new Float64Array(gates.length)
  for (let bin = 0; bin < bins; bin++) sumTriangles(gates, sums, bin * frames, frames, 1, frameReach)
  for (let frame = 0; frame < frames; frame++) sumTriangles(sums, out, frame, bins, frames, binReach)
  const binWeights = triangleWeights(bins, binReach)
  const frameWeights = triangleWeights(frames, frameReach)
  for (let bin = 0, i = 0; bin < bins; bin++) {
    const weight = binWeights[bin]!
    for (let frame = 0; frame < frames; frame++, i++) out[i] = out[i]! / (weight * frameWeights[frame]!)
  }
  return out
}

/** The sum of the weights around each of `count` places. */
function triangleWeights(count: number, reach: number): Float64Array {
  const out = new Float64Array(count)
  sumTriangles(new Float64Array(count).fill(1), out, 0, count, 1, reach)
  return out
}

/**
 * `out[i] = Σ (reach + 1 - |i - j|) values[j]` along a line of `count` values that starts at `start`: from one i to the
 * next, the values to the right count one more and those to the left one less. All are whole numbers, so it is exact.
 */
function sumTriangles(
  values: Float64Array,
  out: Float64Array,
  start: number,
  count: number,
  stride: number,
  reach: number,
): void {
  const width = Math.min(reach, count) + 1
  let left = 0
  let right = 0
  let sum = 0
  for (let i = -width; i < count - 1; i++) {
    const middle = i >= 0 ? values[start + i * stride]! : 0
    left += middle - (i >= width ? values[start + (i - width) * stride]! : 0)
    right += (i + width < count ? values[start + (i + width) * stride]! : 0) - middle
    sum += right - left
    if (i >= -1) out[start + (i + 1) * stride] = sum
  }
}
