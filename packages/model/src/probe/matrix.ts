/** Products and factors of row-major float64 matrices, for softmax regression. */

/** Writes `A · Bᵀ` into `out` [n, m]. @param a - [n, width]. @param b - [m, width]. */
export function multiplyTransposed(out: Float64Array, a: Float64Array, b: Float64Array, width: number): void {
  const [n, m] = [a.length / width, b.length / width]
  for (let i = 0; i < n; i++) {
    const row = i * width
    let k = 0
    // Four sums at once do not wait for each other.
    for (; k + 4 <= m; k += 4) {
      const [p, q, r, s] = [k * width, (k + 1) * width, (k + 2) * width, (k + 3) * width]
      let [sum0, sum1, sum2, sum3] = [0, 0, 0, 0]
      for (let j = 0; j < width; j++) {
        const value = a[row + j]!
        sum0 += value * b[p + j]!
        sum1 += value * b[q + j]!
        sum2 += value * b[r + j]!
        sum3 += value * b[s + j]!
      }
      out[i * m + k] = sum0
      out[i * m + k + 1] = sum1
      out[i * m + k + 2] = sum2
      out[i * m + k + 3] = sum3
    }
    for (; k < m; k++) {
      let sum = 0
      for (let j = 0; j < width; j++) sum += a[row + j]! * b[k * width + j]!
      out[i * m + k] = sum
    }
  }
}

/** Writes `Rᵀ · A` into `out` [m, width]. @param r - [n, m]. @param a - [n, width]. */
export function transposedMultiply(out: Float64Array, r: Float64Array, a: Float64Array, width: number): void {
  const [n, m] = [a.length / width, out.length / width]
  out.fill(0)
  let i = 0
  // Four rows at once load and store each sum a quarter as often.
  for (; i + 4 <= n; i += 4) {
    const [p, q, s, t] = [i * width, (i + 1) * width, (i + 2) * width, (i + 3) * width]
    for (let k = 0; k < m; k++) {
      const base = k * width
      const [r0, r1, r2, r3] = [r[i * m + k]!, r[(i + 1) * m + k]!, r[(i + 2) * m + k]!, r[(i + 3) * m + k]!]
      for (let j = 0; j < width; j++) {
        out[base + j]! += r0 * a[p + j]! + r1 * a[q + j]! + r2 * a[s + j]! + r3 * a[t + j]!
      }
    }
  }
  for (; i < n; i++) {
    for (let k = 0; k < m; k++) {
      const factor = r[i * m + k]!
      for (let j = 0; j < width; j++) out[k * width + j]! += factor * a[i * width + j]!
    }
  }
}

/** Adds `factor · v · vᵀ` to the lower triangle of a matrix [width, width]. @param start - Where `v` begins in `a`. */
export function addOuterProduct(
  out: Float64Array,
  factor: number,
  a: Float64Array,
  start: number,
  width: number,
): void {
  for (let i = 0; i < width; i++) {
    const scaled = factor * a[start + i]!
    const base = i * width
    for (let j = 0; j <= i; j++) out[base + j]! += scaled * a[start + j]!
  }
}

/**
 * Factors a symmetric positive definite matrix in place: `A = L · Lᵀ`.
 *
 * @param a - [size, size]. Its lower triangle is read, and becomes L.
 * @param floor - Smaller pivots are set to it, so that a matrix that is singular within rounding has a factor, too.
 */
export function choleskyInPlace(a: Float64Array, size: number, floor: number): void {
  for (let i = 0; i < size; i++) {
    const row = i * size
    for (let j = 0; j <= i; j++) {
      const other = j * size
      let sum = a[row + j]!
      for (let k = 0; k < j; k++) sum -= a[row + k]! * a[other + k]!
      a[row + j] = i === j ? Math.sqrt(Math.max(sum, floor)) : sum / a[other + j]!
    }
  }
}

/** Solves `L · Lᵀ · x = b` in place, for `b` in the `size` values of `values` from `start` on. */
export function choleskySolve(l: Float64Array, size: number, values: Float64Array, start: number): void {
  for (let i = 0; i < size; i++) {
    let sum = values[start + i]!
    for (let k = 0; k < i; k++) sum -= l[i * size + k]! * values[start + k]!
    values[start + i] = sum / l[i * size + i]!
  }
  // Column by column, so that the rows of L are read in their order in memory.
  for (let i = size - 1; i >= 0; i--) {
    const value = values[start + i]! / l[i * size + i]!
    values[start + i] = value
    for (let k = 0; k < i; k++) values[start + k]! -= l[i * size + k]! * value
  }
}

/** The sum of all `a[i] · b[i]`. */
export function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!
  return sum
}

/** Adds `factor · other` to `target`. */
export function addScaled(target: Float64Array, factor: number, other: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i]! += factor * other[i]!
}

/** The largest absolute value. */
export function maxAbs(values: Float64Array): number {
  let most = 0
  for (let i = 0; i < values.length; i++) most = Math.max(most, Math.abs(values[i]!))
  return most
}
