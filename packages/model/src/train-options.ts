/** What training is told, and what it tells. */
import {
  assertCallback,
  assertFloat32,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  assertSignal,
  type EpochRecord,
  EscError,
  type FeatureMatrix,
  type NetworkGraph,
  type Rng,
  typeOf,
  wrongValue,
} from '@esc/core'
import type { AdamOptions, Distillation, LossOptions, OptimizerOptions, SgdOptions } from '@esc/onnx'
import type { CheckpointStore } from './checkpoint.js'
import type { CreateEngine } from './engine.js'

/** What a network must know of its input and output. */
export interface NetworkInput {
  /** Rows of the features. */
  bins: number
  /** Columns of the features. */
  frames: number
  classes: number
  /** Of the initial weights. */
  seed: number
}

/** A network, or what makes one for the features at hand: `melCnn` itself, or `(input) => audioCnn({ ...input, hidden: 128 })`. */
export type Network = NetworkGraph | ((input: NetworkInput) => NetworkGraph)

/** What is learnt from, and what decides which epoch was the best: indices of a set's examples. A splitter's result fits. */
export interface TrainingSplit {
  train: ArrayLike<number>
  validation?: ArrayLike<number> | undefined
  /** Not read in training. */
  test?: ArrayLike<number> | undefined
}

/** Features and how much they are of each class. */
export interface LabeledFeatures {
  features: FeatureMatrix
  label: Float32Array
}

/** A loss whose class weights may be a list, or what `classWeights` of `@esc/dataset` returns: a class that is absent there weighs 1. */
export interface TrainLoss extends Omit<LossOptions, 'classWeights'> {
  classWeights?: readonly number[] | ReadonlyMap<number, number> | null | undefined
}

/** Options of `train`. */
export interface TrainOptions {
  /** What does the arithmetic: `ortEngine(…)`, or `tfjsEngine()` of `@esc/model/tfjs`. */
  engine: CreateEngine
  /** At most so many passes over the training examples. @defaultValue 30 */
  epochs?: number | undefined
  /** Examples a step; the last batch of an epoch may be smaller. @defaultValue 32 */
  batchSize?: number | undefined
  /**
   * `per-bin` fits mean and standard deviation of each bin on the training part and puts them into the model; `null` leaves the
   * features as they are. @defaultValue `'per-bin'`
   */
  normalize?: 'per-bin' | null | undefined
  /**
   * A number > 0, or what each step's is made of: a function of the epoch as a fraction, 0 at the start, 1.5 in
   * the middle of the second. @defaultValue 1e-3
   */
  learningRate?: number | ((epoch: number) => number) | undefined
  /** @defaultValue Adam */
  optimizer?: OptimizerOptions | undefined
  /** Its kind is the model's `activation`. @defaultValue softmax cross-entropy */
  loss?: TrainLoss | undefined
  /** Stops after so many epochs without a lower validation loss; `null` never stops. @defaultValue 10 */
  patience?: number | null | undefined
  /** Seed of everything random: first weights of a network that is made, the batches' order, dropout, `augment`, `mix`. @defaultValue 42 */
  seed?: number | undefined
  /**
   * Changes a training example's normalised features each time they are used, as `specAugment` of `@esc/dsp`. Its generator is one of the
   * example's and the epoch's own. It must not change what it is given, and returns features, not a promise of them.
   */
  augment?: ((features: FeatureMatrix, rng: Rng) => FeatureMatrix) | undefined
  /**
   * Mixes each training example with the next one in the batch (the last with the first), after `augment`, as `mixup` of
   * `@esc/dsp`. Its generator is one of the example's and the epoch's own. The label it makes must be >= 0 and sum to 1 (within
   * 1e-3); with a sigmoid loss, each of its values must lie in [0, 1].
   */
  mix?: ((a: LabeledFeatures, b: LabeledFeatures, rng: Rng) => LabeledFeatures) | undefined
  /** Logits of a larger network for the training examples, [examples, classes]; goes with `loss.distillation`. */
  teacherLogits?: Float32Array | undefined
  /** Keeps the training's state after every epoch; training goes on from what is there. See {@link CheckpointStore}. */
  checkpoint?: CheckpointStore | undefined
  /** Stops before the next step, and throws its reason. */
  signal?: AbortSignal | undefined
}

/** What happens during training. */
export type TrainEvent =
  /** Before anything else: something that training can do, and a person would hardly want. */
  | { type: 'warning'; message: string }
  /** Before the first epoch, if a checkpoint was there: what came of it so far. The next epoch is the one after the last of `history`. */
  | { type: 'resumed'; epochs: number; history: readonly EpochRecord[] }
  | { type: 'step'; epoch: number; step: number; steps: number; loss: number; learningRate: number }
  /**
   * When its checkpoint is written. `trainMs` is the wall-clock time of the epoch's batches and steps, without what the reader of the
   * events does in between.
   */
  | ({ type: 'epoch'; epochs: number; best: boolean; trainMs: number } & EpochRecord)

/** {@link TrainOptions} with the defaults filled in. */
export type ResolvedOptions = Omit<TrainOptions, 'loss'> & {
  epochs: number
  batchSize: number
  normalize: 'per-bin' | null
  patience: number | null
  seed: number
  loss: LossOptions
  optimizer: OptimizerOptions
  /** Of a step, by the epoch as a fraction. */
  rateAt: (epoch: number) => number
}

