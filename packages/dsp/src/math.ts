/**
 * Arithmetic with the same result in every JavaScript engine. The engines' own `Math.cos` differ in the last
 * digit; features must not differ.
 */

/** The greatest common divisor of two integers >= 0. */
export function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b)
}

/**
 * The cosine of `numerator / denominator` turns, within 2e-16. Nearly all callers pass whole numbers. The
 * angle is reduced before it is multiplied by π, so it loses no digits.
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

/** Taylor's series for |x| <= π / 4. Its last term is below 1e-18 there. */
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

// ln 2 in two parts. The product of a whole number and the first part is exact.
const LN2_HIGH = 0.6931471803691238
const LN2_LOW = 1.9082149292705877e-10

/**
 * The natural logarithm, within 3e-16 of its magnitude (or of 1, near 1).
 *
 * @param x - > 0. The result is -Infinity for 0, and NaN for negative numbers.
 * @see The method of Tang and of fdlibm: take out the exponent, then use the series of atanh for the
 *   mantissa.
 * @example ln(Math.E) // 1
 */
export function ln(x: number): number {
  if (!(x > 0 && x < Number.POSITIVE_INFINITY))
    return x === 0 ? Number.NEGATIVE_INFINITY : x > 0 ? x : Number.NaN
  let exponent = 0
  let mantissa = x
  // These products are exact. Reading the number's bits through a typed array would take several times as
  // long.
  for (; mantissa >= 2 ** 64; exponent += 64) mantissa *= 2 ** -64
  for (; mantissa < 2 ** -64; exponent -= 64) mantissa *= 2 ** 64
  for (; mantissa >= 2 ** 8; exponent += 8) mantissa *= 2 ** -8
  for (; mantissa < 2 ** -8; exponent -= 8) mantissa *= 2 ** 8
  for (; mantissa >= 2; exponent++) mantissa *= 0.5
  for (; mantissa < 1; exponent--) mantissa *= 2
  if (mantissa > Math.SQRT2) {
    mantissa /= 2
    exponent++
  }
  const s = (mantissa - 1) / (mantissa + 1)
  const y = s * s
  let sum = 0
  for (let k = 23; k > 1; k -= 2) sum = y * (1 / k + sum)
  return exponent * LN2_HIGH + (2 * s + (2 * s * sum + exponent * LN2_LOW))
}

/** The logarithm to base 10, exact for powers of ten. @see ln */
export function log10(x: number): number {
  const y = ln(x) / Math.LN10
  const whole = Math.round(y)
  // The parser of numbers is exact; a power of 10 may be rounded.
  return Math.abs(y - whole) < 1e-13 && Number(`1e${whole}`) === x ? whole : y
}

/**
 * e to the power of `x`, with a relative error below 1e-15.
 *
 * @param x - Finite; below -708 the result is 0, above 709 it is infinite.
 * @example exp(1) // Math.E
 */
export function exp(x: number): number {
  if (x < -708) return 0
  if (x > 709) return Number.POSITIVE_INFINITY
  const k = Math.round(x / Math.LN2)
  const r = x - k * LN2_HIGH - k * LN2_LOW
  let sum = 1
  for (let n = 16; n > 0; n--) sum = 1 + (r / n) * sum
  return k < 0 ? sum / powerOfTwo(-k) : sum * powerOfTwo(k)
}

/** 2 to the power of a whole number from 0 to 1023. */
function powerOfTwo(exponent: number): number {
  let power = exponent & 1 ? 2 : 1
  if (exponent & 2) power *= 2 ** 2
  if (exponent & 4) power *= 2 ** 4
  if (exponent & 8) power *= 2 ** 8
  if (exponent & 16) power *= 2 ** 16
  if (exponent & 32) power *= 2 ** 32
  if (exponent & 64) power *= 2 ** 64
  if (exponent & 128) power *= 2 ** 128
  if (exponent & 256) power *= 2 ** 256
  if (exponent & 512) power *= 2 ** 512
  return power
}

/**
 * `ln(1 + x)`, without loss of digits near 0.
 *
 * @param x - > -1 and finite.
 * @see Goldberg, "What every computer scientist should know about floating-point arithmetic", theorem 4,
 *   1991.
 * @example log1p(1e-20) // 1e-20
 */
export function log1p(x: number): number {
  const y = 1 + x
  return y === 1 ? x : (ln(y) * x) / (y - 1)
}

/**
 * `exp(x) - 1`, without loss of digits near 0.
 *
 * @param x - As for {@link exp}.
 * @example expm1(1e-20) // 1e-20
 */
export function expm1(x: number): number {
  if (Math.abs(x) > 0.5) return exp(x) - 1
  let sum = 1
  for (let n = 16; n > 1; n--) sum = 1 + (x / n) * sum
  return x * sum
}

/**
 * `base` to the power of `exponent`: by multiplication for small whole exponents, else by {@link exp} and
 * {@link ln}.
 *
 * @param base - >= 0 and finite.
 * @param exponent - >= 0 and finite.
 * @example pow(2, 0.5) // √2
 */
export function pow(base: number, exponent: number): number {
  if (Number.isInteger(exponent) && exponent <= 16) {
    let product = 1
    for (let i = 0; i < exponent; i++) product *= base
    return product
  }
  return base === 0 ? 0 : exp(exponent * ln(base))
}

/**
 * The nearest whole number. Halves are rounded to the even number, as in numpy.
 *
 * @example roundHalfEven(2.5) // 2
 */
export function roundHalfEven(x: number): number {
  const up = Math.floor(x + 0.5)
  return up - x === 0.5 && up % 2 !== 0 ? up - 1 : up
}
