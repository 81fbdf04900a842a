/** Interpolation: reads a signal at times between its samples. */
import { kaiserHalfLength, kaiserSinc } from './kaiser.js'

/**
 * The table holds the interpolating filter for this many delays within a sample. Between two delays, the
 * filter is interpolated linearly. For a signal below a quarter of the rate, that error is at most (π / 2 /
 * delaysPerSample)² / 8, which is -118 dB.
 */
const delaysPerSample = 512

/**
 * Half the taps of the interpolating filter. It passes up to a quarter of the rate, and stops from three
 * quarters on.
 */
export const interpolatorLead = kaiserHalfLength(1 / 2)

/** An interpolation and its state in the current signal. */
export interface Interpolator {
  /**
   * Takes the signal's next block. Writes the outputs that it completes, at most `room`, into `out` from
   * index `at` on. Returns the index after the last one.
   */
  push(block: Float64Array, out: Float32Array, at: number, room: number): number
  /** Forgets the signal, so that the next one can begin. */
  reset(): void
}

/**
 * Plans to read a signal at the times `k / toRate`. Time 0 is its sample {@link interpolatorLead}.
 *
 * @param fromRate - The signal's rate. All its frequencies must lie below a quarter of it.
 * @param toRate - At least a quarter of `fromRate`.
 * @param blockLength - Length of the signal's blocks.
 */
export function createInterpolator(fromRate: number, toRate: number, blockLength: number): Interpolator {
  const taps = 2 * interpolatorLead
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
      // Each time is computed from the signal's start: a running sum of steps would drift.
      let time = (k * fromRate) / toRate
      let start = Math.floor(time) + 1 - first
      while (start + taps <= filled && next < end) {
        out[next++] = read(signal, start, rows, taps, (time - Math.floor(time)) * delaysPerSample)
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

/** Computes the filter for `delaysPerSample + 1` delays from 0 to 1 sample. Each delay has a row of taps. */
function delayRows(taps: number): Float64Array {
  const half = taps / 2
  const rows = new Float64Array((delaysPerSample + 1) * taps)
  for (let delay = 0; delay <= delaysPerSample; delay++) {
    const row = rows.subarray(delay * taps, (delay + 1) * taps)
    for (let tap = 0; tap < taps; tap++) {
      row[tap] = kaiserSinc(tap - half + 1 - delay / delaysPerSample, half, 1 / 2)
    }
    // Each delay must pass a constant unchanged. Otherwise a tone would be added to a constant.
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
