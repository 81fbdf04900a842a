/** What `extractFeatures` takes and returns. */
import type { ClipWindowsOptions, EscErrorCode, FeatureRecipe, FeatureSet, OnProgress } from '@esc/core'
import type { ClipFacts } from '../../audit/measure.js'

/** Options of `extractFeatures`. */
export interface ExtractFeaturesOptions {
  /**
   * The folder that keeps the features; it is made if it does not exist. One folder holds the features of one recipe.
   *
   * @defaultValue `null`: they are kept in memory
   */
  dir?: string | null | undefined
  /**
   * Cuts each clip into windows, each an example of its own, instead of padding or cutting it to the recipe's duration.
   *
   * @defaultValue `null`: each clip is one example
   */
  windows?: ClipWindowsOptions | null | undefined
  /**
   * The number of worker threads. 0 computes in the calling thread: a program that is bundled into one file has no file for a worker.
   *
   * @defaultValue the number of processors
   */
  workers?: number | undefined
  /** Keeps each clip's spectrogram (the STFT in dB; its loudest value is 0) in `dir`, too, in `<id>_spec.npy`. @defaultValue `false` */
  spectrogram?: boolean | undefined
  /** Measures each clip, too, for `auditFacts`. The result is in `clips`. @defaultValue `false` */
  facts?: boolean | undefined
  /**
   * A folder for the waveform of each clip after the recipe's preparation, as `<id>.wav`. Every clip is then computed again.
   *
   * @defaultValue `null`
   */
  audioDir?: string | null | undefined
  /** Hashes every sound. Without it, the same size and time of last change count as the same sound. @defaultValue `false` */
  verify?: boolean | undefined
  /**
   * Reads damaged sounds as far as they go: files that were cut short, headers that contradict themselves. Each clip's `warnings`
   * say what was lost.
   *
   * @defaultValue `false`
   */
  tolerant?: boolean | undefined
  /** Lists clips that cannot be read in `summary.failed`. Without it, such a clip is an error. @defaultValue `false` */
  skipBad?: boolean | undefined
  /** Aborts the run; what is finished is kept. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Gets each clip that is done. @defaultValue none */
  onProgress?: OnProgress | undefined
}

/** The counts of a run of `extractFeatures`: plain JSON. */
export interface FeatureSummary {
  /** Clips whose features were not there, or were of another recipe, sound or version of this package. */
  computed: number
  /** Clips whose features were there. */
  cached: number
  /** Clips whose files were damaged and were computed again. */
  rebuilt: number
  /** Clips that could not be read, in the table's order. */
  failed: { id: string; code: EscErrorCode; reason: string }[]
}

/** Facts about one clip's sound. */
export interface ClipSound {
  id: string
  /** SHA-256 of the file, or of the samples of a sound in memory. Hexadecimal. */
  sha256: string
  /** `null` without the option `facts`. */
  facts: ClipFacts | null
  /** What the decoder had to repair, a sentence each: a recorder's header without sizes, or with `tolerant` a file that was cut short. */
  warnings: readonly string[]
}

/** The features of a data set, with the outcome of each clip. */
export interface ExtractedFeatures extends FeatureSet {
  readonly recipe: FeatureRecipe
  readonly summary: FeatureSummary
  /** Clips that have features, in the table's order. */
  readonly clips: readonly ClipSound[]
}
