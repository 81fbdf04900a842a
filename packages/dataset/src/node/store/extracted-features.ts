/** What `extractFeatures` takes and returns. */
import type { DecodedAudio } from '@esc/audio-io'
import type { ClipWindowsOptions, EscErrorCode, FeatureRecipe, FeatureSet, OnProgress } from '@esc/core'
import type { ClipFacts } from '../../audit/measure.js'
import type { Dataset } from '../../record.js'

/** Options of `extractFeatures`. */
export interface ExtractFeaturesOptions {
  /**
   * The folder that keeps the features; it is made where it does not exist. One folder holds the features of one recipe.
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
   * Worker threads; 0 computes in the calling thread, for programs in one bundled file, which has no file for a worker.
   *
   * @defaultValue as many as there are processors
   */
  workers?: number | undefined
  /** Keeps the spectrogram (the STFT in dB, 0 at its loudest) of each clip in `dir` as well, in `<id>_spec.npy`. @defaultValue `false` */
  spectrogram?: boolean | undefined
  /** Measures each clip as well, for `auditFacts`; the result is in `clips`. @defaultValue `false` */
  facts?: boolean | undefined
  /** Takes each clip's waveform as its features see it, as `<id>.wav`; every clip is then computed anew. @defaultValue `null` */
  audioDir?: string | null | undefined
  /** Hashes every sound, where size and time of last change are taken for enough else. @defaultValue `false` */
  verify?: boolean | undefined
  /**
   * Reads damaged sounds as far as they go: files that were cut short, headers that contradict themselves. What was lost is in each
   * clip's `warnings`.
   *
   * @defaultValue `false`
   */
  tolerant?: boolean | undefined
  /** Lists clips that cannot be read in `summary.failed`, where they are errors else. @defaultValue `false` */
  skipBad?: boolean | undefined
  signal?: AbortSignal | undefined
  onProgress?: OnProgress | undefined
}

/** A data set whose sounds are in memory, or made. */
export interface SoundSource {
  dataset: Dataset
  /** @param index - Of `dataset.records`. */
  read(index: number): DecodedAudio | Promise<DecodedAudio>
}

/** What a run of `extractFeatures` did: plain JSON. */
export interface FeatureSummary {
  /** Clips whose features were not there, or of another recipe, sound or version of this package. */
  computed: number
  /** Clips whose features were there. */
  cached: number
  /** Clips whose files were damaged, and were computed again. */
  rebuilt: number
  /** Clips that could not be read, in the table's order. */
  failed: { id: string; code: EscErrorCode; reason: string }[]
}

/** What is known of one clip's sound. */
export interface ClipSound {
  id: string
  /** Of the file; of a sound in memory, of its samples. Hexadecimal. */
  sha256: string
  /** `null` unless they were asked for. */
  facts: ClipFacts | null
  /** What the decoder had to mend, a sentence each: a recorder's header without sizes, with `tolerant` a file that was cut short. */
  warnings: readonly string[]
}

/** The features of a data set, and what came of each clip. */
export interface ExtractedFeatures extends FeatureSet {
  readonly recipe: FeatureRecipe
  readonly summary: FeatureSummary
  /** Clips that have features, in the table's order. */
  readonly clips: readonly ClipSound[]
}
