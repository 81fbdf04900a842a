// The Fourier transform of real signals, in AssemblyScript. A complex number is one f64x2, [re, im].
// build.mjs compiles this file and those beside it into ../src/fft/kernel.generated.ts.

@inline const COMPLEX: usize = 16
@inline const REAL: usize = 8
// The factors of a butterfly of four, and of eight.
@inline const FACTORS4: usize = 96
@inline const FACTORS8: usize = 224

@inline
function swap(a: v128): v128 {
  return v128.shuffle<f64>(a, a, 1, 0)
}

/** a · b. The caller gives b as [re, re] and [-im, im]. */
@inline
function times(a: v128, re: v128, im: v128): v128 {
  return f64x2.add(f64x2.mul(re, a), f64x2.mul(im, swap(a)))
}

/**
 * A pass of Stockham's transform: `s` interleaved transforms of `n` numbers become `8 s` transforms of `n / 8` numbers.
 *
 * The sums are written again in `last8`: there they have no factors, and a function cannot return eight numbers.
 *
 * @param factors - For p * s: w to w⁷ of w = exp(∓2πi p / n), each as [re, re] and [-im, im].
 * @param sign - [1, -1] forward, [-1, 1] backward. A product with it, after a swap of the parts, turns by a quarter.
 */
function pass8(n: i32, s: i32, from: usize, to: usize, factors: usize, sign: v128): void {
  const stride = <usize>s * COMPLEX
  const eighth = <usize>(n >> 3) * stride
  const diagonal = f64x2(Math.SQRT1_2, Math.SQRT1_2)
  for (let p: usize = 0; p < <usize>(n >> 3); p++) {
    const f = factors + p * <usize>s * FACTORS8
    let i = from + p * stride
    let o = to + ((p * stride) << 3)
    for (const end = i + stride; i < end; i += COMPLEX, o += COMPLEX) {
      const x0 = v128.load(i)
      const x1 = v128.load(i + eighth)
      const x2 = v128.load(i + 2 * eighth)
      const x3 = v128.load(i + 3 * eighth)
      const x4 = v128.load(i + 4 * eighth)
      const x5 = v128.load(i + 5 * eighth)
      const x6 = v128.load(i + 6 * eighth)
      const x7 = v128.load(i + 7 * eighth)
      const a0 = f64x2.add(x0, x4)
      const a1 = f64x2.add(x1, x5)
      const a2 = f64x2.add(x2, x6)
      const a3 = f64x2.add(x3, x7)
      const c0 = f64x2.add(a0, a2)
      const c1 = f64x2.sub(a0, a2)
      const c2 = f64x2.add(a1, a3)
      const c3 = f64x2.mul(swap(f64x2.sub(a1, a3)), sign)
      v128.store(o, f64x2.add(c0, c2))
      v128.store(o + 2 * stride, times(f64x2.add(c1, c3), v128.load(f, 32), v128.load(f, 48)))
      v128.store(o + 4 * stride, times(f64x2.sub(c0, c2), v128.load(f, 96), v128.load(f, 112)))
      v128.store(o + 6 * stride, times(f64x2.sub(c1, c3), v128.load(f, 160), v128.load(f, 176)))
      const b0 = f64x2.sub(x0, x4)
      const b1 = f64x2.sub(x1, x5)
      const b2 = f64x2.mul(swap(f64x2.sub(x2, x6)), sign)
      const b3 = f64x2.sub(x3, x7)
      const d1 = f64x2.mul(f64x2.add(b1, f64x2.mul(swap(b1), sign)), diagonal)
      const d3 = f64x2.mul(f64x2.sub(f64x2.mul(swap(b3), sign), b3), diagonal)
      const e0 = f64x2.add(b0, b2)
      const e1 = f64x2.sub(b0, b2)
      const e2 = f64x2.add(d1, d3)
      const e3 = f64x2.mul(swap(f64x2.sub(d1, d3)), sign)
      v128.store(o + stride, times(f64x2.add(e0, e2), v128.load(f), v128.load(f, 16)))
      v128.store(o + 3 * stride, times(f64x2.add(e1, e3), v128.load(f, 64), v128.load(f, 80)))
      v128.store(o + 5 * stride, times(f64x2.sub(e0, e2), v128.load(f, 128), v128.load(f, 144)))
      v128.store(o + 7 * stride, times(f64x2.sub(e1, e3), v128.load(f, 192), v128.load(f, 208)))
    }
  }
}

