/** What goes to a worker and comes back, as plain data: the setup of a run, a clip to compute, its outcome. */
import type { ClipWindows, EscErrorCode, FeatureMatrix, FeatureRecipe } from '@esc/core'
import type { ClipFacts } from '../../audit/measure.js'

/** What all clips of a run have in common: plain data. */
export interface RunSetup {
  recipe: FeatureRecipe
  /** How clips are cut into matrices; `null` if each clip has one. */
  windows: ClipWindows | null
  /** Whether the spectrogram of the waveform is made, too. */
  spectrogram: boolean
  /** Whether what an audit takes is measured. */
  facts: boolean
  /** Takes each clip's waveform as its features see it; `null` for none. */
  audioDir: string | null
  /** Whether a damaged sound is read as far as it goes. */
  tolerant: boolean
  /** `null` keeps the features in memory. */
  store: StoreSetup | null
}

/** The folder that features are kept in. */
export interface StoreSetup {
  /** An absolute path. */
  dir: string
  recipeHash: string
  library: string
}

/** A clip to compute. */
export interface ClipJob {
  id: string
  path: string
}

/** Why a clip has no features; an error's class does not survive the way between threads. */
export interface ClipFailure {
  code: EscErrorCode
  message: string
  /** Whether it is the store that could not be written, so that no other clip will fare better. */
  isStores: boolean
}

/** What was made of a clip. */
export interface ClipResult {
  /** Of the sound, hexadecimal. */
  sha256: string
  facts: ClipFacts | null
  /** What the decoder had to mend. */
  warnings: readonly string[]
  /** How many matrices there are. */
  count: number
  /** `null` where they are in the store. */
  matrices: FeatureMatrix[] | null
}
