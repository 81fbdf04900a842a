/** The inner loops in WebAssembly, the "kernel". Each instruction works on two numbers. */
import { kernelBase64 } from './kernel.generated.js'

/**
 * The functions that wasm/*.as.ts export. Each argument is a count (size, n, rows, …), a factor, or an
 * address.
 */
export interface Kernel {
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
  applyWindow(size: number, frame: number, window: number, out: number): void
  squareRoots(count: number, values: number): void
  applyFilters(
    count: number,
    spectrum: number,
    first: number,
    last: number,
    weights: number,
    out: number,
  ): void
  overlapAdd(n: number, hop: number, sums: number, frame: number, window: number): void
  multiply(rows: number, bins: number, frames: number, basis: number, data: number, out: number): void
  toDecibels(n: number, values: number, table: number, amin: number, refDb: number, floor: number): void
  toPolar(n: number, re: number, im: number, magnitude: number, unitRe: number, unitIm: number): void
  interpolate(
    n: number,
    weight: number,
    fromMagnitude: number,
    toMagnitude: number,
    fromRe: number,
    fromIm: number,
    leadRe: number,
    leadIm: number,
    re: number,
    im: number,
  ): void
  addDifference(
    n: number,
    aheadRe: number,
    aheadIm: number,
    behindRe: number,
    behindIm: number,
    leadRe: number,
    leadIm: number,
  ): void
}

// Bytes in a page of WebAssembly's memory.
const PAGE = 65536

// Compiled once: V8 starts each module with slow code, and replaces that by fast code after a while.
let compiled: WebAssembly.Module | null | undefined

/** Returns `null` where WebAssembly or its SIMD is missing, or the policy of a web page forbids it. */
function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(kernelBase64), (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}

/**
 * Creates an instance of the loops with a memory of its own.
 *
 * @param bytes - Size of the memory.
 * @returns `null` if WebAssembly is not available, or if too many instances are alive: V8 reserves 8 GB of
 *   addresses for the memory of each.
 */
export function createKernel(bytes: number): { kernel: Kernel; buffer: ArrayBuffer } | null {
  if (compiled === undefined) compiled = compile()
  if (compiled === null) return null
  try {
    const memory = new WebAssembly.Memory({ initial: Math.ceil(bytes / PAGE) })
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } })
    return { kernel: exports as unknown as Kernel, buffer: memory.buffer }
  } catch {
    return null
  }
}

/** Gives out places in a memory, one after the other. Each place begins at a line of the cache. */
export interface Layout {
  /** Returns the address of the next free place. */
  take(bytes: number): number
  /** Size of all places together. */
  bytes(): number
}

/** Begins a layout at address 0. @example const layout = createLayout(); const re = layout.take(8 * 1025) */
export function createLayout(): Layout {
  let end = 0
  return {
    take(bytes) {
      const address = end
      end += Math.ceil(bytes / 64) * 64
      return address
    },
    bytes: () => end,
  }
}
