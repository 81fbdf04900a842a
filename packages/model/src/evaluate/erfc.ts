/** The complementary error function, for p-values. */

/**
 * `erfc(x) = 1 − erf(x)` for x >= 0, with a relative error below 1e-12; 0 where it is below the smallest number.
 * `erfc(√(x / 2))` is the survival function of the chi-square distribution with one degree of freedom.
 *
 * @see NIST Digital Library of Mathematical Functions, 7.6.2 (series) and 7.9.1 (continued fraction).
 */
export function erfc(x: number): number {
  const scale = Math.exp(-x * x) / Math.sqrt(Math.PI)
  if (x < 2) {
    // erf(x) = 2/√π e^(-x²) Σ 2ⁿ x^(2n+1) / (1·3·…·(2n+1)). All terms are positive, so nothing cancels in the sum.
    let [term, sum] = [x, x]
    for (let n = 1; term > 1e-17 * sum; n++) {
      term *= (2 * x * x) / (2 * n + 1)
      sum += term
    }
    return 1 - 2 * scale * sum
  }
  // √π e^(x²) erfc(x) = 1 / (x + (1/2) / (x + (2/2) / (x + (3/2) / …))). At x = 2, 120 terms are enough.
  let tail = x
  for (let n = 120; n >= 1; n--) tail = x + n / 2 / tail
  return scale / tail
}
