/** Onset strength: how much louder the bands of a spectrum become from frame to frame. */
import {
  type AudioClip,
  assertClip,
  assertInteger,
  assertKnown,
  assertMatrix,
  assertOneOf,
  type FeatureMatrix,
} from '@esc/core'
import type { Names } from '../option-names.js'
import { powerToDb } from '../scaling/db.js'
import { maxFilterBins } from './max-filter.js'
import { createMelPlan, type MelOptions, melNames } from './mel.js'

/** Options of {@link onsetStrengthFromLogMel}. */
export interface OnsetOptions {
  /**
   * Each frame is compared with the frame that is this many frames earlier.
   *
   * @defaultValue `1`
   */
  lag?: number
  /**
   * The earlier frame is replaced by its maximum over this many neighbouring bins, so that vibrato is no
   * onset.
   *
   * @defaultValue `1`: each bin alone
   */
  maxSize?: number
  /**
   * Whether a slow filter removes the mean of the result.
   *
   * @defaultValue `false`
   */
  detrend?: boolean
  /**
   * Whether the result is shifted by half a transform, so that frame t stands for sample `t * hopLength`.
   *
   * @defaultValue `true`
   */
  center?: boolean
  /**
   * How the rises of all bins become one number.
   *
   * @defaultValue `'mean'`
   */
  aggregate?: 'mean' | 'median'
  /**
   * Length of the transform in samples.
   *
   * @defaultValue `2048`
   */
  nFft?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `512`
   */
  hopLength?: number
}

const riseNames: Names<OnsetOptions> = {
  lag: true,
  maxSize: true,
  detrend: true,
  center: true,
  aggregate: true,
  nFft: true,
  hopLength: true,
}
const onsetNames: Names<MelOptions & OnsetOptions> = { ...melNames, ...riseNames }

/**
 * Computes the onset strength: the mean rise in dB of a clip's mel bands, frame by frame.
 *
 * @param options - Those of {@link melSpectrogram} and {@link onsetStrengthFromLogMel}. The frames of the
 *   spectrogram are always centred; `center` concerns only the result.
 * @returns dB, >= 0 without `detrend`; one value for each frame.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip has
 *   no samples, or samples that are not finite.
 * @see librosa 0.10.2 `onset.onset_strength`.
 * @example onsetStrength(clip, { lag: 2, maxSize: 3 })
 */
export function onsetStrength(clip: AudioClip, options: MelOptions & OnsetOptions = {}): Float32Array {
  assertKnown('onsetStrength', options, onsetNames)
  assertOnsetOptions(options)
  assertClip('clip', clip)
  const mel = createMelPlan(clip.sampleRate, { ...options, center: true }).run(clip.samples)
  return meanRises(powerToDb(mel), options)
}

/**
 * {@link onsetStrength} of a spectrogram in dB.
 *
 * @param logMel - In dB, with any reference; shape [bins, frames].
 * @param options - `nFft` and `hopLength` must be those of the spectrogram.
 * @returns dB; one value for each frame.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `onset.onset_strength` with `S`; Böck and Widmer, "Maximum filter vibrato suppression
 *   for onset detection", 2013.
 * @example onsetStrengthFromLogMel(powerToDb(melSpectrogram(clip)))
 */
export function onsetStrengthFromLogMel(logMel: FeatureMatrix, options: OnsetOptions = {}): Float32Array {
  assertKnown('onsetStrengthFromLogMel', options, riseNames)
  assertOnsetOptions(options)
  assertMatrix('logMel', logMel)
  return meanRises(logMel, options)
}

function meanRises(logMel: FeatureMatrix, options: OnsetOptions): Float32Array {
  const { lag = 1, maxSize = 1, detrend = false, center = true, aggregate = 'mean' } = options
  const { nFft = 2048, hopLength = 512 } = options
  const { bins, frames } = logMel
  const earlier = maxFilterBins(logMel, maxSize)
  const shift = lag + (center ? Math.floor(nFft / (2 * hopLength)) : 0)
  const strength = new Float64Array(frames)
  const rises = new Float64Array(bins)
  for (let frame = shift; frame < frames; frame++) {
    const now = frame - shift + lag
    for (let bin = 0, i = now; bin < bins; bin++, i += frames) {
      rises[bin] = Math.max(0, logMel.data[i]! - earlier.data[i - lag]!)
    }
    strength[frame] = aggregate === 'mean' ? mean(rises) : median(rises)
  }
  return Float32Array.from(detrend ? withoutTrend(strength) : strength)
}

/** @throws EscError INVALID_OPTION if an option is out of its range. */
function assertOnsetOptions(options: OnsetOptions): void {
  const { lag = 1, maxSize = 1, aggregate = 'mean', nFft = 2048, hopLength = 512 } = options
  assertInteger('lag', lag, 1)
  assertInteger('maxSize', maxSize, 1)
  assertOneOf('aggregate', aggregate, ['mean', 'median'])
  assertInteger('nFft', nFft, 1)
  assertInteger('hopLength', hopLength, 1)
}

/** Removes the mean by a filter with a zero at frequency 0, and a pole next to it. */
function withoutTrend(values: Float64Array): Float64Array {
  let before = 0
  let out = 0
  return values.map((value) => {
    out = value - before + 0.99 * out
    before = value
    return out
  })
}

function mean(values: Float64Array): number {
  let sum = 0
  for (let i = 0; i < values.length; i++) sum += values[i]!
  return sum / values.length
}

/** Sorts in place. */
function median(values: Float64Array): number {
  values.sort()
  const middle = values.length >> 1
  return values.length % 2 === 1 ? values[middle]! : (values[middle - 1]! + values[middle]!) / 2
}
