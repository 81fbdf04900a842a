/** Features of the waveform: loudness and zero crossings per frame. */
import {
  assertInRange,
  assertKnown,
  assertMatrix,
  assertOneOf,
  assertSamples,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { gcd } from './math.js'
import type { Names } from './option-names.js'
import { copyFrame, type FrameOptions, frameCount, frameNames, type PadMode, padModes } from './stft/frame.js'

/** Options of {@link rms}. */
export interface RmsOptions extends FrameOptions {
  /**
   * How a centred signal is padded.
   *
   * @defaultValue `'constant'`
   */
  padMode?: PadMode
}

const rmsNames: Names<RmsOptions> = { ...frameNames, padMode: true }

/**
 * Computes the root mean square of every frame.
 *
 * @param samples - Mono signal.
 * @returns Amplitude, >= 0; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty, not finite, or (with `center: false`) shorter than a frame.
 * @see librosa 0.10.2 `feature.rms`.
 * @example rms(clip.samples, { hopLength: 256 })
 */
export function rms(samples: Float32Array, options: RmsOptions = {}): FeatureMatrix {
  assertKnown('rms', options, rmsNames)
  assertSamples('samples', samples)
  const values = frameRms(samples, options)
  return { data: Float32Array.from(values), bins: 1, frames: values.length }
}

/**
 * {@link rms} in float64. It does not check the samples.
 *
 * @throws EscError as {@link rms}.
 */
export function frameRms(samples: Float32Array, options: RmsOptions): Float64Array {
  const { frameLength = 2048, hopLength = 512, center = true, padMode = 'constant' } = options
  assertOneOf('padMode', padMode, padModes)
  const frames = frameCount(samples.length, { frameLength, hopLength, center })
  const offset = center ? Math.floor(frameLength / 2) : 0
  // Frames overlap in whole blocks of this many samples, so the energy of each block is summed only once.
  const blockLength = gcd(frameLength, hopLength)
  const hop = hopLength / blockLength
  const blocks = frameLength / blockLength
  const input = new Float32Array(blockLength)
  const energy = new Float64Array((frames - 1) * hop + blocks)
  for (let block = 0; block < energy.length; block++) {
    const start = block * blockLength - offset
    if (start >= 0 && start + blockLength <= samples.length) {
      energy[block] = sumOfSquares(samples, start, blockLength)
    } else {
      copyFrame(samples, start, padMode, input)
      energy[block] = sumOfSquares(input, 0, blockLength)
    }
  }
  const out = new Float64Array(frames)
  for (let frame = 0; frame < frames; frame++) {
    let sum = 0
    for (let block = frame * hop; block < frame * hop + blocks; block++) sum += energy[block]!
    out[frame] = Math.sqrt(sum / frameLength)
  }
  return out
}

function sumOfSquares(values: Float32Array, start: number, length: number): number {
  const end = start + length
  let i = start
  // Four sums, so that an addition need not wait for the one before. Destructuring would allocate each
  // number.
  let a = 0
  let b = 0
  let c = 0
  let d = 0
  for (; i + 4 <= end; i += 4) {
    a += values[i]! * values[i]!
    b += values[i + 1]! * values[i + 1]!
    c += values[i + 2]! * values[i + 2]!
    d += values[i + 3]! * values[i + 3]!
  }
  for (; i < end; i++) a += values[i]! * values[i]!
  return a + b + (c + d)
}

/** Options of {@link rmsFromSpectrogram}. */
export interface RmsFromSpectrogramOptions {
  /**
   * The `nFft` of the spectrogram.
   *
   * @defaultValue `2048`
   */
  frameLength?: number
}

const spectrumNames: Names<RmsFromSpectrogramOptions> = { frameLength: true }

/**
 * Computes the root mean square of every frame from a magnitude spectrogram (by Parseval's theorem). It is
 * the root mean square of the frame after the window. For that of the plain frame, compute the spectrogram
 * with `window: 'boxcar'`.
 *
 * @param magnitude - Shape [nFft / 2 + 1, frames], for example from {@link spectrogram}.
 * @returns Amplitude, >= 0; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown; INVALID_INPUT if the matrix is empty or not
 *   finite, or its bins are not those of `frameLength`.
 * @see librosa 0.10.2 `feature.rms` with `S`.
 * @example rmsFromSpectrogram(spectrogram(clip.samples))
 */
export function rmsFromSpectrogram(
  magnitude: FeatureMatrix,
  options: RmsFromSpectrogramOptions = {},
): FeatureMatrix {
  assertKnown('rmsFromSpectrogram', options, spectrumNames)
  const { frameLength = 2048 } = options
  assertMatrix('magnitude', magnitude)
  const { data, bins, frames } = magnitude
  if (bins !== Math.floor(frameLength / 2) + 1) {
    throw new EscError(
      'INVALID_INPUT',
      `magnitude has ${bins} bins; for frameLength=${frameLength} it must have ${Math.floor(frameLength / 2) + 1}`,
    )
  }
  const power = new Float64Array(frames)
  for (let bin = 0; bin < bins; bin++) {
    // Each bin of the half spectrum stands for two bins of the whole one, except 0 Hz and half the sample
    // rate.
    const alone = bin === 0 || (frameLength % 2 === 0 && bin === bins - 1)
    for (let frame = 0; frame < frames; frame++) {
      power[frame]! += (alone ? 1 : 2) * data[bin * frames + frame]! * data[bin * frames + frame]!
    }
  }
  return { data: Float32Array.from(power, (sum) => Math.sqrt(sum) / frameLength), bins: 1, frames }
}

/** Options of {@link zeroCrossings}. */
export interface ZeroCrossingOptions {
  /**
   * Samples of at most this magnitude count as zero, and zero counts as positive.
   *
   * @defaultValue `1e-10`
   */
  threshold?: number
  /**
   * Whether the first sample counts as a crossing.
   *
   * @defaultValue `true`
   */
  pad?: boolean
}

const crossingNames: Names<ZeroCrossingOptions> = { threshold: true, pad: true }

/**
 * Marks every sample whose sign differs from that of the sample before.
 *
 * @param samples - Mono signal.
 * @returns 1 at a crossing, else 0; same length.
 * @throws EscError INVALID_OPTION if an option is unknown or `threshold` is not >= 0; INVALID_INPUT if the
 *   signal is empty or not finite.
 * @see librosa 0.10.2 `zero_crossings`.
 * @example zeroCrossings(new Float32Array([1, -1, -1, 2]), { pad: false }) // [0, 1, 0, 1]
 */
export function zeroCrossings(samples: Float32Array, options: ZeroCrossingOptions = {}): Uint8Array {
  assertKnown('zeroCrossings', options, crossingNames)
  const { threshold = 1e-10, pad = true } = options
  assertInRange('threshold', threshold, 0, Number.MAX_VALUE)
  assertSamples('samples', samples)
  const crossings = new Uint8Array(samples.length)
  crossings[0] = pad ? 1 : 0
  let negative = samples[0]! < -threshold
  for (let i = 1; i < samples.length; i++) {
    const wasNegative = negative
    negative = samples[i]! < -threshold
    if (negative !== wasNegative) crossings[i] = 1
  }
  return crossings
}

/**
 * Computes the share of zero crossings in every frame. The first sample of a frame never counts as one.
 *
 * @param samples - Mono signal. With `center`, it is padded with its first and its last sample.
 * @returns In [0, 1]; shape [1, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty, not finite, or (with `center: false`) shorter than a frame.
 * @see librosa 0.10.2 `feature.zero_crossing_rate`.
 * @example zeroCrossingRate(clip.samples)
 */
export function zeroCrossingRate(samples: Float32Array, options: FrameOptions = {}): FeatureMatrix {
  assertKnown('zeroCrossingRate', options, frameNames)
  const { frameLength = 2048, hopLength = 512, center = true } = options
  const crossings = zeroCrossings(samples, { pad: false })
  const { length } = samples
  const frames = frameCount(length, { frameLength, hopLength, center })
  const offset = center ? Math.floor(frameLength / 2) : 0
  // before[i] crossings lie before sample i. The padding has none.
  const before = new Uint32Array(length + 1)
  for (let i = 0; i < length; i++) before[i + 1] = before[i]! + crossings[i]!
  const clip = (index: number) => Math.min(length, Math.max(0, index))
  const data = Float32Array.from({ length: frames }, (_, frame) => {
    const start = frame * hopLength - offset
    return (before[clip(start + frameLength)]! - before[clip(start + 1)]!) / frameLength
  })
  return { data, bins: 1, frames }
}
