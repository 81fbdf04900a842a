/** Reading a signal between its samples. */
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/**
 * Delays of the interpolating filter in its table, for each sample. Between two of them it is interpolated linearly;
 * a signal below a quarter of the rate gets an error of at most (π / 2 / DELAYS)² / 8, -118 dB.
 */
const DELAYS = 512

/** Half the taps of the interpolating filter, which passes a quarter of the rate and stops from three quarters on. */
export const INTERPOLATOR_LEAD = kaiserHalfLength(1 / 2)

/** An interpolation in the middle of its signal. */
export interface Interpolator {
  /**
   * Takes the signal's next block, writes the outputs that it completes, `room` at most, into `out` from index `at` on,
   * and returns the index after.
   */
  push(block: Float64Array, out: Float32Array, at: number, room: number): number
  /** Forgets the signal, for the next one. */
  reset(): void
}

/**
 * Plans reading a signal at the times `k / toRate`; time 0 is its sample {@link INTERPOLATOR_LEAD}.
 *
 * @param fromRate - The signal's rate; what it holds lies below a quarter of it.
 * @param toRate - At least a quarter of `fromRate`.
 * @param blockLength - Of the blocks it comes in.
 */
export function createInterpolator(fromRate: number, toRate: number, blockLength: number): Interpolator {
  const taps = 2 * INTERPOLATOR_LEAD
  const rows = delayRows(taps)
  const signal = new Float64Array(blockLength + 2 * taps)
  let first = 0
  let filled = 0
  let k = 0
  return {
    reset() {
      first = 0
      filled = 0
      k = 0
    },
    push(block, out, at, room) {
      signal.set(block, filled)
      filled += block.length
      const end = at + room
      let next = at
      // Times are counted from the signal's start: a running sum of steps would drift.
      let time = (k * fromRate) / toRate
      let start = Math.floor(time) + 1 - first
      while (start + taps <= filled && next < end) {
        out[next++] = read(signal, start, rows, taps, (time - Math.floor(time)) * DELAYS)
        k++
        time = (k * fromRate) / toRate
        start = Math.floor(time) + 1 - first
      }
      signal.copyWithin(0, start, filled)
      first += start
      filled -= start
      return next
    },
  }
}

/** The filter at `DELAYS + 1` delays from 0 to 1 sample, one row of taps each. */
function delayRows(taps: number): Float64Array {
  const half = taps / 2
  const rows = new Float64Array((DELAYS + 1) * taps)
  for (let delay = 0; delay <= DELAYS; delay++) {
    const row = rows.subarray(delay * taps, (delay + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      row[tap] = kaiserSinc(tap - half + 1 - delay / DELAYS, half, 1 / 2)
    }
    // Every delay passes a constant unchanged: else a constant would come out with a tone on it.
    const sum = row.reduce((total, weight) => total + weight, 0)
    for (let tap = 0; tap < taps; tap++) row[tap]! /= sum
  }
  return rows
}

function read(signal: Float64Array, start: number, rows: Float64Array, taps: number, delay: number): number {
  const row = Math.floor(delay) * taps
  const next = row + taps
  let below = 0
  let above = 0
  for (let tap = 0; tap < taps; tap++) {
    const sample = signal[start + tap]!
    below += rows[row + tap]! * sample
    above += rows[next + tap]! * sample
  }
  return below + (delay - Math.floor(delay)) * (above - below)
}
