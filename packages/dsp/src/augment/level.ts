/** Levels of samples, and sums of weighted samples. */
import { exp } from '../math.js'

/** The largest number of decibels, up or down, that an option accepts. With it, no number overflows. */
export const largestDb = 200

/** The factor for amplitudes that is `db` decibels. @example amplitudeOfDb(-6) // 0.501 */
export function amplitudeOfDb(db: number): number {
  return exp((db * Math.LN10) / 20)
}

/** The root of the mean of the squares. */
export function rmsOf(samples: ArrayLike<number>): number {
  let sum = 0
  for (let i = 0; i < samples.length; i++) sum += samples[i]! * samples[i]!
  return Math.sqrt(sum / samples.length)
}

/**
 * Scales noise so that the ratio of the powers of samples and noise is `snrDb` decibels, and adds it. Silence
 * gets no noise, and silent noise adds nothing.
 *
 * @returns Same length, new storage.
 */
export function mixAtSnr(samples: Float32Array, noise: ArrayLike<number>, snrDb: number): Float32Array {
  const noiseRms = rmsOf(noise)
  const factor = noiseRms > 0 ? (rmsOf(samples) / noiseRms) * amplitudeOfDb(-snrDb) : 0
  return weightedSum(samples, 1, noise, factor)
}

/** `aFactor * a + bFactor * b`; new storage. */
export function weightedSum(
  a: Float32Array,
  aFactor: number,
  b: ArrayLike<number>,
  bFactor: number,
): Float32Array {
  const out = new Float32Array(a.length)
  for (let i = 0; i < out.length; i++) out[i] = aFactor * a[i]! + bFactor * b[i]!
  return out
}

/** `factor * samples`; new storage. */
export function scaled(samples: Float32Array, factor: number): Float32Array {
  const out = new Float32Array(samples.length)
  for (let i = 0; i < out.length; i++) out[i] = factor * samples[i]!
  return out
}
