/** Pre-emphasis, which strengthens high frequencies before an analysis, and its inverse. */
import { assertInRange, assertKnown, assertSamples, EscError } from '@esc/core'
import type { Names } from '../option-names.js'

/** Options of {@link preemphasis} and {@link deemphasis}. */
export interface EmphasisOptions {
  /**
   * Share of the sample before, in [0, 1].
   *
   * @defaultValue `0.97`
   */
  coef?: number
  /**
   * State of the filter before the first sample. Pass the `zf` of the block before. `null` continues the
   * straight line through the first two samples backwards, as in librosa: the first value becomes
   * `x[0] + (2 x[0] - x[1])`.
   *
   * @defaultValue `null`
   */
  zi?: number | null
}

const emphasisNames: Names<EmphasisOptions & { returnZf: boolean }> = { coef: true, zi: true, returnZf: true }

/** What the filters return with `returnZf`. */
export interface EmphasisBlock {
  /** The block. */
  samples: Float32Array
  /** The state after its last sample: the `zi` of the next block. */
  zf: number
}

/**
 * Pre-emphasis: `y[n] = x[n] - coef * x[n - 1]`.
 *
 * @param samples - Mono signal.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty or not finite.
 * @see librosa 0.10.2 `effects.preemphasis`. Differs from librosa: librosa refuses a single sample; here it
 *   counts as two equal ones.
 * @example preemphasis(clip.samples, { coef: 0.95 })
 */
export function preemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf: true },
): EmphasisBlock
export function preemphasis(
  samples: Float32Array,
  options?: EmphasisOptions & {
    /**
     * `true` also returns the state after the last sample, so that you can process a signal block by block.
     *
     * @defaultValue `false`
     */
    returnZf?: false
  },
): Float32Array
export function preemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf?: boolean } = {},
): Float32Array | EmphasisBlock {
  assertKnown('preemphasis', options, emphasisNames)
  const { coef, zi, returnZf = false } = checked(samples, options)
  const out = new Float32Array(samples.length)
  let z = zi ?? 2 * samples[0]! - (samples[1] ?? samples[0]!)
  for (let i = 0; i < out.length; i++) {
    out[i] = samples[i]! + z
    z = -coef * samples[i]!
  }
  return returnZf ? { samples: out, zf: z } : out
}

/**
 * The inverse of {@link preemphasis}: `x[n] = y[n] + coef * x[n - 1]`.
 *
 * @param samples - Mono signal.
 * @param options - As for {@link preemphasis}.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty or not finite.
 * @see librosa 0.10.2 `effects.deemphasis`. Differs from librosa: without `zi`, librosa's `zf` lacks the
 *   correction of the start, so that the next block would not fit. Also, librosa refuses a single sample;
 *   here it counts as two equal ones.
 * @example deemphasis(preemphasis(clip.samples)) // clip.samples, except for rounding
 */
export function deemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf: true },
): EmphasisBlock
export function deemphasis(
  samples: Float32Array,
  options?: EmphasisOptions & {
    /**
     * `true` also returns the state after the last sample, so that you can process a signal block by block.
     *
     * @defaultValue `false`
     */
    returnZf?: false
  },
): Float32Array
export function deemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf?: boolean } = {},
): Float32Array | EmphasisBlock {
  assertKnown('deemphasis', options, emphasisNames)
  const { coef, zi, returnZf = false } = checked(samples, options)
  const out = new Float32Array(samples.length)
  // The value that pre-emphasis gives for a second sample equal to the first.
  const second = samples[1] ?? ((1 - coef) * samples[0]!) / 2
  let z = zi ?? (second - (2 - coef) * samples[0]!) / (3 - coef)
  for (let i = 0; i < out.length; i++) {
    const value = samples[i]! + z
    out[i] = value
    z = coef * value
  }
  return returnZf ? { samples: out, zf: z } : out
}

/** Returns the options with their defaults. */
function checked<Options extends EmphasisOptions>(
  samples: Float32Array,
  options: Options,
): Options & { coef: number; zi: number | null } {
  const { coef = 0.97, zi = null } = options
  assertInRange('coef', coef, 0, 1)
  if (zi !== null && !Number.isFinite(zi)) {
    throw new EscError('INVALID_OPTION', `zi=${zi} must be a finite number, or null`)
  }
  assertSamples('samples', samples)
  return { ...options, coef, zi }
}
