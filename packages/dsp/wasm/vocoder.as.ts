// The phase vocoder's arithmetic, two bins in each instruction. src/effects/vocoder-steps.ts is the same in JavaScript.
// `n` is the number of bins, rounded up to an even number.

/** Magnitudes, and complex numbers of magnitude 1 with the same phases. Zero has the phase 0. */
export function toPolar(n: i32, re: usize, im: usize, magnitude: usize, unitRe: usize, unitIm: usize): void {
  const one = f64x2(1, 1)
  const zero = f64x2(0, 0)
  for (let k: usize = 0; k < <usize>n * 8; k += 16) {
    const x = v128.load(re + k)
    const y = v128.load(im + k)
    const length = f64x2.sqrt(f64x2.add(f64x2.mul(x, x), f64x2.mul(y, y)))
    const scale = f64x2.div(one, length)
    const isHeard = f64x2.gt(length, zero)
    v128.store(magnitude + k, length)
    v128.store(unitRe + k, v128.bitselect(f64x2.mul(x, scale), one, isHeard))
    v128.store(unitIm + k, v128.bitselect(f64x2.mul(y, scale), zero, isHeard))
  }
}

/** The frame at `weight` (0 to 1) between two frames. Its phases are those of the first frame plus the lead. */
export function interpolate(
  n: i32,
  weight: f64,
  fromMagnitude: usize,
  toMagnitude: usize,
  fromRe: usize,
  fromIm: usize,
  leadRe: usize,
  leadIm: usize,
  re: usize,
  im: usize,
): void {
  const to = f64x2.splat(weight)
  const from = f64x2.splat(1 - weight)
  for (let k: usize = 0; k < <usize>n * 8; k += 16) {
    const magnitude = f64x2.add(
      f64x2.mul(from, v128.load(fromMagnitude + k)),
      f64x2.mul(to, v128.load(toMagnitude + k)),
    )
    const a = v128.load(fromRe + k)
    const b = v128.load(fromIm + k)
    const c = v128.load(leadRe + k)
    const d = v128.load(leadIm + k)
    v128.store(re + k, f64x2.mul(magnitude, f64x2.sub(f64x2.mul(a, c), f64x2.mul(b, d))))
    v128.store(im + k, f64x2.mul(magnitude, f64x2.add(f64x2.mul(a, d), f64x2.mul(b, c))))
  }
}

/** Adds the phase of `ahead` minus that of `behind` to the lead. */
export function addDifference(
  n: i32,
  aheadRe: usize,
  aheadIm: usize,
  behindRe: usize,
  behindIm: usize,
  leadRe: usize,
  leadIm: usize,
): void {
  const half = f64x2(0.5, 0.5)
  const oneAndHalf = f64x2(1.5, 1.5)
  for (let k: usize = 0; k < <usize>n * 8; k += 16) {
    const a = v128.load(aheadRe + k)
    const b = v128.load(aheadIm + k)
    const c = v128.load(behindRe + k)
    const d = v128.load(behindIm + k)
    const turnRe = f64x2.add(f64x2.mul(a, c), f64x2.mul(b, d))
    const turnIm = f64x2.sub(f64x2.mul(b, c), f64x2.mul(a, d))
    const re = v128.load(leadRe + k)
    const im = v128.load(leadIm + k)
    const x = f64x2.sub(f64x2.mul(re, turnRe), f64x2.mul(im, turnIm))
    const y = f64x2.add(f64x2.mul(re, turnIm), f64x2.mul(im, turnRe))
    const square = f64x2.add(f64x2.mul(x, x), f64x2.mul(y, y))
    const scale = f64x2.sub(oneAndHalf, f64x2.mul(half, square))
    v128.store(leadRe + k, f64x2.mul(x, scale))
    v128.store(leadIm + k, f64x2.mul(y, scale))
  }
}
