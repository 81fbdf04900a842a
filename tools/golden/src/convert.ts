/** Converts between golden cases and this library: inputs, options and results. */
import type { FeatureMatrix } from '@esc/core'
import type { ComplexMatrix } from '@esc/dsp'
import type { GoldenInput, GoldenResult, Params } from './golden-function.js'
import type { Param } from './manifest.js'

// Parameters whose `null` means the reference's default. Here the option is left out instead.
const nullIsDefault: ReadonlySet<string> = new Set(['win_length', 'threshold', 'length'])

/**
 * Converts Python's keyword arguments to this library's options. It takes those of `names` that the case has.
 *
 * @example toOptions({ n_fft: 512, rate: 2 }, ['n_fft', 'hop_length']) // { nFft: 512 }
 */
export function toOptions(params: Params, names: readonly string[]): Record<string, Param> {
  const given = names.filter((name) => {
    return Object.hasOwn(params, name) && !(params[name] === null && nullIsDefault.has(name))
  })
  return Object.fromEntries(given.map((name) => [optionName(name), params[name]!]))
}

function optionName(name: string): string {
  return name === 'sr' ? 'sampleRate' : name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase())
}

/** The input of a case as a matrix. */
export const matrixOf = ({ data, shape }: GoldenInput): FeatureMatrix => ({
  data,
  bins: shape[0]!,
  frames: shape[1]!,
})
/** The input of a case as a clip. */
export const clipOf = ({ data, sampleRate }: GoldenInput) => ({ samples: data, sampleRate })
/** A matrix as a result. */
export const resultOf = ({ data, bins, frames }: FeatureMatrix): GoldenResult => ({
  data,
  shape: [bins, frames],
})
/** A vector as a result. */
export const vectorOf = (data: ArrayLike<number>): GoldenResult => ({ data, shape: [data.length] })
/** A complex matrix as a result. The last axis holds the real and the imaginary part. */
export function complexOf({ re, im, bins, frames }: ComplexMatrix): GoldenResult {
  const data = new Float32Array(2 * re.length)
  for (let i = 0; i < re.length; i++) data.set([re[i]!, im[i]!], 2 * i)
  return { data, shape: [bins, frames, 2] }
}
