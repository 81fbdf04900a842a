/** Augmentation by noise reduction: it imitates the processing inside a recorder. */
import { assertKnown } from '@esc/core'
import { assertGateOptions, type SpectralGateOptions, spectralGate } from '../effects/spectral-gate.js'
import type { Names } from '../option-names.js'
import { type Augment, type Chance, chanceNames, clipAugment } from './compose.js'
import { assertBounds, drawBetween } from './random.js'
import { identityOfSamples } from './spec.js'

/** Options of {@link denoise}: two bounds, and those of {@link spectralGate}. */
export interface DenoiseOptions extends Chance, Omit<SpectralGateOptions, 'propDecrease'> {
  /**
   * Smallest share of the noise to remove, in [0, 1].
   *
   * @defaultValue `0.5`
   */
  minPropDecrease?: number
  /**
   * Largest share of the noise to remove, in [0, 1].
   *
   * @defaultValue `1`
   */
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
 * Removes a share of the steady noise from a clip, by `spectralGate`. The length stays. The label stays valid
 * unless the sound itself is steady, such as rain.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range. The augmentation throws as
 *   `spectralGate`.
 * @example denoise({ minPropDecrease: 0.3, maxPropDecrease: 0.9, p: 0.5 })(clip, createRng(1))
 */
export function denoise(options: DenoiseOptions = {}): Augment {
  assertKnown('denoise', options, denoiseNames)
  const { p: _chance, minPropDecrease = 0.5, maxPropDecrease = 1, ...gate } = options
  assertBounds({ minPropDecrease, maxPropDecrease }, 0, 1)
  assertGateOptions(gate)
  const { noise, ...others } = options
  const augment = clipAugment(
    ['denoise', others],
    (clip, rng) =>
      spectralGate(clip, { ...gate, propDecrease: drawBetween(rng, minPropDecrease, maxPropDecrease) })
        .samples,
  )
  if (!noise) return augment
  return Object.assign(augment, identityOfSamples('denoise', others, [noise]))
}