/** A pass from 16 numbers to 4. The factors are w, w², w³ of w = exp(∓2πi p / 16), as in `pass8`. */
function pass4(s: i32, from: usize, to: usize, factors: usize, sign: v128): void {
  const stride = <usize>s * COMPLEX
  for (let p: usize = 0; p < 4; p++) {
    const f = factors + p * FACTORS4
    let i = from + p * stride
    let o = to + 4 * p * stride
    for (const end = i + stride; i < end; i += COMPLEX, o += COMPLEX) {
      const a = v128.load(i)
      const b = v128.load(i + 4 * stride)
      const c = v128.load(i + 8 * stride)
      const d = v128.load(i + 12 * stride)
      const sum = f64x2.add(a, c)
      const difference = f64x2.sub(a, c)
      const other = f64x2.add(b, d)
      const turned = f64x2.mul(swap(f64x2.sub(b, d)), sign)
      v128.store(o, f64x2.add(sum, other))
      v128.store(o + stride, times(f64x2.add(difference, turned), v128.load(f), v128.load(f, 16)))
      v128.store(o + 2 * stride, times(f64x2.sub(sum, other), v128.load(f, 32), v128.load(f, 48)))
      v128.store(o + 3 * stride, times(f64x2.sub(difference, turned), v128.load(f, 64), v128.load(f, 80)))
    }
  }
}

/** The last pass, of eight numbers. It has no factors. */
function last8(s: i32, from: usize, to: usize, sign: v128): void {
  const eighth = <usize>s * COMPLEX
  const diagonal = f64x2(Math.SQRT1_2, Math.SQRT1_2)
  for (let q: usize = 0; q < eighth; q += COMPLEX) {
    const i = from + q
    const o = to + q
    const x0 = v128.load(i)
    const x1 = v128.load(i + eighth)
    const x2 = v128.load(i + 2 * eighth)
    const x3 = v128.load(i + 3 * eighth)
    const x4 = v128.load(i + 4 * eighth)
    const x5 = v128.load(i + 5 * eighth)
    const x6 = v128.load(i + 6 * eighth)
    const x7 = v128.load(i + 7 * eighth)
    const a0 = f64x2.add(x0, x4)
    const a1 = f64x2.add(x1, x5)
    const a2 = f64x2.add(x2, x6)
    const a3 = f64x2.add(x3, x7)
    const c0 = f64x2.add(a0, a2)
    const c1 = f64x2.sub(a0, a2)
    const c2 = f64x2.add(a1, a3)
    const c3 = f64x2.mul(swap(f64x2.sub(a1, a3)), sign)
    v128.store(o, f64x2.add(c0, c2))
    v128.store(o + 2 * eighth, f64x2.add(c1, c3))
    v128.store(o + 4 * eighth, f64x2.sub(c0, c2))
    v128.store(o + 6 * eighth, f64x2.sub(c1, c3))
    const b0 = f64x2.sub(x0, x4)
    const b1 = f64x2.sub(x1, x5)
    const b2 = f64x2.mul(swap(f64x2.sub(x2, x6)), sign)
    const b3 = f64x2.sub(x3, x7)
    const d1 = f64x2.mul(f64x2.add(b1, f64x2.mul(swap(b1), sign)), diagonal)
    const d3 = f64x2.mul(f64x2.sub(f64x2.mul(swap(b3), sign), b3), diagonal)
    const e0 = f64x2.add(b0, b2)
    const e1 = f64x2.sub(b0, b2)
    const e2 = f64x2.add(d1, d3)
    const e3 = f64x2.mul(swap(f64x2.sub(d1, d3)), sign)
    v128.store(o + eighth, f64x2.add(e0, e2))
    v128.store(o + 3 * eighth, f64x2.add(e1, e3))
    v128.store(o + 5 * eighth, f64x2.sub(e0, e2))
    v128.store(o + 7 * eighth, f64x2.sub(e1, e3))
  }
}

