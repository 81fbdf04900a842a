/** From a frame of samples to its spectrum, and to the sums of it under filters. */
import { createRealFft } from './fft.js'
import { createWasmFft } from './fft-wasm.js'
import { applyFilterBank, type FilterBank } from './filter-bank.js'

/** A transform of windowed frames with its tables and buffers. */
export interface FrameFft {
  /** The frame, for the caller to fill. */
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

const NO_FILTERS: FilterBank = {
  first: new Int32Array(0),
  last: new Int32Array(0),
  weights: new Float64Array(0),
}

/**
 * Plans it: in WebAssembly where the window's length is a power of two and WebAssembly can be had.
 *
 * @param window - As long as a frame.
 * @param bank - Over `window.length / 2 + 1` bins. Default none.
 * @example createFrameFft(getWindow('hann', 2048)).computeSpectrum(2)
 */
export function createFrameFft(window: Float64Array, bank = NO_FILTERS): FrameFft {
  const size = window.length
  const isPowerOfTwo = size >= 4 && (size & (size - 1)) === 0
  const wasm = isPowerOfTwo ? createWasmFft(size, { window, bank }) : null
  return wasm ?? createScriptFrameFft(window, bank)
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
