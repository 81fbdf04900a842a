/** Pre-emphasis: lifts high frequencies before analysis; and back. */
import { assertInRange, assertKnown, assertSamples, EscError } from '@esc/core'
import type { Names } from '../option-names.js'

/** Options of {@link preemphasis} and {@link deemphasis}. */
export interface EmphasisOptions {
  /** Share of the sample before, in [0, 1]. Default 0.97. */
  coef?: number
  /**
   * State of the filter before the first sample: the `zf` of the block before. `null` (the default) goes back from the
   * first two samples in a straight line.
   */
  zi?: number | null
}

const emphasisNames: Names<EmphasisOptions & { returnZf: boolean }> = { coef: true, zi: true, returnZf: true }

/** What the filters return with `returnZf`: a block, and the `zi` of the next one. */
export interface EmphasisBlock {
  samples: Float32Array
  zf: number
}

/**
 * Pre-emphasis: `y[n] = x[n] - coef * x[n - 1]`.
 *
 * @param samples - Mono signal.
 * @param options - With `returnZf` the state after the last sample is returned too, so that blocks can be processed
 *   one by one. Without `zi`, the first value is `x[0] + (2 x[0] - x[1])`, as in librosa.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is empty or
 *   not finite.
 * @see librosa 0.10.2 `effects.preemphasis`. Differs from librosa: a single sample, which it refuses, is taken for two.
 * @example preemphasis(clip.samples, { coef: 0.95 })
 */
export function preemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf: true },
): EmphasisBlock
export function preemphasis(
  samples: Float32Array,
  options?: EmphasisOptions & { returnZf?: false },
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
 * @param options - As {@link preemphasis}'s.
 * @returns Same length, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is empty or
 *   not finite.
 * @see librosa 0.10.2 `effects.deemphasis`. Differs from librosa: without `zi`, its `zf` lacks the correction of the
 *   start, so that the next block would not fit; and a single sample, which it refuses, is taken for two.
 * @example deemphasis(preemphasis(clip.samples)) // clip.samples, but for rounding
 */
export function deemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf: true },
): EmphasisBlock
export function deemphasis(
  samples: Float32Array,
  options?: EmphasisOptions & { returnZf?: false },
): Float32Array
export function deemphasis(
  samples: Float32Array,
  options: EmphasisOptions & { returnZf?: boolean } = {},
): Float32Array | EmphasisBlock {
  assertKnown('deemphasis', options, emphasisNames)
  const { coef, zi, returnZf = false } = checked(samples, options)
  const out = new Float32Array(samples.length)
  // What pre-emphasis makes of a second sample like the first.
  const second = samples[1] ?? ((1 - coef) * samples[0]!) / 2
  let z = zi ?? (second - (2 - coef) * samples[0]!) / (3 - coef)
  for (let i = 0; i < out.length; i++) {
    const value = samples[i]! + z
    out[i] = value
    z = coef * value
  }
  return returnZf ? { samples: out, zf: z } : out
}

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
