/** Finds silence, and cuts it off. */
import { assertInRange, assertKnown, assertSamples, EscError } from '@esc/core'
import { log10 } from '../math.js'
import type { Names } from '../option-names.js'
import { frameRms } from '../temporal.js'

/** Options of {@link trim} and {@link split}. */
export interface TrimOptions {
  /**
   * Frames more than this many dB below `ref` are silence.
   *
   * @defaultValue `60`
   */
  topDb?: number
  /**
   * The amplitude at 0 dB, or 'max' for that of the loudest frame.
   *
   * @defaultValue `'max'`
   */
  ref?: number | 'max'
  /**
   * Length of a frame in samples.
   *
   * @defaultValue `2048`
   */
  frameLength?: number
  /**
   * Samples from the start of one frame to the start of the next.
   *
   * @defaultValue `512`
   */
  hopLength?: number
}

const trimNames: Names<TrimOptions> = { topDb: true, ref: true, frameLength: true, hopLength: true }

/** A piece of a signal: the samples from `start` up to, but not including, `end`. */
export interface Interval {
  start: number
  end: number
}

/**
 * Cuts off leading and trailing silence. With `ref: 'max'`, a signal of silence stays whole, because every
 * frame is as loud as the loudest. With a fixed `ref`, nothing of it stays.
 *
 * @param samples - Mono signal.
 * @returns The rest in new storage, and its place in the signal.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty or not finite.
 * @see librosa 0.10.2 `effects.trim`.
 * @example const { samples } = trim(clip.samples, { topDb: 40 })
 */
export function trim(samples: Float32Array, options: TrimOptions = {}): Interval & { samples: Float32Array } {
  assertKnown('trim', options, trimNames)
  assertSamples('samples', samples)
  const { start, end } = trimInterval(samples, options)
  return { samples: samples.slice(start, end), start, end }
}

/**
 * Finds the pieces of a signal that are not silent.
 *
 * @param samples - Mono signal.
 * @returns The pieces in their order. They do not overlap. The list is empty if all is silence.
 * @throws EscError INVALID_OPTION if an option is unknown or out of its range; INVALID_INPUT if the signal is
 *   empty or not finite.
 * @see librosa 0.10.2 `effects.split`.
 * @example split(clip.samples, { topDb: 40 }).map(({ start, end }) => clip.samples.slice(start, end))
 */
export function split(samples: Float32Array, options: TrimOptions = {}): Interval[] {
  assertKnown('split', options, trimNames)
  assertSamples('samples', samples)
  const { hopLength = 512 } = options
  const loud = loudFrames(samples, options)
  const intervals: Interval[] = []
  for (let frame = 0; frame < loud.length; frame++) {
    if (!loud[frame]) continue
    const start = frame * hopLength
    while (loud[frame]) frame++
    intervals.push({ start, end: Math.min(samples.length, frame * hopLength) })
  }
  return intervals
}

/**
 * Returns the piece that {@link trim} keeps. It does not check the samples.
 *
 * @throws EscError INVALID_OPTION if an option is out of its range.
 */
export function trimInterval(samples: Float32Array, options: TrimOptions): Interval {
  const { hopLength = 512 } = options
  const loud = loudFrames(samples, options)
  const first = loud.indexOf(true)
  if (first < 0) return { start: 0, end: 0 }
  return {
    start: first * hopLength,
    end: Math.min(samples.length, (loud.lastIndexOf(true) + 1) * hopLength),
  }
}

/** Checks the two levels. @throws EscError INVALID_OPTION if `topDb` or `ref` is out of its range. */
export function assertTrimOptions({ topDb = 60, ref = 'max' }: TrimOptions): void {
  assertInRange('topDb', topDb, 0, Number.MAX_VALUE)
  if (ref !== 'max' && !Number.isFinite(ref)) {
    throw new EscError('INVALID_OPTION', `ref=${ref} must be a finite number, or 'max'`)
  }
}

function loudFrames(samples: Float32Array, options: TrimOptions): boolean[] {
  assertTrimOptions(options)
  const { topDb = 60, ref = 'max', frameLength = 2048, hopLength = 512 } = options
  const amplitude = frameRms(samples, { frameLength, hopLength })
  const amin = 1e-5
  const zeroDb = ref === 'max' ? amplitude.reduce((max, value) => Math.max(max, value), 0) : Math.abs(ref)
  const refDb = 20 * log10(Math.max(amin, zeroDb))
  return Array.from(amplitude, (value) => 20 * log10(Math.max(amin, value)) - refDb > -topDb)
}
