// The Fourier transform of real signals, in AssemblyScript: a complex number is one f64x2, [re, im].
// Compiled by build.mjs into ../src/fft-wasm.generated.ts.

@inline const COMPLEX: usize = 16
@inline const REAL: usize = 8
// The factors of a radix-4 butterfly: w, w², w³.
@inline const FACTORS: usize = 48

@inline
function swap(a: v128): v128 {
  return v128.shuffle<f64>(a, a, 1, 0)
}

/** a · b, of which b is given as [re, re] and [-im, im]. */
@inline
function times(a: v128, re: v128, im: v128): v128 {
  return f64x2.add(f64x2.mul(re, a), f64x2.mul(im, swap(a)))
}

/**
 * A pass of Stockham's radix-4 transform: `n` numbers in each of `s` interleaved transforms become `n / 4` in `4 s`.
 *
 * @param sign - [-1, 1] forward, [1, -1] backward.
 */
function pass4(n: i32, s: i32, from: usize, to: usize, factors: usize, sign: v128): void {
  const stride = <usize>s * COMPLEX
  const quarter = <usize>(n >> 2) * stride
  const flip = f64x2(-1, 1)
  for (let p = 0; p < n >> 2; p++) {
    const f = factors + <usize>(p * s) * FACTORS
    const re1 = v128.load64_splat(f)
    const im1 = f64x2.mul(v128.load64_splat(f, 8), flip)
    const re2 = v128.load64_splat(f, 16)
    const im2 = f64x2.mul(v128.load64_splat(f, 24), flip)
    const re3 = v128.load64_splat(f, 32)
    const im3 = f64x2.mul(v128.load64_splat(f, 40), flip)
    let i = from + <usize>p * stride
    let o = to + ((<usize>p * stride) << 2)
    for (const end = i + stride; i < end; i += COMPLEX, o += COMPLEX) {
      const a = v128.load(i)
      const b = v128.load(i + quarter)
      const c = v128.load(i + 2 * quarter)
      const d = v128.load(i + 3 * quarter)
      const sum = f64x2.add(a, c)
      const difference = f64x2.sub(a, c)
      const other = f64x2.add(b, d)
      const turned = f64x2.mul(swap(f64x2.sub(b, d)), sign)
      v128.store(o, f64x2.add(sum, other))
      v128.store(o + stride, times(f64x2.sub(difference, turned), re1, im1))
      v128.store(o + 2 * stride, times(f64x2.sub(sum, other), re2, im2))
      v128.store(o + 3 * stride, times(f64x2.add(difference, turned), re3, im3))
    }
  }
}

/** The last pass, of four numbers: no factors. */
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
    v128.store(o + quarter, f64x2.sub(difference, turned))
    v128.store(o + 2 * quarter, f64x2.sub(sum, other))
    v128.store(o + 3 * quarter, f64x2.add(difference, turned))
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

/** The complex transform of `n` numbers, a power of two >= 2; `input` is kept. @returns Where the result is: `a` or `b`. */
function transform(n: i32, input: usize, a: usize, b: usize, factors: usize, sign: v128): usize {
  let from = input
  let to = a
  let s = 1
  for (; n > 4; n >>= 2, s <<= 2) {
    pass4(n, s, from, to, factors, sign)
    from = to
    to = from == a ? b : a
  }
  if (n == 4) last4(s, from, to, sign)
  else last2(s, from, to)
  return to
}

// X[k] = even + turned and X[m - k] = conj(even - turned), where, with Z the transform of x[2n] + i x[2n + 1],
// even = (Z[k] + conj Z[m - k]) / 2 and turned = -i exp(-2πi k / size) (Z[k] - conj Z[m - k]) / 2.

/** The first `m + 1` bins of the transform of `size = 2 m` real samples, real and imaginary parts apart. */
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
  const z = transform(size >> 1, input, a, b, factors, f64x2(-1, 1))
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
    const cos = f64x2.mul(v128.load64_splat(turns + k * COMPLEX), conjugate)
    const sin = v128.load64_splat(turns + k * COMPLEX, 8)
    const turned = f64x2.sub(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd))
    const low = f64x2.add(even, turned)
    const high = f64x2.mul(f64x2.sub(even, turned), conjugate)
    v128.store64_lane(re + k * REAL, low, 0)
    v128.store64_lane(im + k * REAL, low, 1)
    v128.store64_lane(re + j * REAL, high, 0)
    v128.store64_lane(im + j * REAL, high, 1)
  }
}

