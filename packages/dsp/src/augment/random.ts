/** Random numbers of other distributions, the same to the bit in every engine. */
import { EscError, type Rng } from '@esc/core'
import { cosOfTurn, exp, ln } from '../math.js'

/**
 * Checks the two ends of a range, given as `{ minName: value, maxName: value }`.
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

/** A number in [min, max), evenly distributed. */
export function drawBetween(rng: Rng, min: number, max: number): number {
  return min + (max - min) * rng.uniform()
}

/** A whole number in [min, max], evenly distributed. */
export function drawInteger(rng: Rng, min: number, max: number): number {
  return min + rng.integer(max - min + 1)
}

/** A normal deviate of mean 0 and standard deviation 1 (Box–Muller), without the engine's logarithm and cosine. */
export function drawNormal(rng: Rng): number {
  const radius = Math.sqrt(-2 * ln(1 - rng.uniform()))
  return radius * cosOfTurn(rng.uniform(), 1)
}

/** A number in [0, 1] from the distribution Beta(alpha, alpha), alpha > 0. */
export function drawBeta(rng: Rng, alpha: number): number {
  // The ratio of two gamma deviates, in logarithms: with a small alpha both may be too small for a double.
  const difference = drawLogGamma(rng, alpha) - drawLogGamma(rng, alpha)
  return 1 / (1 + exp(-difference))
}

/**
 * The logarithm of a gamma deviate.
 *
 * @see Marsaglia and Tsang, "A simple method for generating gamma variables", 2000; for shapes below 1, their note 6.
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
