/** Per-channel energy normalisation (PCEN): each bin of a spectrogram relative to its own recent past. */
import {
  assertInRange,
  assertInteger,
  assertKnown,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { exp, expm1, ln, log1p, pow } from '../math.js'
import { maxFilterBins } from '../mel/max-filter.js'
import type { Names } from '../option-names.js'
import { assertMagnitude } from '../spectral/magnitude.js'

/** Options of {@link pcen}. */
export interface PcenOptions {
  /**
   * Sample rate of the clip in Hz. With `hopLength` it says how much time lies between two frames.
   *
   * @defaultValue `22050`
   */
  sampleRate?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `512`
   */
  hopLength?: number
  /**
   * Exponent of the smoothed energy that each value is divided by, >= 0.
   *
   * @defaultValue `0.98`
   */
  gain?: number
  /**
   * Added before the compression, >= 0.
   *
   * @defaultValue `2`
   */
  bias?: number
  /**
   * Exponent of the compression, >= 0. `0` takes the logarithm instead.
   *
   * @defaultValue `0.5`
   */
  power?: number
  /**
   * Time constant of the smoothing in seconds.
   *
   * @defaultValue `0.4`
   */
  timeConstant?: number
  /**
   * Added to the smoothed energy, > 0.
   *
   * @defaultValue `1e-6`
   */
  eps?: number
  /**
   * Coefficient of the smoothing, in [0, 1]; `null` computes it from `timeConstant`.
   *
   * @defaultValue `null`
   */
  b?: number | null
  /**
   * The smoothing uses the maximum over this many neighbouring bins.
   *
   * @defaultValue `1`: each bin alone
   */
  maxSize?: number
  /**
   * State of the smoothing before the first frame, >= 0, one value for each bin. Pass the `zf` of the block
   * before. `null` stands for energies of 1.
   *
   * @defaultValue `null`
   */
  zi?: ArrayLike<number> | null
}

const pcenNames: Names<PcenOptions & { returnZf: boolean }> = {
  sampleRate: true,
  hopLength: true,
  gain: true,
  bias: true,
  power: true,
  timeConstant: true,
  eps: true,
  b: true,
  maxSize: true,
  zi: true,
  returnZf: true,
}

/** What {@link pcen} returns with `returnZf`. */
export interface PcenBlock {
  /** The block. */
  matrix: FeatureMatrix
  /** The state after its last frame: the `zi` of the next block. */
  zf: Float64Array
}

/**
 * Per-channel energy normalisation. It weakens a steady background, and brings loud and soft events to a
 * similar level: `(S / (eps + M) ** gain + bias) ** power - bias ** power`, where M is S smoothed over time.
 *
 * @param magnitude - For example a mel spectrogram with `power: 1`; shape [bins, frames], >= 0. The defaults
 *   are made for samples of 32 bits: multiply a spectrogram of samples in [-1, 1] by 2^31.
 * @returns >= 0; same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range, or `zi` has not one value for
 *   each bin; INVALID_INPUT if the matrix is empty, not finite or negative somewhere.
 * @see librosa 0.10.2 `pcen`; Wang et al., "Trainable frontend for robust and far-field keyword spotting",
 *   2017.
 * @example
 * const samples = clip.samples.map((value) => value * 2 ** 31)
 * pcen(melSpectrogram({ ...clip, samples }, { power: 1 }), { sampleRate: clip.sampleRate })
 */
export function pcen(magnitude: FeatureMatrix, options: PcenOptions & { returnZf: true }): PcenBlock
export function pcen(
  magnitude: FeatureMatrix,
  options?: PcenOptions & {
    /**
     * `true` also returns the state after the last frame, so that you can process a signal block by block.
     *
     * @defaultValue `false`
     */
    returnZf?: false
  },
): FeatureMatrix
export function pcen(
  magnitude: FeatureMatrix,
  options: PcenOptions & { returnZf?: boolean } = {},
): FeatureMatrix | PcenBlock {
  assertKnown('pcen', options, pcenNames)
  const { gain = 0.98, eps = 1e-6, maxSize = 1, returnZf = false } = options
  assertInRange('gain', gain, 0, Number.MAX_VALUE)
  assertPositive('eps', eps)
  assertInteger('maxSize', maxSize, 1)
  const compress = createCompression(options)
  const b = smoothingCoefficient(options)
  assertMagnitude(magnitude)
  const { data, bins, frames } = magnitude
  const state = initialState(options, bins, b)
  const reference = maxFilterBins(magnitude, maxSize).data
  const out = new Float32Array(data.length)
  for (let bin = 0, i = 0; bin < bins; bin++) {
    let z = state[bin]!
    for (let frame = 0; frame < frames; frame++, i++) {
      const smooth = b * reference[i]! + z
      z = (1 - b) * smooth
      out[i] = compress(data[i]!, gain * ln(eps + smooth))
    }
    state[bin] = z
  }
  const matrix = { data: out, bins, frames }
  return returnZf ? { matrix, zf: state } : matrix
}

/**
 * Returns the function that divides a value by `exp(logGain)` and then compresses it.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
function createCompression(options: PcenOptions): (value: number, logGain: number) => number {
  const { bias = 2, power = 0.5 } = options
  assertInRange('bias', bias, 0, Number.MAX_VALUE)
  assertInRange('power', power, 0, Number.MAX_VALUE)
  if (power === 0) return (value, logGain) => log1p(value * exp(-logGain))
  if (bias === 0) return (value, logGain) => (value === 0 ? 0 : exp(power * (ln(value) - logGain)))
  const floor = pow(bias, power)
  return (value, logGain) => floor * expm1(power * log1p((value * exp(-logGain)) / bias))
}

/** @throws EscError INVALID_OPTION if an option is out of its range. */
function smoothingCoefficient(options: PcenOptions): number {
  const { sampleRate = 22050, hopLength = 512, timeConstant = 0.4, b = null } = options
  assertPositive('sampleRate', sampleRate)
  assertInteger('hopLength', hopLength, 1)
  assertPositive('timeConstant', timeConstant)
  if (b !== null) {
    assertInRange('b', b, 0, 1)
    return b
  }
  const frames = (timeConstant * sampleRate) / hopLength
  const square = frames * frames
  return (Math.sqrt(1 + 4 * square) - 1) / (2 * square)
}

/** @throws EscError INVALID_OPTION if `zi` has not one finite value >= 0 for each bin. */
function initialState({ zi = null }: PcenOptions, bins: number, b: number): Float64Array {
  if (zi === null) return new Float64Array(bins).fill(1 - b)
  if (zi.length !== bins) {
    throw new EscError(
      'INVALID_OPTION',
      `zi has ${zi.length} values; it must have one for each of the ${bins} bins`,
    )
  }
  const state = Float64Array.from(zi)
  const wrong = state.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY))
  if (wrong >= 0) {
    throw new EscError('INVALID_OPTION', `zi[${wrong}]=${state[wrong]} must be a finite number >= 0`)
  }
  return state
}
