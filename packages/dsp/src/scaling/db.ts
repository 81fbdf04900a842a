/** Converts power and amplitude to decibels, and back. */
import {
  assertKnown,
  assertMatrix,
  assertMatrixShape,
  assertPositive,
  EscError,
  type FeatureMatrix,
} from '@esc/core'
import { exp, ln, log10 } from '../math.js'
import { assertGiven, type Names } from '../option-names.js'
import { convertToDecibels, decibelsOf } from './decibel-table.js'

/** Options of {@link powerToDb} and {@link amplitudeToDb}. */
export interface DbOptions {
  /**
   * The value that becomes 0 dB: a number, 'max' for the largest value of the matrix, or a function that gets
   * all values and returns a finite number >= 0. Its argument is a copy of the powers, or of the magnitudes
   * of the amplitudes, in the order of the matrix.
   *
   * @defaultValue `1`
   */
  ref?: number | 'max' | ((values: Float32Array) => number)
  /**
   * Smaller values are raised to this one before the logarithm.
   *
   * @defaultValue `1e-10` for power, `1e-5` for amplitude
   */
  amin?: number
  /**
   * Results more than this many dB below the peak are raised to that level; `null` keeps the full range.
   *
   * @defaultValue `80`
   */
  topDb?: number | null
}

/** Options of {@link dbToPower} and {@link dbToAmplitude}. */
export interface DbReferenceOptions {
  /**
   * The power or the amplitude at 0 dB.
   *
   * @defaultValue `1`
   */
  ref?: number
}

const dbNames: Names<DbOptions> = { ref: true, amin: true, topDb: true }
const offsetNames: Names<{ offset: number }> = { offset: true }
const refNames: Names<DbReferenceOptions> = { ref: true }

/**
 * Converts power to decibels: `10 * log10(power / ref)`, but at least the peak minus `topDb`.
 *
 * @param power - Power, not amplitude; shape [bins, frames].
 * @returns dB relative to `ref`; same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown, `amin <= 0`, `topDb < 0`, `ref` is not finite, or
 *   `ref` returns something else than a finite number >= 0; INVALID_INPUT if the matrix is empty or not
 *   finite.
 * @see librosa 0.10.2 `power_to_db`. With `topDb` it needs the whole clip, so it cannot run on a stream.
 * @example powerToDb(melSpectrogram(clip), { ref: 'max' })
 * @example
 * const median = (powers: Float32Array) => powers.sort()[powers.length >> 1]!
 * powerToDb(melSpectrogram(clip), { ref: median }) // the median is 0 dB
 */
export function powerToDb(power: FeatureMatrix, options: DbOptions = {}): FeatureMatrix {
  assertKnown('powerToDb', options, dbNames)
  assertMatrixShape('power', power)
  const data = new Float32Array(power.data.length)
  return { ...power, data: writeDecibels(power, options, data) }
}

/**
 * {@link powerToDb} that writes into `out`, which may be the matrix's own data.
 *
 * @throws EscError as {@link powerToDb}.
 */
export function writeDecibels(power: FeatureMatrix, options: DbOptions, out: Float32Array): Float32Array {
  const { ref = 1, amin = 1e-10, topDb = 80 } = options
  assertDbOptions({ ref, amin, topDb })
  assertMatrix('power', power)
  const peak = ref === 'max' || topDb !== null ? Math.max(amin, maxOf(power.data)) : amin
  const refDb = decibelsOf(ref === 'max' ? peak : Math.max(amin, referenceOf(ref, power.data)))
  // The floor depends on the peak of the whole matrix, not on that of each frame: a floor
  // for each frame would lift quiet frames and erase the silence between events.
  const floorDb = topDb === null ? Number.NEGATIVE_INFINITY : Math.fround(decibelsOf(peak) - refDb) - topDb
  return convertToDecibels(power.data, { amin, refDb, floorDb }, out)
}

/**
 * Converts amplitude to decibels: `20 * log10(|amplitude| / ref)`, but at least the peak minus `topDb`.
 *
 * @param amplitude - Amplitude, not power; shape [bins, frames].
 * @returns dB relative to `ref`; same shape, new storage.
 * @throws EscError as {@link powerToDb}.
 * @see librosa 0.10.2 `amplitude_to_db`.
 * @example amplitudeToDb(spectrogram(clip.samples), { ref: 'max' })
 */
