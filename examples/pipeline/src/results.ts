/** What a run finds out: the content of `metrics.json`, and what the report shows besides. */
import type { FeatureRecipe } from '@esc/core'
import type { DatasetAudit } from '@esc/dataset'
import type { Latency, Parity } from '@esc/edge'
import type { ClassificationReport, EpochRecord } from '@esc/model'

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

/** `metrics.json`. Everything but `times` is the same for the same options, data and machine. */
export interface RunMetrics {
  version: 1
  options: {
    data: string | null
    subset: string | null
    model: string
    split: string
    epochs: number
    seed: number
  }
  environment: { node: string; onnxRuntime: string; platform: string; cpus: number }
  dataset: {
    name: string
    /** True if the clips were made by a program; then no figure here says anything about real sound. */
    synthetic: boolean
    /** Clips used. */
    clips: number
    labels: readonly string[]
    /** SHA-256 over ids, labels and samples. */
    hash: string
    skipped: SkippedClip[]
  }
  /** Of the clips used, and of the split. */
  audit: DatasetAudit
  recipe: FeatureRecipe
  split: {
    name: string
    testFold: number | null
    validationFold: number | null
    train: number
    validation: number
    test: number
    /** Test clips with a sibling in training. */
    leakedTestClips: number
  }
  model: { architecture: string; inputShape: readonly [number, number, number]; parameters: number }
  training: {
    epochs: number
    bestEpoch: number
    stoppedEarly: boolean
    validationAccuracy: number
    validationLoss: number
  }
  /** The float ONNX model on the test clips. */
  test: ClassificationReport & { loss: number }
  /** Largest difference of a logit between the trained network and its ONNX export, over the test clips. */
  exportMaxLogitError: number
  float: ModelFigures
  int8: ModelFigures
  /** int8 against float. */
  parity: Parity
  times: {
    totalSec: number
    stageSec: Record<string, number>
    medianEpochMs: number
    /** Single clips, one thread. */
    latency: { float: Latency; int8: Latency }
  }
}

/** All the report shows. */
export interface RunResults {
  metrics: RunMetrics
  history: readonly EpochRecord[]
  clips: readonly { id: string; labelIndex: number; durationSec: number }[]
}