/** The last pass, of four numbers. */
function last4(s: i32, from: usize, to: usize, sign: v128): void {
  const quarter = <usize>s * COMPLEX
  for (let q: usize = 0; q < quarter; q += COMPLEX) {
    const i = from + q
    const o = to + q
    const a = v128.load(i)
    const b = v128.load(i + quarter)
    const c = v128.load(i + 2 * quarter)
    const d = v128.load(i + 3 * quarter)
    const sum = f64x2.add(a, c)
    const difference = f64x2.sub(a, c)
    const other = f64x2.add(b, d)
    const turned = f64x2.mul(swap(f64x2.sub(b, d)), sign)
    v128.store(o, f64x2.add(sum, other))
    v128.store(o + quarter, f64x2.add(difference, turned))
    v128.store(o + 2 * quarter, f64x2.sub(sum, other))
    v128.store(o + 3 * quarter, f64x2.sub(difference, turned))
  }
}

function last2(s: i32, from: usize, to: usize): void {
  const half = <usize>s * COMPLEX
  for (let q: usize = 0; q < half; q += COMPLEX) {
    const a = v128.load(from + q)
    const b = v128.load(from + q + half)
    v128.store(to + q, f64x2.add(a, b))
    v128.store(to + q + half, f64x2.sub(a, b))
  }
}

/**
 * The complex transform of `n` numbers, a power of two >= 2. It does not change `input`. Passes divide by eight, and by
 * four where eight is too much.
 *
 * @param factors - Those of `pass4`, then those of `pass8` for `n`.
 * @returns The address of the result: `a` or `b`.
 */
function transform(n: i32, input: usize, a: usize, b: usize, factors: usize, sign: v128): usize {
  let from = input
  let to = a
  let s = 1
  for (; n > 16; n >>= 3, s <<= 3) {
    pass8(n, s, from, to, factors + 4 * FACTORS4, sign)
    from = to
    to = from == a ? b : a
  }
  if (n == 16) {
    pass4(s, from, to, factors, sign)
    from = to
    to = from == a ? b : a
    s <<= 2
    n = 4
  }
  if (n == 8) last8(s, from, to, sign)
  else if (n == 4) last4(s, from, to, sign)
  else last2(s, from, to)
  return to
}

// X[k] = even + turned and X[m - k] = conj(even - turned), where, with Z the transform of x[2n] + i x[2n + 1],
// even = (Z[k] + conj Z[m - k]) / 2 and turned = -i exp(-2πi k / size) (Z[k] - conj Z[m - k]) / 2.

/** The first `m + 1` bins of the transform of `size = 2 m` real samples. Real and imaginary parts are stored apart. */
export function forward(
  size: i32,
  input: usize,
  a: usize,
  b: usize,
  factors: usize,
  turns: usize,
  re: usize,
  im: usize,
): void {
  const m = <usize>(size >> 1)
  const z = transform(size >> 1, input, a, b, factors, f64x2(1, -1))
  const first = load<f64>(z)
  const second = load<f64>(z, 8)
  store<f64>(re, first + second)
  store<f64>(im, 0)
  store<f64>(re + m * REAL, first - second)
  store<f64>(im + m * REAL, 0)
  const conjugate = f64x2(1, -1)
  const half = f64x2(0.5, 0.5)
  for (let k: usize = 1, j = m - 1; k <= j; k++, j--) {
    const p = v128.load(z + k * COMPLEX)
    const q = f64x2.mul(v128.load(z + j * COMPLEX), conjugate)
    const even = f64x2.mul(f64x2.add(p, q), half)
    const odd = f64x2.mul(f64x2.sub(p, q), half)
    const cos = v128.load(turns + k * 2 * COMPLEX)
    const sin = v128.load(turns + k * 2 * COMPLEX, 16)
    const turned = f64x2.sub(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd))
    const low = f64x2.add(even, turned)
    const high = f64x2.mul(f64x2.sub(even, turned), conjugate)
    v128.store64_lane(re + k * REAL, low, 0)
    v128.store64_lane(im + k * REAL, low, 1)
    v128.store64_lane(re + j * REAL, high, 0)
    v128.store64_lane(im + j * REAL, high, 1)
  }
}

