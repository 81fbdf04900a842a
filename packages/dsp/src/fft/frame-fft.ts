/** Frames of samples: their spectra, the sums of a spectrum under filters, and the inverse transform. */
import { createRealFft } from './fft.js'
import { createWasmFft, type WasmFft } from './fft-wasm.js'
import { applyFilterBank, type FilterBank } from './filter-bank.js'
import { createInverseFft } from './inverse-fft.js'

/** A transform of windowed frames with its tables and buffers. */
export interface FrameFft {
  /** The frame. The caller fills it. */
  readonly frame: Float32Array
  /** Real parts of the spectrum. */
  readonly re: Float64Array
  /** Imaginary parts. */
  readonly im: Float64Array
  /** `|X| ** power` of the spectrum. */
  readonly spectrum: Float64Array
  /** Sums of `spectrum` under the filters. */
  readonly bands: Float64Array
  /** Fills `re` and `im`. */
  transform(): void
  /** Fills `spectrum`. */
  computeSpectrum(power: 1 | 2): void
  /** Fills `spectrum` and `bands`. */
  computeBands(power: 1 | 2): void
}

/** Adds windowed frames where they overlap. */
export interface OverlapAdder {
  /** Real parts of a frame's spectrum. The caller fills them. */
  readonly re: Float64Array
  /** Imaginary parts. */
  readonly im: Float64Array
  /** Sums of all frames so far. They begin where the last frame begins. */
  readonly sums: Float64Array
  /**
   * Transforms the spectrum back, multiplies it by the window, and adds it `hop` samples after the frame
   * before.
   */
  add(hop: number): void
}

const noFilters: FilterBank = {
  first: new Int32Array(0),
  last: new Int32Array(0),
  weights: new Float64Array(0),
}

/**
 * Plans the transform of frames. It uses WebAssembly if that is available and the window's length is a power
 * of two.
 *
 * @param window - Has the length of a frame.
 * @param bank - Filters over `window.length / 2 + 1` bins. Without them, `bands` is empty.
 * @example createFrameFft(getWindow('hann', 2048)).computeSpectrum(2)
 */
export function createFrameFft(window: Float64Array, bank = noFilters): FrameFft {
  return createWindowedFft(window, bank) ?? createScriptFrameFft(window, bank)
}

/** {@link createFrameFft} without WebAssembly. */
export function createScriptFrameFft(window: Float64Array, bank: FilterBank): FrameFft {
  const fft = createRealFft(window.length)
  const frame = new Float32Array(window.length)
  const bands = new Float64Array(bank.first.length)
  const { input, re, im, power: spectrum } = fft

  function applyWindow(): void {
    for (let i = 0; i < input.length; i++) input[i] = frame[i]! * window[i]!
  }
  function computeSpectrum(power: 1 | 2): void {
    applyWindow()
    fft.computePower()
    if (power === 1) for (let bin = 0; bin < spectrum.length; bin++) spectrum[bin] = Math.sqrt(spectrum[bin]!)
  }
  return {
    frame,
    re,
    im,
    spectrum,
    bands,
    transform() {
      applyWindow()
      fft.forward()
    },
    computeSpectrum,
    computeBands(power) {
      computeSpectrum(power)
      applyFilterBank(bank, spectrum, bands)
    },
  }
}

/**
 * Plans the inverse transform, from spectra to samples. It uses WebAssembly as {@link createFrameFft} does.
 *
 * @param window - Has the length of a frame.
 * @example createOverlapAdder(getWindow('hann', 2048)).add(512)
 */
export function createOverlapAdder(window: Float64Array): OverlapAdder {
  return createWindowedFft(window, noFilters) ?? createScriptOverlapAdder(window)
}

/** {@link createOverlapAdder} without WebAssembly. */
export function createScriptOverlapAdder(window: Float64Array): OverlapAdder {
  const { re, im, output, inverse } = createInverseFft(window.length)
  const sums = new Float64Array(window.length)
  return {
    re,
    im,
    sums,
    add(hop) {
      inverse()
      addFrame(sums, output, window, hop)
    },
  }
}

/** Drops the first `hop` sums. Multiplies a frame by its window and adds it to the rest. */
export function addFrame(sums: Float64Array, frame: Float64Array, window: Float64Array, hop: number): void {
  sums.copyWithin(0, hop)
  sums.fill(0, Math.max(0, sums.length - hop))
  for (let i = 0; i < sums.length; i++) sums[i]! += frame[i]! * window[i]!
}

function createWindowedFft(window: Float64Array, bank: FilterBank): WasmFft | null {
  const size = window.length
  const isPowerOfTwo = size >= 4 && (size & (size - 1)) === 0
  return isPowerOfTwo ? createWasmFft(size, { window, bank }) : null
}
