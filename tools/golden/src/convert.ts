/** Between golden cases and this library: inputs, options and results. */
import type { FeatureMatrix } from '@esc/core'
import type { ComplexMatrix } from '@esc/dsp'
import type { Param } from './manifest.js'
import type { ParamRules, Params } from './params.js'

/** A case's input: a signal, [samples], or a matrix, [bins, frames]. */
export interface GoldenInput {
  data: Float32Array
  shape: readonly number[]
  sampleRate: number
}

/** A result of any rank, row-major. */
export interface GoldenResult {
  data: ArrayLike<number>
  shape: readonly number[]
}

/** A function of the reference, with the parameters for which this library computes the same. */
export interface GoldenFunction extends ParamRules {
  run(input: GoldenInput, params: Params): GoldenResult
}

// The reference's default, which has no value here.
const NULL_IS_DEFAULT: ReadonlySet<string> = new Set(['win_length', 'threshold', 'length'])

/**
 * Python's keyword arguments as this library's options: those of the names that the case has.
 *
 * @example toOptions({ n_fft: 512, rate: 2 }, ['n_fft', 'hop_length']) // { nFft: 512 }
 */
export function toOptions(params: Params, names: readonly string[]): Record<string, Param> {
  const given = names.filter((name) => {
    return Object.hasOwn(params, name) && !(params[name] === null && NULL_IS_DEFAULT.has(name))
  })
  return Object.fromEntries(given.map((name) => [optionName(name), params[name]!]))
}

function optionName(name: string): string {
  return name === 'sr' ? 'sampleRate' : name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** A matrix that a case hands in. */
export const matrixOf = ({ data, shape }: GoldenInput): FeatureMatrix => ({
  data,
  bins: shape[0]!,
  frames: shape[1]!,
})
/** A signal that a case hands in. */
export const clipOf = ({ data, sampleRate }: GoldenInput) => ({ samples: data, sampleRate })
/** A matrix as a result. */
export const resultOf = ({ data, bins, frames }: FeatureMatrix): GoldenResult => ({
  data,
  shape: [bins, frames],
})
/** A vector as a result. */
export const vectorOf = (data: ArrayLike<number>): GoldenResult => ({ data, shape: [data.length] })
/** A complex matrix as a result: the last axis holds the real and the imaginary part. */
export function complexOf({ re, im, bins, frames }: ComplexMatrix): GoldenResult {
  const data = new Float32Array(2 * re.length)
  for (let i = 0; i < re.length; i++) data.set([re[i]!, im[i]!], 2 * i)
  return { data, shape: [bins, frames, 2] }
}
