/** The transform of a power of two in WebAssembly. Each instruction works on two numbers. */

import { cosOfTurn } from '../math.js'
import type { FilterBank } from './filter-bank.js'
import { createKernel, createLayout } from './kernel.js'

/**
 * A transform and its buffers, which have a memory of their own. It has all members of `RealFft`, `FrameFft`
 * and `OverlapAdder`.
 */
export interface WasmFft {
  input: Float64Array
  re: Float64Array
  im: Float64Array
  /** Squared magnitudes, or the result of `computeSpectrum`. */
  power: Float64Array
  spectrum: Float64Array
  output: Float64Array
  frame: Float32Array
  bands: Float64Array
  sums: Float64Array
  forward(): void
  computePower(): void
  inverse(): void
  transform(): void
  computeSpectrum(power: 1 | 2): void
  computeBands(power: 1 | 2): void
  add(hop: number): void
}

/** Tables for the steps before and after the transform of a frame. */
export interface FrameTables {
  /** Has the length of the transform. */
  window: Float64Array
  bank: FilterBank
}

/**
 * The largest size. JavaScript computes larger transforms: their tables in WebAssembly would take too much
 * memory.
 */
const maxSize = 2 ** 20

/**
 * Plans a transform.
 *
 * @param size - A power of two, >= 4.
 * @param tables - Needed for frames. Without them, `frame`, `bands` and `sums` have no use.
 * @returns `null` if the size is too large or WebAssembly is not available.
 */
export function createWasmFft(size: number, tables?: FrameTables): WasmFft | null {
  if (size > maxSize) return null
  const { take, bytes } = createLayout()
  const bins = size / 2 + 1
  const [input, a, b, c] = [take(8 * size), take(8 * size), take(8 * size), take(8 * size)]
  const [re, im, power] = [take(8 * bins), take(8 * bins), take(8 * bins)]
  const [factors, conjugates, turns] = [
    take(8 * factorCount(size)),
    take(8 * factorCount(size)),
    take(8 * size + 32),
  ]
  const filters = tables?.bank.first.length ?? 0
  const [frame, window, sums] = tables ? [take(4 * size), take(8 * size), take(8 * size)] : [0, 0, 0]
  const [first, last, bands] = [take(4 * filters), take(4 * filters), take(8 * filters)]
  const weights = take(8 * (tables?.bank.weights.length ?? 0))

  const instance = createKernel(bytes())
  if (!instance) return null
  const { kernel, buffer } = instance
  const doubles = (address: number, length: number) => new Float64Array(buffer, address, length)
  const circle = createCircle(size)
  fillFactors(doubles(factors, factorCount(size)), circle, size)
  const conjugate = doubles(conjugates, factorCount(size))
  conjugate.set(doubles(factors, factorCount(size)))
  for (let i = 0; i < conjugate.length; i++) if (i % 4 >= 2) conjugate[i]! *= -1
  fillTurns(doubles(turns, size + 4), circle, size)
  if (tables) {
    doubles(window, size).set(tables.window)
    new Int32Array(buffer, first, filters).set(tables.bank.first)
    new Int32Array(buffer, last, filters).set(tables.bank.last)
    doubles(weights, tables.bank.weights.length).set(tables.bank.weights)
  }

  const forward = () => kernel.forward(size, input, a, b, factors, turns, re, im)
  const computePower = () => kernel.power(size, input, a, b, factors, turns, power)
  const inverse = () => kernel.inverse(size, re, im, a, b, c, conjugates, turns)
  const applyWindow = () => kernel.applyWindow(size, frame, window, input)
  const computeSpectrum = (exponent: 1 | 2) => {
    applyWindow()
    computePower()
    if (exponent === 1) kernel.squareRoots(bins, power)
  }
  return {
    input: doubles(input, size),
    re: doubles(re, bins),
    im: doubles(im, bins),
    power: doubles(power, bins),
    spectrum: doubles(power, bins),
    // The number of passes decides in which buffer the inverse ends. For one size it is always the same
    // buffer.
    output: doubles(inverse(), size),
    frame: new Float32Array(buffer, frame, tables ? size : 0),
    bands: doubles(bands, filters),
    sums: doubles(sums, tables ? size : 0),
    forward,
    computePower,
    inverse,
    transform() {
      applyWindow()
      forward()
    },
    computeSpectrum,
    computeBands(exponent) {
      computeSpectrum(exponent)
      kernel.applyFilters(filters, power, first, last, weights, bands)
    },
    add: (hop) => kernel.overlapAdd(size, hop, sums, inverse(), window),
  }
}

// A butterfly of four multiplies by w to w³, and one of eight by w to w⁷. Each factor takes four numbers.
const factors4 = 4 * 3
const factors8 = 4 * 7

function factorCount(size: number): number {
  return 4 * factors4 + Math.ceil(size / 16) * factors8
}

/**
 * Writes the powers of w = exp(-2πi p / 16) for p < 4, then those of exp(-2πi p / m), m = size / 2, for p < m
 * / 8.
 */
function fillFactors(factors: Float64Array, circle: (k: number) => number, size: number): void {
  let at = 0
  // The kernel reads each factor as [re, re] and [-im, im].
  const write = (re: number, im: number) => {
    factors[at++] = re
    factors[at++] = re
    factors[at++] = -im
    factors[at++] = im
  }
  for (let p = 0; p < 4; p++) {
    for (let power = 1; power <= 3; power++) {
      write(cosOfTurn(power * p, 16), -cosOfTurn(power * p + 12, 16))
    }
  }
  for (let p = 0; p < size / 16; p++) {
    for (let power = 1; power <= 7; power++) {
      const k = 2 * power * p
      // The sine is the cosine three quarters of a turn ahead.
      write(circle(k), -circle(k + (3 * size) / 4))
    }
  }
}

/**
 * Writes cosine and sine of k / size turns, as [cos, -cos] and [sin, sin]. They separate the even and odd
 * samples.
 */
function fillTurns(turns: Float64Array, circle: (k: number) => number, size: number): void {
  for (let k = 0; k <= size / 4; k++) {
    const cos = circle(k)
    const sin = circle(k + (3 * size) / 4)
    turns.set([cos, -cos, sin, sin], 4 * k)
  }
}

/** Returns `k => cos(2πk / size)` for any whole k >= 0. Its table holds a quarter of the circle. */
function createCircle(size: number): (k: number) => number {
  const quarter = size / 4
  const table = Float64Array.from({ length: quarter + 1 }, (_, k) => cosOfTurn(k, size))
  return (k) => {
    const within = k % (2 * quarter)
    const value = within <= quarter ? table[within]! : -table[2 * quarter - within]!
    return k % size < 2 * quarter ? value : -value
  }
}
