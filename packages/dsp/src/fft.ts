/// <reference path="./fft-js.d.ts" />
/**
 * The Fourier transform of real signals, of any length.
 *
 * fft.js gets Float64Arrays and nothing else: V8 compiles its loops for the array types it has seen, and a second
 * type makes every transform of the process about five times slower.
 */
import FFT from 'fft.js'

/** A reusable transform with its tables and work buffers; not to be shared between threads. */
export interface RealFft {
  /** Number of real samples in. */
  readonly size: number
  /**
   * `X[k] = Σ x[n] exp(-2πi k n / size)` for k = 0 … floor(size / 2).
   *
   * @param input - `size` real samples; kept as they are.
   * @param re - Receives the real parts; length `floor(size / 2) + 1`, as `im`.
   */
  forward(input: Float64Array, re: Float64Array, im: Float64Array): void
}

/** A {@link RealFft} that goes back, too. */
export interface InvertibleRealFft extends RealFft {
  /** The signal whose transform is `re + i im`; the imaginary parts of the first and the last bin do not count. */
  inverse(re: Float64Array, im: Float64Array, output: Float64Array): void
}

/**
 * Plans the transform of `size` real samples. Powers of two are fastest; other sizes cost several times as much.
 *
 * @param size - An integer >= 1.
 * @example
 * const fft = createRealFft(1024)
 * fft.forward(frame, re, im)
 */
export function createRealFft(size: number): RealFft {
  return size >= 4 && (size & (size - 1)) === 0 ? createPowerOfTwoFft(size) : chirpFft(size)
}

/**
 * Plans the transform of a power of two: the samples are read as `size / 2` complex numbers, x[2n] + i x[2n+1], and the spectra of the even
 * and the odd samples are taken apart afterwards. Two frames in one complex transform would save as much, but the
 * rounding of one frame would depend on its neighbour.
 *
 * @param size - A power of two, >= 4.
 * @see Press et al., Numerical Recipes, 3rd edition, 12.3.2.
 * @example createPowerOfTwoFft(1024).inverse(re, im, samples)
 */
export function createPowerOfTwoFft(size: number): InvertibleRealFft {
  const half = size / 2
  const fft = new FFT(half)
  const packed = new Float64Array(size)
  const cos = Float64Array.from({ length: half }, (_, k) => Math.cos((2 * Math.PI * k) / size))
  const sin = Float64Array.from({ length: half }, (_, k) => Math.sin((2 * Math.PI * k) / size))
  return {
    size,
    forward(input, re, im) {
      fft.transform(packed, input)
      re[0] = packed[0]! + packed[1]!
      re[half] = packed[0]! - packed[1]!
      im[0] = 0
      im[half] = 0
      for (let k = 1, j = half - 1; k <= j; k++, j--) {
        const ar = packed[2 * k]!
        const ai = packed[2 * k + 1]!
        const br = packed[2 * j]!
        const bi = packed[2 * j + 1]!
        const evenRe = 0.5 * (ar + br)
        const evenIm = 0.5 * (ai - bi)
        const oddRe = 0.5 * (ai + bi)
        const oddIm = 0.5 * (br - ar)
        const turnedRe = cos[k]! * oddRe + sin[k]! * oddIm
        const turnedIm = cos[k]! * oddIm - sin[k]! * oddRe
        re[k] = evenRe + turnedRe
        im[k] = evenIm + turnedIm
        re[j] = evenRe - turnedRe
        im[j] = turnedIm - evenIm
      }
    },
    inverse(re, im, output) {
      packed[0] = 0.5 * (re[0]! + re[half]!)
      packed[1] = 0.5 * (re[0]! - re[half]!)
      for (let k = 1, j = half - 1; k <= j; k++, j--) {
        const evenRe = 0.5 * (re[k]! + re[j]!)
        const evenIm = 0.5 * (im[k]! - im[j]!)
        const turnedRe = 0.5 * (re[k]! - re[j]!)
        const turnedIm = 0.5 * (im[k]! + im[j]!)
        const oddRe = cos[k]! * turnedRe - sin[k]! * turnedIm
        const oddIm = cos[k]! * turnedIm + sin[k]! * turnedRe
        packed[2 * k] = evenRe - oddIm
        packed[2 * k + 1] = evenIm + oddRe
        packed[2 * j] = evenRe + oddIm
        packed[2 * j + 1] = oddRe - evenIm
      }
      fft.inverseTransform(output, packed)
    },
  }
}

/**
 * Any other size, as a convolution with a chirp: k n = (k² + n² - (k - n)²) / 2.
 *
 * @see Bluestein, "A linear filtering approach to the computation of the discrete Fourier transform", 1970.
 */
function chirpFft(size: number): RealFft {
  const bins = Math.floor(size / 2) + 1
  let length = 2
  while (length < 2 * size - 1) length *= 2
  const fft = new FFT(length)
  // k² modulo 2·size keeps the angle small: the sine of a large angle loses digits.
  const angles = Float64Array.from({ length: size }, (_, k) => (Math.PI * ((k * k) % (2 * size))) / size)
  const cos = angles.map(Math.cos)
  const sin = angles.map(Math.sin)
  const work = new Float64Array(2 * length)
  const spectrum = new Float64Array(2 * length)
  const kernel = new Float64Array(2 * length)
  for (let k = 0; k < size; k++) {
    for (const at of [k, (length - k) % length]) {
      work[2 * at] = cos[k]!
      work[2 * at + 1] = sin[k]!
    }
  }
  fft.transform(kernel, work)
  return {
    size,
    forward(input, re, im) {
      work.fill(0)
      for (let n = 0; n < size; n++) {
        work[2 * n] = input[n]! * cos[n]!
        work[2 * n + 1] = -input[n]! * sin[n]!
      }
      fft.transform(spectrum, work)
      for (let i = 0; i < 2 * length; i += 2) {
        const a = spectrum[i]!
        const b = spectrum[i + 1]!
        spectrum[i] = a * kernel[i]! - b * kernel[i + 1]!
        spectrum[i + 1] = a * kernel[i + 1]! + b * kernel[i]!
      }
      fft.inverseTransform(work, spectrum)
      for (let k = 0; k < bins; k++) {
        re[k] = work[2 * k]! * cos[k]! + work[2 * k + 1]! * sin[k]!
        im[k] = work[2 * k + 1]! * cos[k]! - work[2 * k]! * sin[k]!
      }
    },
  }
}
