/**
 * The Fourier transform of real signals of any length. WebAssembly computes powers of two, fft.js all other
 * lengths.
 *
 * fft.js gets only Float64Arrays. V8 compiles its loops for the array types that it has seen. A second type
 * makes every transform of the process about five times slower.
 */
/// <reference path="./fft-js.d.ts" />
import FFT from 'fft.js'
import { cosOfTurn, sinOfTurn } from '../math.js'
import { createWasmFft } from './fft-wasm.js'

/** A reusable transform with its tables and buffers. Threads cannot share it. */
export interface RealFft {
  /** Number of real samples in. */
  readonly size: number
  /** `size` real samples. The caller fills them; `forward` and `computePower` do not change them. */
  readonly input: Float64Array
  /** Real parts of the spectrum, `floor(size / 2) + 1` of them. */
  readonly re: Float64Array
  /** Imaginary parts. */
  readonly im: Float64Array
  /** Squared magnitudes. */
  readonly power: Float64Array
  /** Fills `re` and `im`: `X[k] = Σ x[n] exp(-2πi k n / size)` for k = 0 … floor(size / 2). */
  forward(): void
  /** Fills `power` with `|X[k]|²`; `re` and `im` are undefined afterwards. */
  computePower(): void
}

/** A {@link RealFft} that can also compute the inverse transform. */
export interface InvertibleRealFft extends RealFft {
  /** The result of `inverse`. */
  readonly output: Float64Array
  /**
   * Fills `output` with the signal of `re` and `im`. It ignores the imaginary parts of the first and the last
   * bin.
   */
  inverse(): void
}

/**
 * Plans the transform of `size` real samples. Powers of two are fastest; other sizes take many times as long.
 *
 * @param size - An integer >= 1.
 * @example
 * const fft = createRealFft(1024)
 * fft.input.set(samples.subarray(0, 1024))
 * fft.forward()
 */
export function createRealFft(size: number): RealFft {
  return size >= 4 && (size & (size - 1)) === 0 ? createPowerOfTwoFft(size) : chirpFft(size)
}

/**
 * Plans the transform of a power of two. It uses WebAssembly where that is available, else fft.js.
 *
 * @param size - A power of two, >= 4.
 * @example createPowerOfTwoFft(1024).inverse()
 */
export function createPowerOfTwoFft(size: number): InvertibleRealFft {
  const wasm = createWasmFft(size)
  return wasm ? { size, ...wasm } : createScriptFft(size)
}

/**
 * Plans the transform of a power of two in JavaScript. It reads the samples as `size / 2` complex numbers,
 * x[2n] + i x[2n+1], and separates the spectra of the even and the odd samples afterwards. One complex
 * transform of two frames would save as much time, but the rounding of one frame would then depend on its
 * neighbour.
 *
 * @param size - A power of two, >= 4.
 * @see Press et al., Numerical Recipes, 3rd edition, 12.3.2.
 * @example createScriptFft(1024).forward()
 */
export function createScriptFft(size: number): InvertibleRealFft {
  const half = size / 2
  const fft = new FFT(half)
  const input = new Float64Array(size)
  const packed = new Float64Array(size)
  const output = new Float64Array(size)
  const re = new Float64Array(half + 1)
  const im = new Float64Array(half + 1)
  const power = new Float64Array(half + 1)
  const cos = Float64Array.from({ length: half }, (_, k) => cosOfTurn(k, size))
  const sin = Float64Array.from({ length: half }, (_, k) => sinOfTurn(k, size))

  function forward(): void {
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
  }
  function inverse(): void {
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
  }
  return {
    size,
    input,
    re,
    im,
    power,
    output,
    forward,
    computePower: powerOf({ re, im, power, forward }),
    inverse,
  }
}

function powerOf({ re, im, power, forward }: Pick<RealFft, 're' | 'im' | 'power' | 'forward'>): () => void {
  return () => {
    forward()
    for (let k = 0; k < power.length; k++) power[k] = re[k]! * re[k]! + im[k]! * im[k]!
  }
}

/**
 * Plans the transform of any other size, as a convolution with a chirp: k n = (k² + n² - (k - n)²) / 2.
 *
 * @see Bluestein, "A linear filtering approach to the computation of the discrete Fourier transform", 1970.
 */
function chirpFft(size: number): RealFft {
  const bins = Math.floor(size / 2) + 1
  let length = 2
  while (length < 2 * size - 1) length *= 2
  const fft = new FFT(length)
  const input = new Float64Array(size)
  const re = new Float64Array(bins)
  const im = new Float64Array(bins)
  const power = new Float64Array(bins)
  // The remainder of k² by 2·size keeps the angle small: the sine of a large angle loses digits.
  const cos = Float64Array.from({ length: size }, (_, k) => cosOfTurn((k * k) % (2 * size), 2 * size))
  const sin = Float64Array.from({ length: size }, (_, k) => sinOfTurn((k * k) % (2 * size), 2 * size))
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

  function forward(): void {
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
  }
  return { size, input, re, im, power, forward, computePower: powerOf({ re, im, power, forward }) }
}
