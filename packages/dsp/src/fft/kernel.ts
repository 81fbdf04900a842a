/** The inner loops in WebAssembly, two numbers to an instruction. */
import { KERNEL_BASE64 } from './kernel.generated.js'

/** What wasm/*.as.ts export; arguments that are not numbers of something are addresses. */
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

const PAGE = 65536

// Compiled once: V8 starts each module with slow code, and makes it fast once it has run for a while.
let compiled: WebAssembly.Module | null | undefined

/** `null` where WebAssembly or its SIMD is missing, or a page's policy forbids it. */
function compile(): WebAssembly.Module | null {
  try {
    return new WebAssembly.Module(Uint8Array.from(atob(KERNEL_BASE64), (char) => char.charCodeAt(0)))
  } catch {
    return null
  }
}

/**
 * The loops with a memory of their own.
 *
 * @param bytes - How much of it is needed.
 * @returns `null` where WebAssembly cannot be had, or so many are alive that the addresses of another one's memory
 *   cannot: V8 reserves 8 GB of them.
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

/** Places in a memory, one behind the other; each begins with a line of the cache. */
export interface Layout {
  take(bytes: number): number
  /** All that was taken. */
  bytes(): number
}

/** @example const layout = createLayout(); const re = layout.take(8 * 1025) */
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
