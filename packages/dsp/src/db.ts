/** Decibels. */
import { assertPositive, EscError, type FeatureMatrix } from '@esc/core'
import { assertMatrix } from './check.js'
import { convertToDecibels, decibelsOf } from './decibel-table.js'
import { exp, ln, log10 } from './math.js'

/** Options of {@link powerToDb} and {@link amplitudeToDb}. */
export interface DbOptions {
  /** What 0 dB is: a value, or 'max' for the largest of the matrix. Default 1. */
  ref?: number | 'max'
  /** Smaller values are raised to it. Default 1e-10 for power, 1e-5 for amplitude. */
  amin?: number
  /** Values more than this below the peak are raised to it; `null` keeps the full range. Default 80. */
  topDb?: number | null
}

/**
 * Converts power to decibels: `10 * log10(power / ref)`, floored `topDb` below the peak.
 *
 * @param power - Power, not amplitude; shape [bins, frames].
 * @returns dB relative to `ref`; same shape, new storage.
 * @throws EscError INVALID_OPTION if `amin <= 0`, `topDb < 0` or `ref` is not finite; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `power_to_db`. With a floor it needs the whole clip, so it cannot run on a stream.
 * @example powerToDb(melSpectrogram(clip), { ref: 'max' })
 */
export function powerToDb(power: FeatureMatrix, options: DbOptions = {}): FeatureMatrix {
  const data = new Float32Array(power.data.length)
  return { ...power, data: writeDecibels(power, options, data) }
}

/**
 * {@link powerToDb} into `out`, which may be the matrix's own data.
 *
 * @throws EscError as {@link powerToDb}.
 */
export function writeDecibels(power: FeatureMatrix, options: DbOptions, out: Float32Array): Float32Array {
  const { ref = 1, amin = 1e-10, topDb = 80 } = options
  assertDbOptions({ ref, amin, topDb })
  assertMatrix('power', power)
  const peak = ref === 'max' || topDb !== null ? Math.max(amin, maxOf(power.data)) : amin
  const refDb = decibelsOf(ref === 'max' ? peak : Math.max(amin, Math.abs(ref)))
  // The floor hangs from the peak of the whole matrix, not of each frame: a per-frame
  // floor would lift quiet frames and erase the silence between events.
  const floorDb = topDb === null ? Number.NEGATIVE_INFINITY : Math.fround(decibelsOf(peak) - refDb) - topDb
  return convertToDecibels(power.data, { amin, refDb, floorDb }, out)
}

/**
 * Converts amplitude to decibels: `20 * log10(|amplitude| / ref)`, floored `topDb` below the peak.
 *
 * @param amplitude - Amplitude, not power; shape [bins, frames].
 * @returns dB relative to `ref`; same shape, new storage.
 * @throws EscError INVALID_OPTION if `amin <= 0`, `topDb < 0` or `ref` is not finite; INVALID_INPUT if the matrix is
 *   empty or not finite.
 * @see librosa 0.10.2 `amplitude_to_db`.
 * @example amplitudeToDb(spectrogram(clip.samples), { ref: 'max' })
 */
export function amplitudeToDb(amplitude: FeatureMatrix, options: DbOptions = {}): FeatureMatrix {
  const { ref = 1, amin = 1e-5, topDb = 80 } = options
  assertDbOptions({ ref, amin, topDb })
  assertMatrix('amplitude', amplitude)
  const magnitude = amplitude.data.map(Math.abs)
  const refDb = 20 * log10(Math.max(amin, ref === 'max' ? maxOf(magnitude) : Math.abs(ref)))
  // Squares of float32 amplitudes would leave float32's range below 1e-19: the logarithm is doubled instead.
  const db = magnitude.map((value) => 20 * log10(Math.max(amin, value)) - refDb)
  if (topDb !== null) clampBelow(db, maxOf(db) - topDb)
  return { data: db, bins: amplitude.bins, frames: amplitude.frames }
}

/**
 * The natural logarithm of a matrix plus an offset, which keeps silence finite: `ln(values + offset)`.
 *
 * @param values - >= 0; shape [bins, frames].
 * @returns Same shape, new storage.
 * @throws EscError INVALID_OPTION if `offset` is not > 0; INVALID_INPUT if the matrix is empty, not finite, or negative.
 * @see YAMNet's features, whose offset is 0.001.
 * @example stabilizedLog(melSpectrogram(clip, { power: 1 }), { offset: 0.001 })
 */
export function stabilizedLog(values: FeatureMatrix, options: { offset: number }): FeatureMatrix {
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
 * @throws EscError INVALID_OPTION if `ref` is not > 0; INVALID_INPUT if the matrix is empty or not finite.
 * @see librosa 0.10.2 `db_to_power`.
 * @example dbToPower(powerToDb(mel, { topDb: null })) // mel again
 */
export function dbToPower(db: FeatureMatrix, options: { ref?: number } = {}): FeatureMatrix {
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
 * @throws EscError INVALID_OPTION if `ref` is not > 0; INVALID_INPUT if the matrix is empty or not finite.
 * @see librosa 0.10.2 `db_to_amplitude`.
 * @example dbToAmplitude(amplitudeToDb(magnitude, { topDb: null }))
 */
export function dbToAmplitude(db: FeatureMatrix, options: { ref?: number } = {}): FeatureMatrix {
  const { ref = 1 } = options
  assertPositive('ref', ref)
  assertMatrix('db', db)
  return mapped(db, (value) => ref * exp(0.05 * Math.LN10 * value))
}

/** @throws EscError INVALID_OPTION if `amin <= 0`, `topDb < 0` or `ref` is not finite. */
export function assertDbOptions({ ref, amin, topDb }: Required<DbOptions>): void {
  assertPositive('amin', amin)
  if (topDb !== null && !(topDb >= 0)) {
    throw new EscError('INVALID_OPTION', `topDb=${topDb} must be >= 0, or null to keep the full range`)
  }
  if (ref !== 'max' && !Number.isFinite(ref)) {
    throw new EscError('INVALID_OPTION', `ref=${ref} must be a finite number, or 'max'`)
  }
}

function maxOf(values: Float32Array): number {
  let max = Number.NEGATIVE_INFINITY
  for (let i = 0; i < values.length; i++) if (values[i]! > max) max = values[i]!
  return max
}

function clampBelow(values: Float32Array, floor: number): void {
  for (let i = 0; i < values.length; i++) if (values[i]! < floor) values[i] = floor
}

/** As `data.map`, which allocates each number. */
function mapped(matrix: FeatureMatrix, convert: (value: number) => number): FeatureMatrix {
  const data = new Float32Array(matrix.data.length)
  for (let i = 0; i < data.length; i++) data[i] = convert(matrix.data[i]!)
  return { ...matrix, data }
}