/** The type makes the lists complete: a new option that is missing here does not compile. */
export const optionNames: Record<keyof TrainOptions, true> = {
  engine: true,
  epochs: true,
  batchSize: true,
  normalize: true,
  learningRate: true,
  optimizer: true,
  loss: true,
  patience: true,
  seed: true,
  augment: true,
  mix: true,
  teacherLogits: true,
  checkpoint: true,
  signal: true,
}
const lossNames: Record<keyof LossOptions, true> = {
  kind: true,
  labelSmoothing: true,
  classWeights: true,
  focalGamma: true,
  distillation: true,
}
const distillationNames: Record<keyof Distillation, true> = { temperature: true, weight: true }
const adamNames: Record<keyof AdamOptions, true> = {
  kind: true,
  beta1: true,
  beta2: true,
  epsilon: true,
  weightDecay: true,
  clipNorm: true,
}
const sgdNames: Record<keyof SgdOptions, true> = {
  kind: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  clipNorm: true,
}

function mustBe(name: string, value: unknown, what: string): EscError {
  return wrongValue(name, value, what, { code: 'INVALID_OPTION' })
}

/** What no type checker has seen is checked, too: a name that is misspelt would do nothing, and not say so. */
function assertKinds(options: TrainOptions): void {
  if (typeOf(options) !== 'object') throw mustBe('options', options, 'an object')
  assertKnown('training', options, optionNames)
  const { engine, checkpoint, learningRate = 0, optimizer = {}, loss = {}, augment, mix, signal } = options
  const { teacherLogits } = options
  assertSignal(signal)
  if (typeof engine !== 'function') {
    const what = 'ortEngine(…) or tfjsEngine(); train of @esc/model/node brings its own'
    throw mustBe('engine', engine, what)
  }
  const isStore = typeof checkpoint?.read === 'function' && typeof checkpoint.write === 'function'
  if (checkpoint !== undefined && !isStore) {
    const what = 'an object with read and write; use checkpointFile(path) of @esc/model/node'
    throw mustBe('checkpoint', checkpoint, what)
  }
  if (typeof learningRate !== 'number' && typeof learningRate !== 'function') {
    throw mustBe('learningRate', learningRate, 'a number, or a function of the epoch')
  }
  for (const [name, value] of Object.entries({ augment, mix })) {
    assertCallback(name, value)
  }
  if (teacherLogits !== undefined) assertFloat32('teacherLogits', teacherLogits)
  if (typeOf(optimizer) !== 'object') throw mustBe('optimizer', optimizer, 'an object')
  const { kind = 'adam' } = optimizer
  assertOneOf('optimizer.kind', kind, ['adam', 'adamw', 'sgd'])
  const owner = `optimizer of kind '${kind}'`
  if (optimizer.kind === 'sgd') assertKnown(owner, optimizer, sgdNames)
  else assertKnown(owner, optimizer, adamNames)
  assertKnown('loss', loss, lossNames)
  assertOneOf('loss.kind', loss.kind ?? 'softmax', ['softmax', 'sigmoid'])
  if (loss.distillation) assertKnown('loss.distillation', loss.distillation, distillationNames)
}

/** @param classes - Of the set. @throws EscError INVALID_OPTION naming an option that is unknown, out of range or does not go with another. */
export function resolveOptions(options: TrainOptions, classes: number): ResolvedOptions {
  assertKinds(options)
  const { epochs = 30, batchSize = 32, learningRate = 1e-3, patience = 10, seed = 42 } = options
  const { normalize = 'per-bin' } = options
  const { loss = {}, optimizer = {}, teacherLogits, mix } = options
  assertInteger('epochs', epochs, 1)
  assertInteger('batchSize', batchSize, 1)
  assertInteger('seed', seed, 0)
  if (normalize !== null) assertOneOf('normalize', normalize, ['per-bin'])
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
    if (!(typeof rate === 'number' && rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
      throw new EscError('INVALID_OPTION', `learningRate(${epoch})=${rate} must be a finite number >= 0`)
    }
    return rate
  }
  return {
    ...options,
    epochs,
    batchSize,
    normalize,
    patience,
    seed,
    loss: lossOf(loss, classes),
    optimizer,
    rateAt,
  }
}

/** Here and not in the engine, whose threads take seconds to start. */
function lossOf({ classWeights = null, ...loss }: TrainLoss, classes: number): LossOptions {
  if (classWeights === null) return loss
  const isMap = classWeights instanceof Map
  const isLabel = (key: unknown) => Number.isInteger(key) && (key as number) >= 0 && (key as number) < classes
  const isWeight = (weight: unknown) =>
    typeof weight === 'number' && weight > 0 && weight < Number.POSITIVE_INFINITY
  const stray = isMap ? [...classWeights.keys()].find((key) => !isLabel(key)) : undefined
  if (stray !== undefined) {
    const found = `loss.classWeights has a weight of '${stray}'`
    const range = `an index in [0, ${classes}), as classWeights(set, { indices }) makes it`
    throw new EscError('INVALID_OPTION', `${found}; each key must be ${range}`)
  }
  const list = isMap
    ? Array.from({ length: classes }, (_, label) => (classWeights.get(label) as number | undefined) ?? 1)
    : classWeights
  if (!Array.isArray(list) || list.length !== classes || !Array.from(list).every(isWeight)) {
    const found = Array.isArray(list) ? `[${list.slice(0, 8)}]` : `of type ${typeOf(list)}`
    throw new EscError(
      'INVALID_OPTION',
      `loss.classWeights is ${found}; it must be ${classes} numbers > 0, or what classWeights(set, { indices }) returns`,
    )
  }
  return { ...loss, classWeights: list }
}
