// The steps before and after the transform of a frame: its window, filters over its spectrum, overlapping sums.

@inline const REAL: usize = 8

/** `frame * window`, in float64. `n` is a multiple of 4. */
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
 * Sums of `spectrum` under filters. Filter f covers the bins from `first[f]` up to, but not including, `last[f]`. Its
 * weights follow those of the filter before it.
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

/** Drops the first `hop` of `n` sums (`n` is even). Multiplies a frame by its window and adds it to the rest. */
export function overlapAdd(n: i32, hop: i32, sums: usize, frame: usize, window: usize): void {
  const end = <usize>n * REAL
  const kept = <usize>max(0, n - hop) * REAL
  const shift = <usize>hop * REAL
  let i: usize = 0
  for (; i + 16 <= kept; i += 16) {
    const product = f64x2.mul(v128.load(frame + i), v128.load(window + i))
    v128.store(sums + i, f64x2.add(v128.load(sums + i + shift), product))
  }
  if (i < kept) {
    const product = load<f64>(frame + i) * load<f64>(window + i)
    store<f64>(sums + i, load<f64>(sums + i + shift) + product)
    i += REAL
    store<f64>(sums + i, load<f64>(frame + i) * load<f64>(window + i))
    i += REAL
  }
  for (; i < end; i += 16) v128.store(sums + i, f64x2.mul(v128.load(frame + i), v128.load(window + i)))
}
