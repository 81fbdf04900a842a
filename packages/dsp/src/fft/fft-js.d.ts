/** Types of the part of fft.js 4.0.4 that this package uses. fft.js has no types of its own. */
declare module 'fft.js' {
  export default class FFT {
    /** @param size - A power of two, >= 2. */
    constructor(size: number)
    /**
     * Complex transform. Both arrays hold [re, im] pairs, `2 * size` numbers. They must be different arrays.
     */
    transform(out: Float64Array, data: Float64Array): void
    /** Inverse of `transform`, scaled by `1 / size`. */
    inverseTransform(out: Float64Array, data: Float64Array): void
  }
}
