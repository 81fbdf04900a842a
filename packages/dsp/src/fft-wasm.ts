/** The transform of a power of two in WebAssembly, two numbers to an instruction. */
import { FFT_WASM_BASE64 } from './fft-wasm.generated.js'
import { cosOfTurn } from './math.js'

/** What wasm/fft.as.ts exports; every argument but the size is an address. */
interface Kernel {
  forward(
    size: number,
    input: number,
    a: number,
    b: number,
    factors: number,
    turns: number,
    re: number,
    im: number,
  ): void
  power(size: number, input: number, a: number, b: number, factors: number, turns: number, out: number): void
  inverse(
    size: number,
    re: number,
    im: number,
    a: number,
    b: number,
    c: number,
    factors: number,
    turns: number,
  ): number
}

/** A transform and its buffers, which lie in a memory of their own. */
export interface WasmFft {
  input: Float64Array
  re: Float64Array
  im: Float64Array
  power: Float64Array
  output: Float64Array
  forward(): void
  computePower(): void
  inverse(): void
}

const PAGE = 65536

/** Larger transforms are left to JavaScript: their tables would take a good part of the memory there is. */
const MAX_SIZE = 2 ** 20

// Compiled once: V8 starts each module with slow code, and makes it fast once it has run for a while.
let compiled: WebAssembly.Module | null | undefined

/** `null` where WebAssembly or its SIMD is missing, or a page's policy forbids it. */
function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(FFT_WASM_BASE64), (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}

/**
 * Plans a transform.
 *
 * @param size - A power of two, >= 4.
 * @returns `null` where it cannot be had.
 */
export function createWasmFft(size: number): WasmFft | null {
  if (size > MAX_SIZE) return null
  if (compiled === undefined) compiled = compile()
  if (compiled === null) return null

  let end = 0
  const take = (numbers: number) => {
    const address = end
    // Each buffer begins with a line of the cache.
    end += Math.ceil((8 * numbers) / 64) * 64
    return { address, view: (memory: ArrayBuffer) => new Float64Array(memory, address, numbers) }
  }
  const bins = size / 2 + 1
  const [input, a, b, c] = [take(size), take(size), take(size), take(size)]
  const [re, im, power] = [take(bins), take(bins), take(bins)]
  const [factors, conjugates] = [take(6 * Math.ceil(size / 8)), take(6 * Math.ceil(size / 8))]
  const turns = take(2 * (size / 4 + 1))

  const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE) })
  const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
  const kernel = exports as unknown as Kernel
  const circle = createCircle(size)
  fillFactors(factors.view(memory.buffer), circle, size, -1)
  fillFactors(conjugates.view(memory.buffer), circle, size, 1)
  const turn = turns.view(memory.buffer)
  for (let k = 0; k <= size / 4; k++) {
    turn[2 * k] = circle(k)
    // The sine, three quarters of a turn ahead.
    turn[2 * k + 1] = circle(k + (3 * size) / 4)
  }
  // Where the inverse ends depends on how many passes there are: always in the same place for one size.
  const at = kernel.inverse(
    size,
    re.address,
    im.address,
    a.address,
    b.address,
    c.address,
    conjugates.address,
    turns.address,
  )
  return {
    input: input.view(memory.buffer),
    re: re.view(memory.buffer),
    im: im.view(memory.buffer),
    power: power.view(memory.buffer),
    output: new Float64Array(memory.buffer, at, size),
    forward() {
      kernel.forward(
        size,
        input.address,
        a.address,
        b.address,
        factors.address,
        turns.address,
        re.address,
        im.address,
      )
    },
    computePower() {
      kernel.power(size, input.address, a.address, b.address, factors.address, turns.address, power.address)
    },
    inverse() {
      kernel.inverse(
        size,
        re.address,
        im.address,
        a.address,
        b.address,
        c.address,
        conjugates.address,
        turns.address,
      )
    },
  }
}

/** w, w² and w³ for w = exp(±2πi p / m), p < m / 4: what a butterfly multiplies with. */
function fillFactors(factors: Float64Array, circle: (k: number) => number, size: number, sign: 1 | -1): void {
  const quarter = size / 4
  for (let p = 0; p < size / 8; p++) {
    for (let power = 1; power <= 3; power++) {
      const k = 2 * power * p
      factors[6 * p + 2 * power - 2] = circle(k)
      factors[6 * p + 2 * power - 1] = sign * circle(k + 3 * quarter)
    }
  }
}

/** `k => cos(2πk / size)` for any whole k >= 0, from a quarter of the circle. */
function createCircle(size: number): (k: number) => number {
  const quarter = size / 4
  const table = Float64Array.from({ length: quarter + 1 }, (_, k) => cosOfTurn(k, size))
  return (k) => {
    const within = k % (2 * quarter)
    const value = within <= quarter ? table[within]! : -table[2 * quarter - within]!
    return k % size < 2 * quarter ? value : -value
  }
}
