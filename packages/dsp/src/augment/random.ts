/** Random numbers of other distributions, with the same bits in every JavaScript engine. */
import { EscError, type Rng } from '@esc/core'
import { cosOfTurn, exp, ln } from '../math.js'

/**
 * Checks the two ends of a range. The caller passes `{ minName: value, maxName: value }`.
 *
 * @throws EscError INVALID_OPTION unless `low <= min <= max <= high`.
 */
export function assertBounds(bounds: Readonly<Record<string, number>>, low: number, high: number): void {
  const [[minName, min], [maxName, max]] = Object.entries(bounds) as [[string, number], [string, number]]
  if (min >= low && min <= max && max <= high) return
  throw new EscError(
    'INVALID_OPTION',
    `${minName}=${min}, ${maxName}=${max} must satisfy ${low} <= ${minName} <= ${maxName} <= ${high}`,
  )
}

/** Draws a number in [min, max), evenly distributed. */
export function drawBetween(rng: Rng, min: number, max: number): number {
  return min + (max - min) * rng.uniform()
}

/** Draws a whole number in [min, max], evenly distributed. */
export function drawInteger(rng: Rng, min: number, max: number): number {
  return min + rng.integer(max - min + 1)
}

/** Draws from the normal distribution of mean 0 and standard deviation 1 (Box–Muller). */
export function drawNormal(rng: Rng): number {
  const radius = Math.sqrt(-2 * ln(1 - rng.uniform()))
  return radius * cosOfTurn(rng.uniform(), 1)
}

/** Draws a number in [0, 1] from the distribution Beta(alpha, alpha), alpha > 0. */
export function drawBeta(rng: Rng, alpha: number): number {
  // It is computed from two gamma deviates. If alpha is small, both may be too small for a float64, so
  // logarithms are drawn.
  const difference = drawLogGamma(rng, alpha) - drawLogGamma(rng, alpha)
  return 1 / (1 + exp(-difference))
}

/**
 * Draws the logarithm of a number from the gamma distribution.
 *
 * @see Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1, their
 *   note 6.
 */
function drawLogGamma(rng: Rng, shape: number): number {
  const d = shape + 1 - 1 / 3
  const c = 1 / Math.sqrt(9 * d)
  for (;;) {
    const x = drawNormal(rng)
    const v = 1 + c * x
    const u = 1 - rng.uniform()
    if (v <= 0) continue
    const cube = v * v * v
    if (ln(u) >= 0.5 * x * x + d - d * cube + d * ln(cube)) continue
    return ln(d * cube) + ln(1 - rng.uniform()) / shape
  }
}