/** `|X|²` of the bins that `forward` computes. */
export function power(
  size: i32,
  input: usize,
  a: usize,
  b: usize,
  factors: usize,
  turns: usize,
  out: usize,
): void {
  const m = <usize>(size >> 1)
  const z = transform(size >> 1, input, a, b, factors, f64x2(1, -1))
  const first = load<f64>(z)
  const second = load<f64>(z, 8)
  store<f64>(out, (first + second) * (first + second))
  store<f64>(out + m * REAL, (first - second) * (first - second))
  const conjugate = f64x2(1, -1)
  const quarter = f64x2(0.25, 0.25)
  for (let k: usize = 1, j = m - 1; k <= j; k++, j--) {
    const p = v128.load(z + k * COMPLEX)
    const q = f64x2.mul(v128.load(z + j * COMPLEX), conjugate)
    // Both are twice those in `forward`. The powers are divided by four below.
    const even = f64x2.add(p, q)
    const odd = f64x2.sub(p, q)
    const cos = v128.load(turns + k * 2 * COMPLEX)
    const sin = v128.load(turns + k * 2 * COMPLEX, 16)
    const turned = f64x2.sub(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd))
    const low = f64x2.add(even, turned)
    const high = f64x2.sub(even, turned)
    const lows = f64x2.mul(low, low)
    const highs = f64x2.mul(high, high)
    const both = f64x2.mul(
      f64x2.add(v128.shuffle<f64>(lows, highs, 0, 2), v128.shuffle<f64>(lows, highs, 1, 3)),
      quarter,
    )
    v128.store64_lane(out + k * REAL, both, 0)
    v128.store64_lane(out + j * REAL, both, 1)
  }
}

/**
 * The real signal whose transform is `re` and `im`. `factors` are the conjugates of those of `forward`.
 *
 * @returns The address of the signal.
 */
export function inverse(
  size: i32,
  re: usize,
  im: usize,
  a: usize,
  b: usize,
  c: usize,
  factors: usize,
  turns: usize,
): usize {
  const m = <usize>(size >> 1)
  const scale = 0.5 / <f64>m
  const first = load<f64>(re) * scale
  const last = load<f64>(re + m * REAL) * scale
  store<f64>(a, first + last)
  store<f64>(a, first - last, 8)
  const conjugate = f64x2(1, -1)
  const half = f64x2(scale, scale)
  for (let k: usize = 1, j = m - 1; k <= j; k++, j--) {
    const p = f64x2.replace_lane(v128.load64_splat(re + k * REAL), 1, load<f64>(im + k * REAL))
    const q = f64x2.replace_lane(v128.load64_splat(re + j * REAL), 1, -load<f64>(im + j * REAL))
    const even = f64x2.mul(f64x2.add(p, q), half)
    const odd = f64x2.mul(f64x2.sub(p, q), half)
    const cos = v128.load(turns + k * 2 * COMPLEX)
    const sin = v128.load(turns + k * 2 * COMPLEX, 16)
    const turned = f64x2.neg(f64x2.add(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd)))
    v128.store(a + k * COMPLEX, f64x2.add(even, turned))
    v128.store(a + j * COMPLEX, f64x2.mul(f64x2.sub(even, turned), conjugate))
  }
  return transform(size >> 1, a, b, c, factors, f64x2(-1, 1))
}
