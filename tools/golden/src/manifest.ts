/** What a golden set's `manifest.json` says; the part of it that is used. */

/** A parameter of the reference, under its Python name. */
export type Param = number | string | boolean | null | readonly (string | number)[]

/** One call of the reference, and where its result lies. */
export interface GoldenCase {
  id: string
  /** The reference's name: `librosa.feature.mfcc`. */
  function: string
  params: Readonly<Record<string, Param>>
  /** Key in the manifest's `inputs`; `null` where the function takes parameters alone. */
  input: string | null
  /** 'error' where the reference refuses; then there is no result. */
  expect?: 'error'
  /** File of the result, taken at every `stored_stride`-th index of an array of shape `full_shape`. */
  output?: string
  full_shape?: readonly number[]
  stored_stride?: readonly number[]
  /** Largest absolute error of an implementation that stores float32; 0 for exact integers. */
  tol_abs_f32?: number
  /** Of the whole result. */
  full_stats?: { min: number; max: number }
  /** `informative`: reported, never a failure; `snr40`: judged by 40 dB of SNR away from the ends. */
  tags?: readonly string[]
}

/** A set of cases. */
export interface GoldenManifest {
  inputs: Readonly<Record<string, { file: string; sr: number | null }>>
  cases: readonly GoldenCase[]
}
