/** Noise reduction: a gate for every bin of the spectrum. */
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
  /**
   * A recording of the noise alone, at the clip's sample rate; `null` measures the noise in the clip itself.
   *
   * @defaultValue `null`
   */
  noise?: Float32Array | null
  /**
   * A bin counts as sound if its level in dB is more than this many standard deviations above the noise's
   * mean level.
   *
   * @defaultValue `1.5`
   */
  nStdThreshStationary?: number
  /**
   * Share of the noise to remove, in [0, 1].
   *
   * @defaultValue `1`
   */
  propDecrease?: number
  /**
   * Width in Hz over which the gates of neighbouring bins are averaged; `null` for no average.
   *
   * @defaultValue `500`
   */
  freqMaskSmoothHz?: number | null
  /**
   * Time in milliseconds over which the gates of neighbouring frames are averaged; `null` for no average.
   *
   * @defaultValue `50`
   */
  timeMaskSmoothMs?: number | null
  /**
   * Length of the transform in samples. A quarter of it lies between the starts of two frames.
   *
   * @defaultValue `1024`
   */
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
 * Removes steady noise from a clip. Each bin of the short-time Fourier transform passes only while it is
 * louder than the noise in that bin. The same clip always gives the same result. The result has the same
 * length and sample rate.
 *
 * Without a recording of the noise, every sound that lasts through the whole clip counts as noise. That is
 * right for a bark in the wind, and wrong for rain. A tone gets softer if its line in the spectrum is
 * narrower than `freqMaskSmoothHz`: use a smaller value for whistles and birds.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip or
 *   the noise is empty or not finite.
 * @see noisereduce 3.0 `reduce_noise(stationary=True)`; Sainburg et al., "Finding, visualizing, and
 *   quantifying latent structure across diverse animal vocal repertoires", 2020. Differs from noisereduce: at
 *   the edges of the matrix, the average covers only the gates that exist, so that a clip does not fade in
 *   and out.
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

/** Checks all options except `noise`. @throws EscError INVALID_OPTION if an option is out of its range. */
export function assertGateOptions(options: SpectralGateOptions): void {
  const { nStdThreshStationary = 1.5, propDecrease = 1, nFft = 1024 } = options
  const { freqMaskSmoothHz = null, timeMaskSmoothMs = null } = options
  assertInRange('nStdThreshStationary', nStdThreshStationary, -100, 100)
  assertInRange('propDecrease', propDecrease, 0, 1)
  if (freqMaskSmoothHz !== null) assertPositive('freqMaskSmoothHz', freqMaskSmoothHz)
  if (timeMaskSmoothMs !== null) assertPositive('timeMaskSmoothMs', timeMaskSmoothMs)
  assertInteger('nFft', nFft, 1, 2 ** 24)
}

/** Levels further below a bin's loudest frame are raised to this many decibels below it. */
const levelTopDb = 80

/** The square of float64's epsilon. noisereduce adds the epsilon to magnitudes. */
const levelAmin = 2 ** -104

/** Computes levels in dB, at least `levelTopDb` below the loudest frame of each bin. */
function levelOf({ re, im, bins, frames }: ComplexMatrix): FeatureMatrix {
  const power = new Float32Array(re.length)
  for (let i = 0; i < power.length; i++) power[i] = re[i]! * re[i]! + im[i]! * im[i]!
  const data = convertToDecibels(
    power,
    { amin: levelAmin, refDb: 0, floorDb: Number.NEGATIVE_INFINITY },
    power,
  )
  for (let bin = 0; bin < bins; bin++) {
    const row = data.subarray(bin * frames, (bin + 1) * frames)
    let floor = Number.NEGATIVE_INFINITY
    for (let frame = 0; frame < frames; frame++) floor = Math.max(floor, row[frame]! - levelTopDb)
    for (let frame = 0; frame < frames; frame++) row[frame] = Math.max(floor, row[frame]!)
  }
  return { data, bins, frames }
}

/** Computes each bin's mean level plus `deviations` times its standard deviation. */
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

/** Returns 1 where the level is above the threshold, else 0. */
function openGates({ data, bins, frames }: FeatureMatrix, threshold: Float64Array): Float64Array {
  const gates = new Float64Array(data.length)
  for (let bin = 0, i = 0; bin < bins; bin++) {
    for (let frame = 0; frame < frames; frame++, i++) gates[i] = data[i]! > threshold[bin]! ? 1 : 0
  }
  return gates
}

/**
 * Averages by a triangle of `2 * reach + 1` weights along each axis. At an edge it averages only what the
 * matrix has.
 */
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

/** Computes the sum of the weights around each of `count` places. */
function triangleWeights(count: number, reach: number): Float64Array {
  const out = new Float64Array(count)
  sumTriangles(new Float64Array(count).fill(1), out, 0, count, 1, reach)
  return out
}

/**
 * Computes `out[i] = Σ (reach + 1 - |i - j|) values[j]` along a line of `count` values that starts at
 * `start`. From one i to the next, the weights of the values to the right grow by one, and those to the left
 * shrink by one. All are whole numbers, so the sums are exact.
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
