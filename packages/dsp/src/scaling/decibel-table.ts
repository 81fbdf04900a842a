/** Decibels of many float32 values at once, by a table of logarithms. */
import { createKernel, createLayout } from '../fft/kernel.js'
import { log10 } from '../math.js'

const tableEntries = 1024

/** The smallest normal float32. The exponent bits of smaller numbers do not say the octave. */
const smallestNormal = 2 ** -126

// 10 log10(2).
const octaveDb = 3.010299956639812

/** How many numbers are converted at a time. */
const blockLength = 16384

/** The table, and the loop in WebAssembly if that is available. */
interface Converter {
  /**
   * Pairs for 1024 numbers from 1 to 2: the number's decibels, and a mantissa's last step relative to the
   * number.
   */
  table: Float64Array
  /** The memory that `run` works in. */
  block: Float32Array
  /** Converts the first `count` numbers of the block in place. */
  run: ((count: number, amin: number, refDb: number, floor: number) => void) | null
}

// The only converter. Its table is constant, and takes a moment to compute.
let made: Converter | undefined

function createConverter(): Converter {
  const { take, bytes } = createLayout()
  const [tableAt, blockAt] = [take(16 * tableEntries), take(4 * blockLength)]
  const instance = createKernel(bytes())
  const table = new Float64Array(
    instance?.buffer ?? new ArrayBuffer(16 * tableEntries),
    tableAt,
    2 * tableEntries,
  )
  for (let j = 0; j < tableEntries; j++) {
    table[2 * j] = 10 * log10(1 + j / tableEntries)
    table[2 * j + 1] = 2 ** -23 / (1 + j / tableEntries)
  }
  if (!instance) return { table, block: new Float32Array(0), run: null }
  const { kernel, buffer } = instance
  return {
    table,
    block: new Float32Array(buffer, blockAt, blockLength),
    run: (count, amin, refDb, floor) => kernel.toDecibels(count, blockAt, tableAt, amin, refDb, floor),
  }
}

function converter(): Converter {
  made ??= createConverter()
  return made
}

/**
 * `10 * log10(value)` of one number > 0. The result has the same bits as that of {@link convertToDecibels}.
 *
 * @example decibelsOf(100) // 20
 */
export function decibelsOf(value: number): number {
  const single = Float32Array.of(value)
  if (single[0] !== value || value < smallestNormal) return 10 * log10(value)
  return decibelsOfBits(new Int32Array(single.buffer)[0]!, converter().table)
}

/** How {@link convertToDecibels} converts. */
export interface Conversion {
  /** Smaller values are raised to this one, > 0. */
  amin: number
  /** Subtracted from the decibels. */
  refDb: number
  /** Smaller results are raised to this one. */
  floorDb: number
}

/**
 * Computes `max(floorDb, 10 * log10(max(amin, value)) - refDb)` of every value. The table makes it several
 * times as fast as a logarithm for each value. A float32 is `2^octave * mantissa`. If c is the table's number
 * just below the mantissa, then `log mantissa = log c + log(1 + r)` with 0 <= r < 2^-10, and three terms of
 * the series of `log(1 + r)` are enough.
 *
 * @param out - Has the length of `values`. It may be the same array.
 * @returns `out`. The error before rounding is below 1e-12.
 * @see Tang, "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", 1990.
 * @example convertToDecibels(power.data, { amin: 1e-10, refDb: 0, floorDb: -80 }, power.data)
 */
export function convertToDecibels(
  values: Float32Array,
  { amin, refDb, floorDb }: Conversion,
  out: Float32Array,
): Float32Array {
  const { table, block, run } = converter()
  const floor = Math.fround(Math.max(floorDb, decibelsOf(amin) - refDb))
  if (run === null || amin < smallestNormal) {
    const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
    const least = Math.max(amin, smallestNormal)
    for (let i = 0; i < out.length; i++) {
      const value = values[i]!
      const db = value >= least ? decibelsOfBits(bits[i]!, table) : 10 * log10(Math.max(amin, value))
      out[i] = Math.max(floor, Math.fround(db - refDb))
    }
    return out
  }
  for (let from = 0; from < values.length; from += blockLength) {
    const count = Math.min(blockLength, values.length - from)
    block.set(values.subarray(from, from + count))
    run(count, amin, refDb, floor)
    out.set(block.subarray(0, count), from)
  }
  return out
}

/**
 * Decibels of a normal, positive float32. Its bits: 8 for the octave, 10 for the table's entry, 13 for the
 * rest.
 */
function decibelsOfBits(bits: number, table: Float64Array): number {
  const entry = (bits >>> 12) & (2 * tableEntries - 2)
  const r = (bits & 0x1fff) * table[entry + 1]!
  const series = r * (1 - r * (1 / 2 - r * (1 / 3)))
  return ((bits >>> 23) - 127) * octaveDb + table[entry]! + (10 / Math.LN10) * series
}
