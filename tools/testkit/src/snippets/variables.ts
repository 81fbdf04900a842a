/**
 * Variables that the `@example`s of docstrings use without declaring them, each with its type. An example also sees the
 * parameters of its own function.
 */
import type { ByteSource } from '@esc/audio-io'
import type { AudioClip, FeatureMatrix, FeatureSet, NetworkGraph, Rng, Split, TrainedModel } from '@esc/core'
import type { ModelManifest } from '@esc/core/manifest'
import type { Dataset } from '@esc/dataset'
import type { OpenedDataset } from '@esc/dataset/node'
import type { ModelFiles } from '@esc/edge'
import type { Evaluation } from '@esc/model'
import type { OnnxModel, OnnxRuntime, Session, Tensor } from '@esc/onnx'

export { readdir, readFile, writeFile } from 'node:fs/promises'
export { join } from 'node:path'

/** Sounds. */
export declare const clip: AudioClip
export declare const clips: readonly AudioClip[]
export declare const samples: Float32Array
export declare const channels: readonly Float32Array[]

/** Files. */
export declare const bytes: Uint8Array
export declare const source: ByteSource
/** A file that the user of a page chose. */
export declare const file: File
export declare const path: string
export declare const dir: string
export declare const text: string

/** Matrices of one clip. */
export declare const power: FeatureMatrix
export declare const logMel: FeatureMatrix

/** A data set, and a model that is trained on it. */
export declare const dataset: Dataset
export declare const opened: OpenedDataset
export declare const labels: readonly string[]
export declare const features: FeatureSet
export declare const split: Split
export declare const graph: NetworkGraph
export declare const model: TrainedModel
export declare const evaluation: Evaluation
export declare const files: ModelFiles
export declare const manifest: ModelManifest

/** A model in ONNX Runtime, and what goes in. */
export declare const runtime: OnnxRuntime
export declare const session: Session
export declare const data: Float32Array
export declare const input: Tensor
export declare const target: Tensor
export declare const tensor: Tensor
export declare const batches: readonly Tensor[]

export declare const rng: Rng
export declare const signal: AbortSignal
export declare const error: unknown
/** Shows values to the user. */
export declare const show: (...values: unknown[]) => void

/** In these packages some names mean something else. */
export declare namespace core {
  const features: FeatureMatrix
}
export declare namespace dsp {
  const features: FeatureMatrix
}
export declare namespace onnx {
  const model: OnnxModel
}
