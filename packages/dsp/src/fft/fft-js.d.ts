/** What this package uses of fft.js 4.0.4, which has no types of its own. */
declare module 'fft.js' {
  export default class FFT {
    /** @param size - A power of two, >= 2. */
    constructor(size: number)
    /** Complex transform; both arrays hold [re, im] pairs, `2 * size` numbers, and must be different. */
    transform(out: Float64Array, data: Float64Array): void
    /** Inverse of `transform`, scaled by `1 / size`. */
    inverseTransform(out: Float64Array, data: Float64Array): void
  }
}
