/** Augmentations of feature matrices: masks over time and frequency. */
import {
  assertInteger,
  assertKnown,
  assertMatrix,
  assertMatrixShape,
  EscError,
  type FeatureMatrix,
  type Rng,
} from '@esc/core'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, compose, withChance } from './compose.js'
import { drawInteger } from './random.js'

/** What masks are filled with: a number, or 'mean' (the default) for the mean of the matrix. */
export interface FillOptions extends Chance {
  fill?: number | 'mean' | undefined
}

const fillNames: Names<FillOptions> = { ...chanceNames, fill: true }
const timeNames: Names<FillOptions & { maxFrames: number }> = { ...fillNames, maxFrames: true }
const frequencyNames: Names<FillOptions & { maxBins: number }> = { ...fillNames, maxBins: true }

/**
 * Covers 0 to `maxFrames` neighbouring frames, an even choice of widths and then of places. Shape and label stay.
 *
 * @param options - `maxFrames` 40; the matrix's width is the limit.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; the augmentation throws INVALID_INPUT if
 *   the matrix is empty or not finite.
 * @see Park et al., "SpecAugment: a simple data augmentation method for automatic speech recognition", 2019.
 * @example timeMask({ maxFrames: 30 })(features, createRng(1))
 */
export function timeMask(options: FillOptions & { maxFrames?: number } = {}): Augment<FeatureMatrix> {
  assertKnown('timeMask', options, timeNames)
  const { maxFrames = 40 } = options
  assertInteger('maxFrames', maxFrames, 0)
  return maskAugment(options, ({ data, bins, frames }, fill, rng) => {
    const [start, end] = drawSpan(frames, maxFrames, rng)
    for (let bin = 0; bin < bins; bin++) data.fill(fill, bin * frames + start, bin * frames + end)
  })
}

/**
 * Covers 0 to `maxBins` neighbouring bins, an even choice of widths and then of places. Shape and label stay.
 *
 * @param options - `maxBins` 16; the matrix's height is the limit.
 * @throws EscError as {@link timeMask}.
 * @see Park et al., as {@link timeMask}.
 * @example frequencyMask({ maxBins: 8 })(features, createRng(1))
 */
export function frequencyMask(options: FillOptions & { maxBins?: number } = {}): Augment<FeatureMatrix> {
  assertKnown('frequencyMask', options, frequencyNames)
  const { maxBins = 16 } = options
  assertInteger('maxBins', maxBins, 0)
  return maskAugment(options, ({ data, bins, frames }, fill, rng) => {
    const [start, end] = drawSpan(bins, maxBins, rng)
    data.fill(fill, start * frames, end * frames)
  })
}

/** Options of {@link specAugment}. */
export interface SpecAugmentOptions extends FillOptions {
  /** Default 16. */
  maxBins?: number
  /** Default 40. */
  maxFrames?: number
  /** Number of frequency masks. Default 2. */
  frequencyMasks?: number
  /** Number of time masks. Default 2. */
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
 * Several {@link frequencyMask}s and {@link timeMask}s, which may overlap. Shape and label stay.
 *
 * @throws EscError as {@link timeMask}.
 * @see Park et al., as {@link timeMask}. Differs from it: there is no time warping, which it found to help least.
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
  return compose(masks, { p })
}

function maskAugment(
  { fill = 'mean', p }: FillOptions,
  mask: (copy: FeatureMatrix, fill: number, rng: Rng) => void,
): Augment<FeatureMatrix> {
  if (fill !== 'mean' && !Number.isFinite(fill)) {
    throw new EscError('INVALID_OPTION', `fill=${fill} must be a finite number, or 'mean'`)
  }
  const applied = withChance<FeatureMatrix>({ p }, (matrix, rng) => {
    assertMatrix('features', matrix)
    const copy = { data: matrix.data.slice(), bins: matrix.bins, frames: matrix.frames }
    mask(copy, fill === 'mean' ? meanOf(matrix.data) : fill, rng)
    return copy
  })
  return (features, rng) => {
    // Also where chance leaves them alone: else a mistake would show now and then.
    assertMatrixShape('features', features)
    return applied(features, rng)
  }
}

function drawSpan(length: number, most: number, rng: Rng): [start: number, end: number] {
  const width = drawInteger(rng, 0, Math.min(most, length))
  const start = drawInteger(rng, 0, length - width)
  return [start, start + width]
}

function meanOf(values: Float32Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
