/** Options and events of training. */
import type { EpochRecord, TrainedModel } from '@esc/core'
import type { LossOptions, OnnxRuntime, OptimizerOptions } from '@esc/onnx'
import type { CreateEngine } from '../engine/engine.js'
import type { Network } from '../network/network.js'
import type { CheckpointStore } from './checkpoint/checkpoint-store.js'
import type { EarlyStoppingOptions } from './early-stopping.js'
import type { LearningRate } from './learning-rate.js'
import type { Sampling } from './sampling.js'

/** What training starts from: a network, a function that builds one, or a trained model that goes on learning. */
export type TrainingStart = Network | TrainedModel

/** Parts of a data set, each a list of indices of its examples. Splitters such as `trainValTest` return one. */
export interface TrainingSplit {
  /** Examples to learn from. */
  train: ArrayLike<number>
  /** Examples that decide which epoch was the best. @defaultValue none: the last epoch is the best */
  validation?: ArrayLike<number> | undefined
  /** Training does not read these. @defaultValue none */
  test?: ArrayLike<number> | undefined
}

/** Options of the loss. */
export interface TrainLoss extends Omit<LossOptions, 'classWeights'> {
  /**
   * Weight of each class: a list of numbers > 0, or what `classWeights` of `@esc/dataset` returns. A class that is not in the
   * map has weight 1. `balanced` computes scikit-learn's weights over the training part: `n / (k · count)` for `n` examples in `k`
   * classes. @defaultValue `null`: every class has weight 1
   */
  classWeights?: 'balanced' | readonly number[] | ReadonlyMap<number, number> | null | undefined
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
   * the features as they are. A trained model keeps its normaliser, so the option is refused with one. @defaultValue `'per-bin'`
   */
  normalize?: 'per-bin' | null | undefined
  /**
   * A number > 0, or a function that returns the rate of a step: `cosine`, `oneCycle` and the other schedules make one. The function
   * gets the epoch as a fraction (0 at the start, 1.5 in the middle of the second epoch), and the figures of the finished epochs.
   * @defaultValue `1e-3`
   */
  learningRate?: LearningRate | undefined
  /** The optimiser: `kind` is `adam`, `adamw` or `sgd`. @defaultValue `{ kind: 'adam', beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }` */
  optimizer?: OptimizerOptions | undefined
  /**
   * The loss. Its kind becomes the model's `activation`.
   * @defaultValue `{ kind: 'softmax' }`: softmax cross-entropy; with a trained model, the kind of its `activation`
   */
  loss?: TrainLoss | undefined
  /**
   * When training stops because validation no longer improves, and which epoch's weights the model gets. `null` never stops; the model
   * gets the weights of the epoch with the lowest validation loss nevertheless. Without validation examples, this has no effect.
   * @defaultValue `{ patience: 10, minDelta: 0, monitor: 'validationLoss', restoreBestWeights: true }`
   */
  earlyStopping?: EarlyStoppingOptions | null | undefined
  /**
   * Decay of an exponential moving average of the weights, in (0, 1): after each step, `average = ema · average + (1 - ema) · weight`,
   * and after the first step the weight itself. The averages, also those of BatchNorm's running averages, are what validation and the
   * model use; training goes on with the weights. Good values are 0.99 to 0.9999; the average covers about `1 / (1 - ema)` steps. Each step
   * makes one more pass over the weights. @defaultValue `null`: the weights themselves
   */
  ema?: number | null | undefined
  /**
   * Layers that stay as they are: names of the network's nodes, or beginnings of names that end in `*`. They have no gradient, and below
   * the lowest layer that learns none is computed. A frozen BatchNorm computes as in inference, with its running averages, and keeps
   * them. A frozen Dropout still drops values. @defaultValue `[]`: all layers learn
   */
  frozen?: readonly string[] | undefined
  /**
   * `shuffled`: an epoch takes each example once. `balanced`: it takes as many examples as the training part has, from each class alike.
   * A class with few examples repeats them, and a set that augments draws each repetition anew; a class with many leaves some out, other
   * ones in each epoch. @defaultValue `'shuffled'`
   */
  sampling?: Sampling | undefined
  /**
   * Seed of everything random: the initial weights of a network that a function builds, the order of the batches, dropout, and what an
   * `augmentedSet` of `@esc/dataset` draws. @defaultValue `42`
   */
  seed?: number | undefined
  /**
   * A larger network, or several, whose answers the network learns as well: their logits for each batch as it was made, augmented and mixed.
   * Required with `loss.distillation`, and only then. Teachers read the same features and have the same labels; several count by their mean
   * scores. @defaultValue none
   */
  teacher?: TrainedModel | readonly TrainedModel[] | undefined
  /** Runs the teachers. `/node` and `/browser` fill this in. @defaultValue none */
  runtime?: OnnxRuntime | undefined
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
