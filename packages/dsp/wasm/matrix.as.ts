// Functions of whole matrices of float32, computed in float64.

/** The first two of four float32, as float64. */
@inline
function low(four: v128): v128 {
  return f64x2.promote_low_f32x4(four)
}

/** The last two of four float32, as float64. */
@inline
function high(four: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(four, four, 1, 1))
}

@inline
function storeFour(to: usize, a: v128, b: v128): void {
  v128.store(to, v128.shuffle<f64>(f32x4.demote_f64x2_zero(a), f32x4.demote_f64x2_zero(b), 0, 2))
}

/**
 * `basis · data`: [rows, bins] in float64 times [bins, frames] in float32. It takes four frames and two rows at a time.
 *
 * @param rows - Even.
 * @param frames - A multiple of 4.
 */
export function multiply(rows: i32, bins: i32, frames: i32, basis: usize, data: usize, out: usize): void {
  const width = <usize>bins * 8
  const stride = <usize>frames * 4
  const pairs = <usize>(bins & ~1) * 8
  for (let t: usize = 0; t < stride; t += 16) {
    for (let k: usize = 0; k < <usize>rows; k += 2) {
      const v = basis + k * width
      const w = v + width
      let a = f64x2(0, 0)
      let b = f64x2(0, 0)
      let c = f64x2(0, 0)
      let d = f64x2(0, 0)
      let from = data + t
      let i: usize = 0
      for (; i < pairs; i += 16, from += 2 * stride) {
        const x = v128.load(from)
        const y = v128.load(from + stride)
        const x0 = low(x)
        const x1 = high(x)
        const y0 = low(y)
        const y1 = high(y)
        const v0 = v128.load64_splat(v + i)
        const v1 = v128.load64_splat(v + i, 8)
        const w0 = v128.load64_splat(w + i)
        const w1 = v128.load64_splat(w + i, 8)
        a = f64x2.add(a, f64x2.add(f64x2.mul(v0, x0), f64x2.mul(v1, y0)))
        b = f64x2.add(b, f64x2.add(f64x2.mul(v0, x1), f64x2.mul(v1, y1)))
        c = f64x2.add(c, f64x2.add(f64x2.mul(w0, x0), f64x2.mul(w1, y0)))
        d = f64x2.add(d, f64x2.add(f64x2.mul(w0, x1), f64x2.mul(w1, y1)))
      }
      if (i < width) {
        const x = v128.load(from)
        const v0 = v128.load64_splat(v + i)
        const w0 = v128.load64_splat(w + i)
        a = f64x2.add(a, f64x2.mul(v0, low(x)))
        b = f64x2.add(b, f64x2.mul(v0, high(x)))
        c = f64x2.add(c, f64x2.mul(w0, low(x)))
        d = f64x2.add(d, f64x2.mul(w0, high(x)))
      }
      const to = out + k * stride + t
      storeFour(to, a, b)
      storeFour(to + stride, c, d)
    }
  }
}

/**
 * Decibels in place, as src/scaling/decibel-table.ts explains. Results below `floor`, and those of values below `amin`,
 * become `floor`. `amin` is at least the smallest normal float32.
 *
 * @param table - Pairs: an entry's decibels, and the last step of a mantissa relative to the entry.
 */
export function toDecibels(n: i32, values: usize, table: usize, amin: f64, refDb: f64, floor: f32): void {
  const end = values + <usize>n * 4
  for (let at = values; at < end; at += 4) {
    const bits = load<u32>(at)
    const entry = table + ((bits >> 9) & (1023 << 4))
    const r = <f64>(bits & 0x1fff) * load<f64>(entry, 8)
    const series = r * (1 - r * (1.0 / 2 - r * (1.0 / 3)))
    const octave = <f64>(<i32>(bits >> 23) - 127)
    const db = octave * 3.010299956639812 + load<f64>(entry) + (10 / Math.LN10) * series - refDb
    store<f32>(at, <f64>load<f32>(at) >= amin ? max<f32>(<f32>db, floor) : floor)
  }
}
