/**
 * Arithmetic that comes out the same everywhere: engines' own `Math.cos` differ in the last digit, and features must
 * not.
 */

/** The greatest common divisor of two integers >= 0. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/**
 * The cosine of `numerator / denominator` turns, within 2e-16: both are whole numbers nearly everywhere here,
 * and reducing them before π comes in loses nothing.
 *
 * @param numerator - >= 0.
 * @param denominator - > 0.
 * @example cosOfTurn(1, 8) // √½
 */
export function cosOfTurn(numerator: number, denominator: number): number {
  let n = numerator % denominator
  let d = denominator
  if (2 * n > d) n = d - n
  const sign = 4 * n > d ? -1 : 1
  if (sign < 0) {
    n = d - 2 * n
    d *= 2
  }
  const near = 8 * n > d
  if (near) {
    n = d - 4 * n
    d *= 4
  }
  const x = (2 * Math.PI * n) / d
  return sign * (near ? sinOfSmall(x) : cosOfSmall(x))
}

/** The sine of `numerator / denominator` turns. @see cosOfTurn */
export function sinOfTurn(numerator: number, denominator: number): number {
  return cosOfTurn(Math.abs(4 * (numerator % denominator) - denominator), 4 * denominator)
}

/** Taylor's series for |x| <= π / 4, where its last term is below 1e-18. */
function cosOfSmall(x: number): number {
  const y = x * x
  let sum = 0
  for (let k = 18; k > 0; k -= 2) sum = (y / (k * (k - 1))) * (1 - sum)
  return 1 - sum
}

function sinOfSmall(x: number): number {
  const y = x * x
  let sum = 0
  for (let k = 19; k > 1; k -= 2) sum = (y / (k * (k - 1))) * (1 - sum)
  return x - x * sum
}
