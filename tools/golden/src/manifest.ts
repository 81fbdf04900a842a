/**
 * The parts of a golden set's `manifest.json` that are used here. A golden set holds results of librosa and
 * scipy.
 */

/** A parameter of the reference, under its Python name. */
export type Param = number | string | boolean | null | readonly (string | number)[]

/** One call of the reference, and the file of its result. */
export interface GoldenCase {
  id: string
  /** Name of the function in the reference, for example `librosa.feature.mfcc`. */
  function: string
  params: Readonly<Record<string, Param>>
  /** Key in the manifest's `inputs`; `null` if the function takes only parameters. */
  input: string | null
  /** 'error' if the reference refuses the call. Then there is no result. */
  expect?: 'error'
  /**
   * File of the result. It holds every `stored_stride`-th value along each axis of an array of shape
   * `full_shape`.
   */
  output?: string
  full_shape?: readonly number[]
  stored_stride?: readonly number[]
  /** Largest absolute error that is allowed for float32; 0 for exact integers. */
  tol_abs_f32?: number
  /** Range of the whole result. */
  full_stats?: { min: number; max: number }
  /**
   * `informative`: reported, but never a failure. `snr40`: passes with a signal-to-noise ratio of 40 dB, ends
   * left out.
   */
  tags?: readonly string[]
}

/** A set of cases. */
export interface GoldenManifest {
  inputs: Readonly<Record<string, { file: string; sr: number | null }>>
  cases: readonly GoldenCase[]
}
