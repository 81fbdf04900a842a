/** Options and events of training. */
import type { EpochRecord, FeatureMatrix, Rng } from '@esc/core'
import type { LossOptions, OptimizerOptions } from '@esc/onnx'
import type { CreateEngine } from '../engine/engine.js'
import type { CheckpointStore } from './checkpoint/checkpoint-store.js'
import type { LearningRate } from './learning-rate.js'

/** Parts of a data set, each a list of indices of its examples. Splitters such as `trainValTest` return one. */
export interface TrainingSplit {
  /** Examples to learn from. */
  train: ArrayLike<number>
  /** Examples that decide which epoch was the best. @defaultValue none: the last epoch is the best */
  validation?: ArrayLike<number> | undefined
  /** Training does not read these. @defaultValue none */
  test?: ArrayLike<number> | undefined
}

/** Features, and how much they belong to each class. */
export interface LabeledFeatures {
  features: FeatureMatrix
  /** One value for each class. */
  label: Float32Array
}

/** Options of the loss. */
export interface TrainLoss extends Omit<LossOptions, 'classWeights'> {
  /**
   * Weight of each class: a list of numbers > 0, or what `classWeights` of `@esc/dataset` returns. A class that is not in the
   * map has weight 1. @defaultValue `null`: every class has weight 1
   */
  classWeights?: readonly number[] | ReadonlyMap<number, number> | null | undefined
}

/** Options of `train`. */
export interface TrainOptions {
  /** Computes the steps: `ortEngine(…)`, or `tfjsEngine()` of `@esc/model/tfjs`. */
  engine: CreateEngine
  /** Largest number of passes over the training examples. @defaultValue `30` */
  epochs?: number | undefined
  /** Examples per step. The last batch of an epoch may be smaller. @defaultValue `32` */
  batchSize?: number | undefined
  /**
   * `per-bin` computes mean and standard deviation of each bin over the training part, and stores them in the model. `null` leaves
   * the features as they are. @defaultValue `'per-bin'`
   */
  normalize?: 'per-bin' | null | undefined
  /**
   * A number > 0, or a function that returns the rate of a step. The function gets the epoch as a fraction: 0 at the start, 1.5 in
   * the middle of the second epoch. @defaultValue `1e-3`
   */
  learningRate?: LearningRate | undefined
  /** The optimiser: `kind` is `adam`, `adamw` or `sgd`. @defaultValue `{ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }` */
  optimizer?: OptimizerOptions | undefined
  /** The loss. Its kind becomes the model's `activation`. @defaultValue `{ kind: 'softmax' }`: softmax cross-entropy */
  loss?: TrainLoss | undefined
  /** Stops after this many epochs without a lower validation loss. `null` never stops. @defaultValue `10` */
  patience?: number | null | undefined
  /**
   * Seed of everything random: the initial weights of a network that a function builds, the order of the batches, dropout,
   * `augment`, `mix`. @defaultValue `42`
   */
  seed?: number | undefined
  /**
   * Changes the normalised features of a training example each time they are used, such as `specAugment` of `@esc/dsp`. Its
   * generator depends on the example and the epoch. It must return features, not a promise, and must not change its input.
   * @defaultValue none: features stay the same
   */
  augment?: ((features: FeatureMatrix, rng: Rng) => FeatureMatrix) | undefined
  /**
   * Mixes each training example with the next one in the batch (the last with the first), after `augment`, such as `mixup` of
   * `@esc/dsp`. Its generator depends on the example and the epoch. The values of the label it returns must be >= 0 and sum to 1
   * (within 1e-3); with a sigmoid loss, each of its values must lie in [0, 1]. @defaultValue none: examples are not mixed
   */
  mix?: ((a: LabeledFeatures, b: LabeledFeatures, rng: Rng) => LabeledFeatures) | undefined
  /**
   * Logits of a larger network for the training examples, [examples, classes], in the order of `split.train`. Required with
   * `loss.distillation`, and only then. @defaultValue none
   */
  teacherLogits?: Float32Array | undefined
  /**
   * Keeps the training's state after every epoch. If it holds a state already, training goes on from there.
   * @defaultValue none: nothing is kept
   */
  checkpoint?: CheckpointStore | undefined
  /** Aborting it stops training before the next step; training throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
}

/** What happens during training. */
export type TrainEvent =
  /** Comes first: training is possible, but the options are probably a mistake. */
  | { type: 'warning'; message: string }
  /** Before the first epoch, if a checkpoint was found: the epochs done so far. The next epoch follows the last one of `history`. */
  | { type: 'resumed'; epochs: number; history: readonly EpochRecord[] }
  | { type: 'step'; epoch: number; step: number; steps: number; loss: number; learningRate: number }
  /**
   * After an epoch, when its checkpoint is written. `best`: it is the best epoch so far. `trainMs` is the wall-clock time of the
   * epoch's batches and steps, without the time that the reader of the events takes between them.
   */
  | ({ type: 'epoch'; epochs: number; best: boolean; trainMs: number } & EpochRecord)
