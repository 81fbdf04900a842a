/** What goes to a worker and comes back, as plain data: the setup of a run, a clip to compute, its outcome. */
import type { ClipWindows, EscErrorCode, FeatureMatrix, FeatureRecipe } from '@esc/core'
import type { ClipFacts } from '../../audit/measure.js'

/** The setup of a run, which all its clips share: plain data. */
export interface RunSetup {
  recipe: FeatureRecipe
  /** How clips are cut into matrices; `null` if each clip has one. */
  windows: ClipWindows | null
  /** Whether the spectrogram of the waveform is computed, too. */
  spectrogram: boolean
  /** Whether clips are measured for an audit. */
  facts: boolean
  /** The folder for each clip's waveform after the recipe's preparation; `null` for none. */
  audioDir: string | null
  /** Whether a damaged sound is read as far as it goes. */
  tolerant: boolean
  /** `null` keeps the features in memory. */
  store: StoreSetup | null
}

/** The folder that keeps the features. */
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

/** The reason why a clip has no features. It is plain data, since an error loses its class between threads. */
export interface ClipFailure {
  code: EscErrorCode
  message: string
  /** Whether the store could not be written. The run then ends: other clips would fail the same way. */
  isStores: boolean
}

/** The result of one clip. */
export interface ClipResult {
  /** SHA-256 of the sound, hexadecimal. */
  sha256: string
  facts: ClipFacts | null
  /** What the decoder had to repair. */
  warnings: readonly string[]
  /** The number of matrices. */
  count: number
  /** `null` if they are in the store. */
  matrices: FeatureMatrix[] | null
}
