/** The types of a golden function: its input, its parameters, and its result. */
import type { Param } from './manifest.js'

/** Input of a case: a signal, [samples], or a matrix, [bins, frames]. */
export interface GoldenInput {
  data: Float32Array
  shape: readonly number[]
  sampleRate: number
}

/** A result with any number of axes, row by row. */
export interface GoldenResult {
  data: ArrayLike<number>
  shape: readonly number[]
}

/** The keyword arguments of a case, under their Python names. */
export type Params = Readonly<Record<string, Param>>

/** The values of a parameter that has no option here, or an option only for some values. */
export interface Rule {
  /** The accepted values, for the message. */
  allowed: string
  accepts(value: Param, input: GoldenInput, params: Params): boolean
}

/** The parameters of a golden function. */
export interface ParamRules {
  /** Parameters that this library takes with any value. */
  takes: readonly string[]
  /** All other parameters, by name. */
  rules?: Readonly<Record<string, Rule>>
}

/**
 * A function of the reference (librosa or scipy), with the parameters for which this library computes the
 * same.
 */
export interface GoldenFunction extends ParamRules {
  run(input: GoldenInput, params: Params): GoldenResult
}