export function amplitudeToDb(amplitude: FeatureMatrix, options: DbOptions = {}): FeatureMatrix {
  assertKnown('amplitudeToDb', options, dbNames)
  const { ref = 1, amin = 1e-5, topDb = 80 } = options
  assertDbOptions({ ref, amin, topDb })
  assertMatrix('amplitude', amplitude)
  const magnitude = amplitude.data.map(Math.abs)
  const refDb = 20 * log10(Math.max(amin, referenceOf(ref, magnitude)))
  // The square of an amplitude below 1e-19 would be too small for float32. So the logarithm is doubled
  // instead.
  const db = magnitude.map((value) => 20 * log10(Math.max(amin, value)) - refDb)
  if (topDb !== null) clampBelow(db, maxOf(db) - topDb)
  return { data: db, bins: amplitude.bins, frames: amplitude.frames }
}

/**
 * The natural logarithm of a matrix plus an offset: `ln(values + offset)`. The offset keeps the result finite
 * for silence.
 *
 * @param values - >= 0; shape [bins, frames].
 * @returns Same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or `offset` is not > 0; INVALID_INPUT if the matrix
 *   is empty, not finite, or negative.
 * @see The features of YAMNet; its offset is 0.001.
 * @example stabilizedLog(melSpectrogram(clip, { power: 1 }), { offset: 0.001 })
 */
export function stabilizedLog(values: FeatureMatrix, options: { offset: number }): FeatureMatrix {
  assertGiven('stabilizedLog', options, offsetNames)
  const { offset } = options
  assertPositive('offset', offset)
  assertMatrix('values', values)
  const negative = values.data.findIndex((value) => value < 0)
  if (negative !== -1) {
    throw new EscError('INVALID_INPUT', `values[${negative}]=${values.data[negative]} must be >= 0`)
  }
  return mapped(values, (value) => ln(value + offset))
}

/**
 * Converts decibels to power: `ref * 10 ** (db / 10)`.
 *
 * @param db - Shape [bins, frames].
 * @returns Power; same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or `ref` is not > 0; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `db_to_power`.
 * @example dbToPower(powerToDb(power, { topDb: null })) // power again
 */
export function dbToPower(db: FeatureMatrix, options: DbReferenceOptions = {}): FeatureMatrix {
  assertKnown('dbToPower', options, refNames)
  const { ref = 1 } = options
  assertPositive('ref', ref)
  assertMatrix('db', db)
  return mapped(db, (value) => ref * exp(0.1 * Math.LN10 * value))
}

/**
 * Converts decibels to amplitude: `ref * 10 ** (db / 20)`.
 *
 * @param db - Shape [bins, frames].
 * @returns Amplitude; same shape, new storage.
 * @throws EscError INVALID_OPTION if an option is unknown or `ref` is not > 0; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `db_to_amplitude`.
 * @example dbToAmplitude(amplitudeToDb(spectrogram(samples), { topDb: null }))
 */
export function dbToAmplitude(db: FeatureMatrix, options: DbReferenceOptions = {}): FeatureMatrix {
  assertKnown('dbToAmplitude', options, refNames)
  const { ref = 1 } = options
  assertPositive('ref', ref)
  assertMatrix('db', db)
  return mapped(db, (value) => ref * exp(0.05 * Math.LN10 * value))
}

/** @throws EscError INVALID_OPTION if `amin <= 0`, `topDb < 0`, or `ref` is a number that is not finite. */
export function assertDbOptions({ ref, amin, topDb }: Required<DbOptions>): void {
  assertPositive('amin', amin)
  if (topDb !== null && !(topDb >= 0)) {
    throw new EscError('INVALID_OPTION', `topDb=${topDb} must be >= 0, or null to keep the full range`)
  }
  if (ref !== 'max' && typeof ref !== 'function' && !Number.isFinite(ref)) {
    throw new EscError('INVALID_OPTION', `ref=${String(ref)} must be a finite number, 'max' or a function`)
  }
}

/** Returns the value at 0 dB. @throws EscError INVALID_OPTION if a function returns no finite number >= 0. */
function referenceOf(ref: Required<DbOptions>['ref'], values: Float32Array): number {
  if (ref === 'max') return maxOf(values)
  if (typeof ref === 'number') return Math.abs(ref)
  // A copy, so that a function may sort it.
  const value: unknown = ref(values.slice())
  if (typeof value === 'number' && value >= 0 && value < Number.POSITIVE_INFINITY) return value
  throw new EscError('INVALID_OPTION', `ref returned ${String(value)}; it must return a finite number >= 0`)
}

function maxOf(values: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) if (values[i]! > max) max = values[i]!
  return max
}

function clampBelow(values: Float32Array, floor: number): void {
  for (let i = 0; i < values.length; i++) if (values[i]! < floor) values[i] = floor
}

/** Does the same as `data.map`, which would allocate each number. */
function mapped(matrix: FeatureMatrix, convert: (value: number) => number): FeatureMatrix {
  const data = new Float32Array(matrix.data.length)
  for (let i = 0; i < data.length; i++) data[i] = convert(matrix.data[i]!)
  return { ...matrix, data }
}
