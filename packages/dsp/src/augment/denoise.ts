/** Augmentation by noise reduction: what a recorder's own processing does to a sound. */
import { assertKnown } from '@esc/core'
import { assertGateOptions, type SpectralGateOptions, spectralGate } from '../effects/spectral-gate.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { assertBounds, drawBetween } from './random.js'

/** Options of {@link denoise}; the others as {@link spectralGate}'s. */
export interface DenoiseOptions extends Chance, Omit<SpectralGateOptions, 'propDecrease'> {
  /** Least share of the noise that goes, in [0, 1]. Default 0.5. */
  minPropDecrease?: number
  /** Largest share. Default 1. */
  maxPropDecrease?: number
}

const denoiseNames: Names<DenoiseOptions> = {
  ...chanceNames,
  minPropDecrease: true,
  maxPropDecrease: true,
  noise: true,
  nStdThreshStationary: true,
  freqMaskSmoothHz: true,
  timeMaskSmoothMs: true,
  nFft: true,
}

/**
 * Takes a share of the steady noise out of a clip, by `spectralGate`. Length stays; the label does unless the sound is
 * itself steady, as rain is.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; the augmentation as `spectralGate`.
 * @example denoise({ minPropDecrease: 0.3, maxPropDecrease: 0.9, p: 0.5 })(clip, createRng(1))
 */
export function denoise(options: DenoiseOptions = {}): Augment {
  assertKnown('denoise', options, denoiseNames)
  const { p, minPropDecrease = 0.5, maxPropDecrease = 1, ...gate } = options
  assertBounds({ minPropDecrease, maxPropDecrease }, 0, 1)
  assertGateOptions(gate)
  return clipAugment(
    { p },
    (clip, rng) =>
      spectralGate(clip, { ...gate, propDecrease: drawBetween(rng, minPropDecrease, maxPropDecrease) })
        .samples,
  )
}
