/** The results of a run: the content of `metrics.json`, and what the report shows in addition. */
import type { ClipWindows, EpochRecord, FeatureRecipe } from '@esc/core'
import type { DatasetAudit } from '@esc/dataset'
import type { Latency, Parity } from '@esc/edge'
import type { SoftmaxEvaluation } from '@esc/model'
import type { TrainingOptions } from './options.js'

/** A clip that was left out, and why. */
export interface SkippedClip {
  filename: string
  reason: string
}

/** One exported model, measured on the test clips in ONNX Runtime. */
export interface ModelFigures {
  file: string
  bytes: number
  accuracy: number
  macroF1: number
}

/** All figures of a model on the test clips, as `evaluate` returns them. */
export type TestFigures = Omit<SoftmaxEvaluation, 'activation' | 'micro' | 'targets' | 'logits' | 'clips'>

/** What the models predict for one test clip. */
export interface TestPrediction {
  clipId: string
  /** The right label. */
  label: string
  /** The label that the float model puts first, and its score in [0, 1]. */
  float: { label: string; score: number }
  /** `null` if there is no int8 model. */
  int8: { label: string; score: number } | null
}

/** The content of `metrics.json`. Everything but `times` is the same for the same options, data and machine. */
export interface RunMetrics {
  version: 2
  options: TrainingOptions & {
    data: string | null
    subset: string | null
    model: string
    /** How clips were cut into examples; `null` if each clip is one. */
    windows: ClipWindows | null
    /** The split that `--split` named; `null` if the data set decided. */
    split: string | null
    /** A column of the table, or a pattern of file names; `null` takes the data set's own groups. */
    group: string | null
    seed: number
    int8: boolean
    skipBad: boolean
    tolerant: boolean
    nested: boolean
  }
  environment: { node: string; onnxRuntime: string; platform: string; cpus: number }
  dataset: {
    name: string
    /** True if a program made the clips. Then the figures say nothing about real sound. */
    synthetic: boolean
    /** Clips used. */
    clips: number
    labels: readonly string[]
    /** SHA-256 over ids, labels and the hashes of the sounds. */
    hash: string
    skipped: SkippedClip[]
  }
  /** The audit of the clips that were used, and of the split. */
  audit: DatasetAudit
  recipe: FeatureRecipe
  /** How a classifier cuts clips of other lengths. */
  windows: ClipWindows
  split: {
    /** `folds`, `stratified` or `stratified-group`. */
    name: string
    testFold: number | null
    validationFold: number | null
    train: number
    validation: number
    test: number
    /** Test clips with a sibling (another clip of the same recording) in training; `null` if no groups are known. */
    leakedTestClips: number | null
  }
  model: { architecture: string; inputShape: readonly [number, number, number]; parameters: number }
  training: {
    epochs: number
    bestEpoch: number
    stoppedEarly: boolean
    validationAccuracy: number
    validationLoss: number
  }
  /** The bar to beat, on the test clips: softmax regression on mean and deviation over time of each bin. */
  linearProbe: { accuracy: number; macroF1: number }
  /** The float ONNX model on the test clips. */
  test: TestFigures
  /** The int8 ONNX model on the test clips; `null` if there is none. */
  int8Test: TestFigures | null
  /** One for each test clip, in the table's order. */
  predictions: TestPrediction[]
  /** Largest difference of a logit between the trained network and its ONNX export, over the test clips. */
  exportMaxLogitError: number
  float: ModelFigures
  int8: ModelFigures | null
  /** int8 against float; `null` if there is no int8 model. */
  parity: Parity | null
  times: {
    totalSec: number
    stageSec: Record<string, number>
    /** `null` if all epochs were finished in an earlier run. */
    medianEpochMs: number | null
    /** Single clips, one thread. */
    latency: { float: Latency; int8: Latency | null }
  }
}

/** Everything that the report shows. */
export interface RunResults {
  metrics: RunMetrics
  history: readonly EpochRecord[]
  clips: readonly { id: string; labelIndex: number; durationSec: number }[]
}
