/** Mel-frequency cepstral coefficients. */
import {
  type AudioClip,
  assertClip,
  assertInteger,
  assertKnown,
  assertMatrix,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { createBasisProduct } from '../fft/basis-product.js'
import { sinOfTurn } from '../math.js'
import type { Names } from '../option-names.js'
import { powerToDb } from '../scaling/db.js'
import { dctBasis } from './dct.js'
import { createMelPlan, type MelOptions, melNames } from './mel.js'

/** Options of {@link mfccFromLogMel}. */
export interface CepstrumOptions {
  /**
   * Number of coefficients, at most the number of mel bins.
   *
   * @defaultValue `20`
   */
  nMfcc?: number
  /**
   * Type of the discrete cosine transform (DCT).
   *
   * @defaultValue `2`
   */
  dctType?: 1 | 2 | 3
  /**
   * Norm of the DCT.
   *
   * @defaultValue `'ortho'`
   */
  norm?: 'ortho' | null
  /**
   * Multiplies coefficient n by `1 + lifter / 2 * sin(π (n + 1) / lifter)`; `0` turns this off.
   *
   * @defaultValue `0`
   */
  lifter?: number
}

const cepstrumNames: Names<CepstrumOptions> = { nMfcc: true, dctType: true, norm: true, lifter: true }

/** Options of {@link mfcc}. `norm` is that of the DCT. */
export interface MfccOptions extends CepstrumOptions, Omit<MelOptions, 'norm'> {
  /**
   * Norm of the mel filters: the `norm` of {@link melFilterbank}.
   *
   * @defaultValue `'slaney'`
   */
  melNorm?: Exclude<MelOptions['norm'], undefined>
}

const mfccNames: Names<MfccOptions> = { ...melNames, ...cepstrumNames, melNorm: true }

/**
 * Computes mel-frequency cepstral coefficients (MFCC): the DCT of the mel spectrogram in dB (`powerToDb` with
 * `ref` 1, `amin` 1e-10 and `topDb` 80).
 *
 * @param options - Those of {@link melSpectrogram} and {@link mfccFromLogMel}.
 * @returns Shape [nMfcc, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the clip has
 *   no samples, samples that are not finite, or (with `center: false`) fewer than `nFft`.
 * @see librosa 0.10.2 `feature.mfcc`.
 * @example mfcc(clip, { nMfcc: 13 })
 */
export function mfcc(clip: AudioClip, options: MfccOptions = {}): FeatureMatrix {
  assertKnown('mfcc', options, mfccNames)
  const { melNorm = 'slaney', norm: _, ...rest } = options
  const cepstrum = createCepstrum(rest.nMels ?? 128, options)
  assertClip('clip', clip)
  const mel = createMelPlan(clip.sampleRate, { ...rest, norm: melNorm }).run(clip.samples)
  return cepstrum(powerToDb(mel))
}

/**
 * Computes the cepstral coefficients of a log-mel spectrogram: the first `nMfcc` rows of every frame's DCT,
 * multiplied by the weights of `lifter`.
 *
 * @param logMel - In dB, with any reference; shape [nMels, frames].
 * @returns Shape [nMfcc, frames].
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `feature.mfcc` with `S`.
 * @example mfccFromLogMel(powerToDb(melSpectrogram(clip)), { nMfcc: 13 })
 */
export function mfccFromLogMel(logMel: FeatureMatrix, options: CepstrumOptions = {}): FeatureMatrix {
  assertKnown('mfccFromLogMel', options, cepstrumNames)
  assertMatrix('logMel', logMel)
  return createCepstrum(logMel.bins, options)(logMel)
}

/** Plans {@link mfccFromLogMel}. @throws EscError INVALID_OPTION if an option is out of its range. */
export function createCepstrum(
  nMels: number,
  options: CepstrumOptions,
): (logMel: FeatureMatrix) => FeatureMatrix {
  const { nMfcc = 20, dctType = 2, norm = 'ortho', lifter = 0 } = options
  assertInteger('nMfcc', nMfcc, 1, nMels)
  if (!(lifter >= 0 && lifter < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `lifter=${lifter} must be a finite number >= 0; 0 turns it off`)
  }
  const basis = dctBasis(nMfcc, nMels, dctType, norm)
  if (lifter > 0) {
    for (let i = 0; i < basis.length; i++) {
      const order = Math.floor(i / nMels) + 1
      basis[i]! *= 1 + (lifter / 2) * sinOfTurn(order, 2 * lifter)
    }
  }
  return createBasisProduct(basis, nMels)
}