/** `|X|²` of the bins that `forward` gives. */
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
  const z = transform(size >> 1, input, a, b, factors, f64x2(-1, 1))
  const first = load<f64>(z)
  const second = load<f64>(z, 8)
  store<f64>(out, (first + second) * (first + second))
  store<f64>(out + m * REAL, (first - second) * (first - second))
  const conjugate = f64x2(1, -1)
  const half = f64x2(0.5, 0.5)
  for (let k: usize = 1, j = m - 1; k <= j; k++, j--) {
    const p = v128.load(z + k * COMPLEX)
    const q = f64x2.mul(v128.load(z + j * COMPLEX), conjugate)
    const even = f64x2.mul(f64x2.add(p, q), half)
    const odd = f64x2.mul(f64x2.sub(p, q), half)
    const cos = f64x2.mul(v128.load64_splat(turns + k * COMPLEX), conjugate)
    const sin = v128.load64_splat(turns + k * COMPLEX, 8)
    const turned = f64x2.sub(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd))
    const low = f64x2.add(even, turned)
    const high = f64x2.sub(even, turned)
    const lows = f64x2.mul(low, low)
    const highs = f64x2.mul(high, high)
    const both = f64x2.add(v128.shuffle<f64>(lows, highs, 0, 2), v128.shuffle<f64>(lows, highs, 1, 3))
    v128.store64_lane(out + k * REAL, both, 0)
    v128.store64_lane(out + j * REAL, both, 1)
  }
}

/** The real signal of which `forward` gives `re` and `im`; `factors` are the conjugates of its. @returns Where it is. */
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
    const cos = f64x2.mul(v128.load64_splat(turns + k * COMPLEX), conjugate)
    const sin = v128.load64_splat(turns + k * COMPLEX, 8)
    const turned = f64x2.neg(f64x2.add(f64x2.mul(cos, swap(odd)), f64x2.mul(sin, odd)))
    v128.store(a + k * COMPLEX, f64x2.add(even, turned))
    v128.store(a + j * COMPLEX, f64x2.mul(f64x2.sub(even, turned), conjugate))
  }
  return transform(size >> 1, a, b, c, factors, f64x2(1, -1))
}

/** `frame * window`, in float64; `n` is a multiple of 4. */
export function applyWindow(n: i32, frame: usize, window: usize, out: usize): void {
  for (let i: usize = 0; i < <usize>n; i += 4) {
    const four = v128.load(frame + i * 4)
    const low = f64x2.promote_low_f32x4(four)
    const high = f64x2.promote_low_f32x4(v128.shuffle<f64>(four, four, 1, 1))
    v128.store(out + i * REAL, f64x2.mul(low, v128.load(window + i * REAL)))
    v128.store(out + i * REAL + 16, f64x2.mul(high, v128.load(window + i * REAL, 16)))
  }
}

/** Square roots in place. */
export function squareRoots(n: i32, values: usize): void {
  for (let i: usize = 0; i < <usize>n; i++) store<f64>(values + i * REAL, sqrt<f64>(load<f64>(values + i * REAL)))
}

/**
 * Sums of `spectrum` under filters: filter f holds bins `first[f]` up to, not including, `last[f]`, its weights follow
 * those of the filter before.
 */
export function applyFilters(
  count: i32,
  spectrum: usize,
  first: usize,
  last: usize,
  weights: usize,
  out: usize,
): void {
  let w = weights
  for (let f: usize = 0; f < <usize>count; f++) {
    let bin = spectrum + <usize>load<i32>(first + f * 4) * REAL
    const end = spectrum + <usize>load<i32>(last + f * 4) * REAL
    let even = f64x2(0, 0)
    let odd = f64x2(0, 0)
    for (; bin + 32 <= end; bin += 32, w += 32) {
      even = f64x2.add(even, f64x2.mul(v128.load(bin), v128.load(w)))
      odd = f64x2.add(odd, f64x2.mul(v128.load(bin, 16), v128.load(w, 16)))
    }
    const both = f64x2.add(even, odd)
    let sum = f64x2.extract_lane(both, 0) + f64x2.extract_lane(both, 1)
    for (; bin < end; bin += REAL, w += REAL) sum += load<f64>(bin) * load<f64>(w)
    store<f64>(out + f * REAL, sum)
  }
}
