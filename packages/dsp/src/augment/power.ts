/** Augmentations of spectrogram power before the logarithm, and shifts of any matrix in time. */
import { assertInRange, assertKnown, assertOneOf, EscError, type FeatureMatrix } from '@esc/core'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, matrixAugment } from './compose.js'
import { amplitudeOfDb, largestDb } from './level.js'
import { assertBounds, drawBetween } from './random.js'
import type { GainOptions } from './waveform.js'

const gainNames: Names<GainOptions> = { ...chanceNames, minDb: true, maxDb: true }

/**
 * Makes a power spectrogram louder or softer, as `gain` does to a clip. The gain in dB is drawn evenly from its range. Shape
 * and label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; the augmentation throws INVALID_INPUT if the
 *   matrix is empty or not finite.
 * @see audiomentations 0.43 `Gain`.
 * @example powerGain({ minDb: -6, maxDb: 6 })(melSpectrogram(clip), createRng(1))
 */
export function powerGain(options: GainOptions = {}): Augment<FeatureMatrix> {
  assertKnown('powerGain', options, gainNames)
  const { minDb = -12, maxDb = 12 } = options
  assertBounds({ minDb, maxDb }, -largestDb, largestDb)
  return matrixAugment(['powerGain', options], ({ data, bins, frames }, rng) => {
    const factor = amplitudeOfDb(drawBetween(rng, minDb, maxDb)) ** 2
    const out = new Float32Array(data.length)
    for (let i = 0; i < out.length; i++) out[i] = factor * data[i]!
    return { data: out, bins, frames }
  })
}

/** Options of {@link frameShift}. */
export interface FrameShiftOptions extends Chance {
  /**
   * Largest shift as a share of the number of frames, in [0, 1].
   *
   * @defaultValue `0.5`
   */
  maxFraction?: number | undefined
  /**
   * What stands where frames have moved away: the frames that leave at the other end, or a number. Power has silence at 0.
   *
   * @defaultValue `'rollover'`
   */
  fill?: 'rollover' | number | undefined
}

const shiftNames: Names<FrameShiftOptions> = { ...chanceNames, maxFraction: true, fill: true }

/**
 * Shifts a matrix forwards or backwards in time, as `timeShift` does to a clip. Shape and label stay. The label stays valid if
 * the matrix still contains the sound.
 *
 * @throws EscError as {@link powerGain}.
 * @see audiomentations 0.43 `Shift`.
 * @example frameShift({ maxFraction: 0.2, fill: 0 })(melSpectrogram(clip), createRng(1))
 */
export function frameShift(options: FrameShiftOptions = {}): Augment<FeatureMatrix> {
  assertKnown('frameShift', options, shiftNames)
  const { maxFraction = 0.5, fill = 'rollover' } = options
  assertInRange('maxFraction', maxFraction, 0, 1)
  if (typeof fill !== 'number') assertOneOf('fill', fill, ['rollover'])
  else if (!Number.isFinite(fill)) {
    throw new EscError('INVALID_OPTION', `fill=${fill} must be a finite number, or 'rollover'`)
  }
  return matrixAugment(['frameShift', options], ({ data, bins, frames }, rng) => {
    const shift = Math.round(drawBetween(rng, -maxFraction, maxFraction) * frames)
    const split = ((-shift % frames) + frames) % frames
    const out = new Float32Array(data.length)
    for (let start = 0; start < bins * frames; start += frames) {
      out.set(data.subarray(start + split, start + frames), start)
      out.set(data.subarray(start, start + split), start + frames - split)
      if (fill === 'rollover' || shift === 0) continue
      if (shift > 0) out.fill(fill, start, start + shift)
      else out.fill(fill, start + frames + shift, start + frames)
    }
    return { data: out, bins, frames }
  })
}
