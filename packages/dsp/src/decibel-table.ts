/** Decibels of many float32 values at once. */
import { log10 } from './math.js'

const ENTRIES = 1024

/** The smallest normal float32; below it, the exponent's bits no longer tell the octave. */
const SMALLEST = 2 ** -126

// 10 log10(2).
const OCTAVE_DB = 3.010299956639812

/** What a float32's upper bits say: decibels of 1024 numbers from 1 to 2, and a mantissa's last step relative to each. */
interface Tables {
  decibels: Float64Array
  steps: Float64Array
}

// Made once: constants that take a moment to compute.
let made: Tables | undefined

function tables(): Tables {
  made ??= {
    decibels: Float64Array.from({ length: ENTRIES }, (_, j) => 10 * log10(1 + j / ENTRIES)),
    steps: Float64Array.from({ length: ENTRIES }, (_, j) => 2 ** -23 / (1 + j / ENTRIES)),
  }
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
  return decibelsOfBits(new Int32Array(single.buffer)[0]!, tables())
}

/**
 * `10 * log10(max(amin, value)) - refDb` of every value by table, several times as fast as a logarithm each. A float32 is
 * `2^octave * mantissa`; with the table's c just below the mantissa, `log mantissa = log c + log(1 + r)`, 0 <= r < 2^-10,
 * and three terms of the latter's series are enough.
 *
 * @returns New storage; before rounding, off by less than 1e-12.
 * @see Tang, "Table-driven implementation of the logarithm function in IEEE floating-point arithmetic", 1990.
 * @example convertToDecibels(power, 1e-10, 0)
 */
export function convertToDecibels(values: Float32Array, amin: number, refDb: number): Float32Array {
  const lookup = tables()
  const out = new Float32Array(values.length)
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length)
  const floor = decibelsOf(amin) - refDb
  const least = Math.max(amin, SMALLEST)
  for (let i = 0; i < out.length; i++) {
    const value = values[i]!
    if (value >= least) out[i] = decibelsOfBits(bits[i]!, lookup) - refDb
    else out[i] = value > amin ? 10 * log10(value) - refDb : floor
  }
  return out
}

/** `bits` of a normal, positive float32: 8 of the octave, 10 of the entry, 13 of the rest. */
function decibelsOfBits(bits: number, { decibels, steps }: Tables): number {
  const j = (bits >>> 13) & (ENTRIES - 1)
  const r = (bits & 0x1fff) * steps[j]!
  const series = r * (1 - r * (1 / 2 - r * (1 / 3)))
  return ((bits >>> 23) - 127) * OCTAVE_DB + decibels[j]! + (10 / Math.LN10) * series
}
