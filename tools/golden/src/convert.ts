/** Between golden cases and this library: inputs, options and results. */
import type { FeatureMatrix } from '@esc/core'
import type { Param } from './manifest.js'

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

/** A case's keyword arguments, as Python names them. */
export type Params = Readonly<Record<string, Param>>

/** Calls a function; `null` where the case asks for a variant that is not offered. */
export type GoldenFunction = (input: GoldenInput, params: Params) => GoldenResult | null

// A parameter whose name is not camel case of Python's, or whose `null` means the default.
const RENAMED: Readonly<Record<string, string>> = { sr: 'sampleRate', Nx: 'length' }
const NULL_IS_DEFAULT: ReadonlySet<string> = new Set(['win_length', 'threshold', 'ref_magnitude'])
const NORM_NAMES: ReadonlyMap<Param, Param> = new Map<Param, Param>([
  [1, 'l1'],
  [2, 'l2'],
])

/** Python's keyword arguments as this library's options. */
export function toOptions(params: Params): Record<string, Param> {
  const entries = Object.entries(params).filter(
    ([name, value]) => !(value === null && NULL_IS_DEFAULT.has(name)),
  )
  return Object.fromEntries(
    entries.map(([name, value]) => [
      RENAMED[name] ?? name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()),
      name === 'norm' ? (NORM_NAMES.get(value) ?? value) : value,
    ]),
  )
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
