/** Augmentations of feature matrices: masks over time and frequency. */
import { assertInteger, assertKnown, EscError, type FeatureMatrix, type Rng } from '@esc/core'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, compose, matrixAugment } from './compose.js'
import { drawInteger } from './random.js'
import { specOf } from './spec.js'

/** Options of all masks. */
export interface FillOptions extends Chance {
  /**
   * The value in the masks: a number, or 'mean' for the mean of the matrix.
   *
   * @defaultValue `'mean'`
   */
  fill?: number | 'mean' | undefined
}

/** Options of {@link timeMask}. */
export interface TimeMaskOptions extends FillOptions {
  /**
   * Largest width of a mask in frames. A mask is never wider than the matrix.
   *
   * @defaultValue `40`
   */
  maxFrames?: number
}

/** Options of {@link frequencyMask}. */
export interface FrequencyMaskOptions extends FillOptions {
  /**
   * Largest height of a mask in bins. A mask is never higher than the matrix.
   *
   * @defaultValue `16`
   */
  maxBins?: number
}

const fillNames: Names<FillOptions> = { ...chanceNames, fill: true }
const timeNames: Names<TimeMaskOptions> = { ...fillNames, maxFrames: true }
const frequencyNames: Names<FrequencyMaskOptions> = { ...fillNames, maxBins: true }

/**
 * Covers 0 to `maxFrames` neighbouring frames. First all widths are equally likely, then all places. Shape
 * and label stay.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; the augmentation throws
 *   INVALID_INPUT if the matrix is empty or not finite.
 * @see Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition", 2019.
 * @example timeMask({ maxFrames: 30 })(features, createRng(1))
 */
export function timeMask(options: TimeMaskOptions = {}): Augment<FeatureMatrix> {
  assertKnown('timeMask', options, timeNames)
  const { maxFrames = 40 } = options
  assertInteger('maxFrames', maxFrames, 0)
  return maskAugment(['timeMask', options], ({ data, bins, frames }, fill, rng) => {
    const [start, end] = drawSpan(frames, maxFrames, rng)
    for (let bin = 0; bin < bins; bin++) data.fill(fill, bin * frames + start, bin * frames + end)
  })
}

/**
 * Covers 0 to `maxBins` neighbouring bins. First all heights are equally likely, then all places. Shape and
 * label stay.
 *
 * @throws EscError as {@link timeMask}.
 * @see Park et al., as {@link timeMask}.
 * @example frequencyMask({ maxBins: 8 })(features, createRng(1))
 */
export function frequencyMask(options: FrequencyMaskOptions = {}): Augment<FeatureMatrix> {
  assertKnown('frequencyMask', options, frequencyNames)
  const { maxBins = 16 } = options
  assertInteger('maxBins', maxBins, 0)
  return maskAugment(['frequencyMask', options], ({ data, bins, frames }, fill, rng) => {
    const [start, end] = drawSpan(bins, maxBins, rng)
    data.fill(fill, start * frames, end * frames)
  })
}

/** Options of {@link specAugment}. */
export interface SpecAugmentOptions extends TimeMaskOptions, FrequencyMaskOptions {
  /**
   * Number of frequency masks.
   *
   * @defaultValue `2`
   */
  frequencyMasks?: number
  /**
   * Number of time masks.
   *
   * @defaultValue `2`
   */
  timeMasks?: number
}

const specAugmentNames: Names<SpecAugmentOptions> = {
  ...fillNames,
  maxBins: true,
  maxFrames: true,
  frequencyMasks: true,
  timeMasks: true,
}

/**
 * Applies several {@link frequencyMask}s and {@link timeMask}s, which may overlap. Shape and label stay.
 *
 * @throws EscError as {@link timeMask}.
 * @see Park et al., as {@link timeMask}. Differs from the paper: there is no time warping, which helped least
 *   there.
 * @example specAugment({ maxBins: 8, maxFrames: 20 })(features, createRng(1))
 */
export function specAugment(options: SpecAugmentOptions = {}): Augment<FeatureMatrix> {
  assertKnown('specAugment', options, specAugmentNames)
  const { maxBins = 16, maxFrames = 40, frequencyMasks = 2, timeMasks = 2, fill, p } = options
  assertInteger('frequencyMasks', frequencyMasks, 0, 1000)
  assertInteger('timeMasks', timeMasks, 0, 1000)
  const masks = [
    ...Array.from({ length: frequencyMasks }, () => frequencyMask({ maxBins, fill })),
    ...Array.from({ length: timeMasks }, () => timeMask({ maxFrames, fill })),
  ]
  if (masks.length === 0) {
    throw new EscError('INVALID_OPTION', 'frequencyMasks=0, timeMasks=0 must not both be 0')
  }
  return Object.assign(compose(masks, { p }), specOf('specAugment', options))
}

function maskAugment(
  [name, options]: readonly [name: string, options: FillOptions],
  mask: (copy: FeatureMatrix, fill: number, rng: Rng) => void,
): Augment<FeatureMatrix> {
  const { fill = 'mean' } = options
  if (fill !== 'mean' && !Number.isFinite(fill)) {
    throw new EscError('INVALID_OPTION', `fill=${fill} must be a finite number, or 'mean'`)
  }
  return matrixAugment([name, options], (matrix, rng) => {
    const copy = { data: matrix.data.slice(), bins: matrix.bins, frames: matrix.frames }
    mask(copy, fill === 'mean' ? meanOf(matrix.data) : fill, rng)
    return copy
  })
}

function drawSpan(length: number, most: number, rng: Rng): [start: number, end: number] {
  const width = drawInteger(rng, 0, Math.min(most, length))
  const start = drawInteger(rng, 0, length - width)
  return [start, start + width]
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
