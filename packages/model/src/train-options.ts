/** What training is told, and what it tells. */
import {
  assertInteger,
  assertPositive,
  EscError,
  type Example,
  type FeatureMatrix,
  type NetworkGraph,
  type Rng,
} from '@esc/core'
import type { LossOptions, OptimizerOptions } from '@esc/onnx'
import type { CheckpointStore } from './checkpoint.js'
import type { CreateEngine } from './engine.js'

/** What is learnt from, and what decides which epoch was the best. */
export interface TrainExamples {
  train: readonly Example[]
  validation?: readonly Example[] | undefined
}

/** Features and how much they are of each class. */
export interface LabeledFeatures {
  features: FeatureMatrix
  label: Float32Array
}

/** Options of `train`. */
export interface TrainOptions {
  /** What does the arithmetic: `ortEngine(…)`, or `tfjsEngine()` of `@esc/model/tfjs`. */
  engine: CreateEngine
  /** At most so many passes over the training examples (default 30). */
  epochs?: number | undefined
  /** Examples a step (default 32); the last batch of an epoch may be smaller. */
  batchSize?: number | undefined
  /**
   * A number > 0 (default 1e-3), or what each step's is made of: a function of the epoch as a fraction, 0 at the start, 1.5 in
   * the middle of the second.
   */
  learningRate?: number | ((epoch: number) => number) | undefined
  /** Default: Adam. */
  optimizer?: OptimizerOptions | undefined
  /** Default: softmax cross-entropy. */
  loss?: LossOptions | undefined
  /** Stops after so many epochs without a lower validation loss (default 10); `null` never stops. */
  patience?: number | null | undefined
  /** Seed of everything random: the batches' order, dropout, `augment` and `mix` (default 42). */
  seed?: number | undefined
  /**
   * Changes a training example's features each time they are used, as `specAugment` of `@esc/dsp`. Its generator is one of the
   * example's and the epoch's own. It must not change what it is given.
   */
  augment?: ((features: FeatureMatrix, rng: Rng) => FeatureMatrix) | undefined
  /**
   * Mixes each training example with the next one in the batch (the last with the first), after `augment`, as `mixup` of
   * `@esc/dsp`. Its generator is one of the example's and the epoch's own.
   */
  mix?: ((a: LabeledFeatures, b: LabeledFeatures, rng: Rng) => LabeledFeatures) | undefined
  /** Logits of a larger network for the training examples, [examples, classes]; goes with `loss.distillation`. */
  teacherLogits?: Float32Array | undefined
  /** Keeps the training's state after every epoch; training goes on from what is there. See {@link CheckpointStore}. */
  checkpoint?: CheckpointStore | undefined
  /** Stops before the next step, and throws its reason. */
  signal?: AbortSignal | undefined
}

/** Figures of one pass over the training examples. */
export interface EpochRecord {
  /** From 1. */
  epoch: number
  /**
   * Means over the epoch's steps, each with the weights it started from, with dropout and on what `augment` and `mix` made. A
   * mixed example counts as right where its largest class is predicted.
   */
  trainLoss: number
  trainAccuracy: number
  /**
   * After the epoch, without dropout; `null` if there are no validation examples. The loss is plain cross-entropy (with a
   * sigmoid loss: binary cross-entropy, the mean over clips and classes), without smoothing, weights or a teacher, so that runs
   * can be compared.
   */
  validationLoss: number | null
  validationAccuracy: number | null
  /** That of the epoch's first step. */
  learningRate: number
  /** Wall-clock time of the epoch's batches and steps, without what the reader of the events does in between. */
  trainMs: number
}

/** What happens during training. */
export type TrainEvent =
  /** First, if a checkpoint was there: what came of it so far. The next epoch is the one after the last of `history`. */
  | { type: 'resumed'; epochs: number; history: readonly EpochRecord[] }
  | { type: 'step'; epoch: number; step: number; steps: number; loss: number; learningRate: number }
  /** When its checkpoint is written. */
  | ({ type: 'epoch'; epochs: number; best: boolean } & EpochRecord)

/** What training leaves. */
export interface TrainResult {
  /** The network with the weights of the best epoch. */
  graph: NetworkGraph
  /** The epoch with the lowest validation loss; the last one if there are no validation examples. */
  bestEpoch: number
  history: EpochRecord[]
  stoppedEarly: boolean
}

/** {@link TrainOptions} with the defaults filled in. */
export type ResolvedOptions = TrainOptions & {
  epochs: number
  batchSize: number
  patience: number | null
  seed: number
  loss: LossOptions
  optimizer: OptimizerOptions
  /** Of a step, by the epoch as a fraction. */
  rateAt: (epoch: number) => number
}

/** @throws EscError INVALID_OPTION naming an option that is out of range or does not go with another. */
export function resolveOptions(options: TrainOptions): ResolvedOptions {
  const { epochs = 30, batchSize = 32, learningRate = 1e-3, patience = 10, seed = 42 } = options
  const { loss = {}, optimizer = {}, teacherLogits, mix } = options
  assertInteger('epochs', epochs, 1)
  assertInteger('batchSize', batchSize, 1)
  assertInteger('seed', seed, 0)
  if (typeof learningRate === 'number') assertPositive('learningRate', learningRate)
  if ((teacherLogits !== undefined) !== Boolean(loss.distillation)) {
    throw new EscError('INVALID_OPTION', 'teacherLogits and loss.distillation go together; give both or none')
  }
  if (teacherLogits !== undefined && mix !== undefined) {
    throw new EscError(
      'INVALID_OPTION',
      'mix does not go with teacherLogits, which are not those of a mixture',
    )
  }
  const rateAt = (epoch: number) => {
    if (typeof learningRate === 'number') return learningRate
    const rate = learningRate(epoch)
    if (!(rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
      throw new EscError('INVALID_OPTION', `learningRate(${epoch})=${rate} must be a finite number >= 0`)
    }
    return rate
  }
  return { ...options, epochs, batchSize, patience, seed, loss, optimizer, rateAt }
}
