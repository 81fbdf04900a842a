/** Decibels of many float32 values at once. */
import { createKernel, createLayout } from '../fft/kernel.js'
import { log10 } from '../math.js'

const ENTRIES = 1024

/** The smallest normal float32; below it, the exponent's bits no longer tell the octave. */
const SMALLEST = 2 ** -126

// 10 log10(2).
const OCTAVE_DB = 3.010299956639812

/** Numbers converted at a time. */
const BLOCK = 16384

/** What a float32's upper bits say, and the loop over many of them, if it can be had. */
interface Converter {
  /** For 1024 numbers from 1 to 2: decibels, and a mantissa's last step relative to the number. */
  table: Float64Array
  block: Float32Array
  /** Converts the first `count` numbers of the block in place. */
  run: ((count: number, amin: number, refDb: number, floor: number) => void) | null
}

// Made once: constants that take a moment to compute.
let made: Converter | undefined

function createConverter(): Converter {
  const { take, bytes } = createLayout()
  const [tableAt, blockAt] = [take(16 * ENTRIES), take(4 * BLOCK)]
  const instance = createKernel(bytes())
  const table = new Float64Array(instance?.buffer ?? new ArrayBuffer(16 * ENTRIES), tableAt, 2 * ENTRIES)
  for (let j = 0; j < ENTRIES; j++) {
    table[2 * j] = 10 * log10(1 + j / ENTRIES)
    table[2 * j + 1] = 2 ** -23 / (1 + j / ENTRIES)
  }
  if (!instance) return { table, block: new Float32Array(0), run: null }
  const { kernel, buffer } = instance
  return {
    table,
    block: new Float32Array(buffer, blockAt, BLOCK),
    run: (count, amin, refDb, floor) => kernel.toDecibels(count, blockAt, tableAt, amin, refDb, floor),
  }
}

function converter(): Converter {
  made ??= createConverter()
  return made
}

/**
 * `10 * log10(value)` of one number > 0; to the bit what {@link convertToDecibels} makes of the same number.
 *
 * @example decibelsOf(100) // 20
 */
export function decibelsOf(value: number): number {
  const single = Float32Array.of(value)
  if (single[0] !== value || value < SMALLEST) return 10 * log10(value)
  return decibelsOfBits(new Int32Array(single.buffer)[0]!, converter().table)
}

/** How {@link convertToDecibels} converts. */
export interface Conversion {
  /** Smaller values are raised to it; > 0. */
  amin: number
  /** What is subtracted. */
  refDb: number
  /** Results are raised to it. */
  floorDb: number
}

/**
 * `max(floorDb, 10 * log10(max(amin, value)) - refDb)` of every value by table, several times as fast as a logarithm
 * each. A float32 is `2^octave * mantissa`; with the table's c just below the mantissa, `log mantissa = log c +
 * log(1 + r)`, 0 <= r < 2^-10, and three terms of the latter's series are enough.
 *
 * @param out - As long as `values`; may be the same array.
 * @returns `out`; before rounding, off by less than 1e-12.
 * @see Tang, "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", 1990.
 * @example convertToDecibels(power, { amin: 1e-10, refDb: 0, floorDb: -80 }, new Float32Array(power.length))
 */
export function convertToDecibels(
  values: Float32Array,
  { amin, refDb, floorDb }: Conversion,
  out: Float32Array,
): Float32Array {
  const { table, block, run } = converter()
  const floor = Math.fround(Math.max(floorDb, decibelsOf(amin) - refDb))
  if (run === null || amin < SMALLEST) {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
    const least = Math.max(amin, SMALLEST)
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!
      const db = value >= least ? decibelsOfBits(bits[i]!, table) : 10 * log10(Math.max(amin, value))
      out[i] = Math.max(floor, Math.fround(db - refDb))
    }
    return out
  }
  for (let from = 0; from < values.length; from += BLOCK) {
    const count = Math.min(BLOCK, values.length - from)
    block.set(values.subarray(from, from + count))
    run(count, amin, refDb, floor)
    out.set(block.subarray(0, count), from)
  }
  return out
}

/** `bits` of a normal, positive float32: 8 of the octave, 10 of the entry, 13 of the rest. */
function decibelsOfBits(bits: number, table: Float64Array): number {
  const entry = (bits >>> 12) & (2 * ENTRIES - 2)
  const r = (bits & 0x1fff) * table[entry + 1]!
  const series = r * (1 - r * (1 / 2 - r * (1 / 3)))
  return ((bits >>> 23) - 127) * OCTAVE_DB + table[entry]! + (10 / Math.LN10) * series
}
