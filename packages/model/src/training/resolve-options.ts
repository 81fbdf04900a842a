/** Checks the options of training and fills in the defaults. */
import {
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  assertSignal,
  EscError,
  type TrainedModel,
  typeOf,
  wrongValue,
} from '@esc/core'
import {
  type AdamOptions,
  assertRuntime,
  type Distillation,
  type LossOptions,
  type OptimizerOptions,
  type SgdOptions,
} from '@esc/onnx'
import { assertDecay } from '../engine/averages.js'
import { resolveEarlyStopping } from './early-stopping.js'
import type { LearningRate } from './learning-rate.js'
import { type Sampling, samplings } from './sampling.js'
import type { TrainLoss, TrainOptions } from './train-options.js'

/** {@link TrainOptions} with the defaults filled in. */
export type ResolvedOptions = Omit<TrainOptions, 'loss' | 'teacher'> & {
  teachers: readonly TrainedModel[]
  epochs: number
  batchSize: number
  normalize: 'per-bin' | null
  learningRate: LearningRate
  earlyStopping: ReturnType<typeof resolveEarlyStopping>
  ema: number | null
  frozen: readonly string[]
  sampling: Sampling
  seed: number
  loss: LossOptions
  optimizer: OptimizerOptions
}

/** Names of all options. The type keeps the list complete: a new option that is missing here does not compile. */
export const optionNames: Record<keyof TrainOptions, true> = {
  engine: true,
  epochs: true,
  batchSize: true,
  normalize: true,
  learningRate: true,
  optimizer: true,
  loss: true,
  earlyStopping: true,
  ema: true,
  frozen: true,
  sampling: true,
  seed: true,
  teacher: true,
  runtime: true,
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

/**
 * Checks all options and fills in the defaults.
 *
 * @param classes - Number of labels of the set.
 * @param balanced - Returns the weights that `classWeights: 'balanced'` means. It is called after all other checks.
 * @throws EscError INVALID_OPTION naming an option that is unknown, is out of range, or cannot be used with another one.
 */
export function resolveOptions(
  options: TrainOptions,
  classes: number,
  balanced: () => number[],
): ResolvedOptions {
  assertKinds(options)
  const { epochs = 30, batchSize = 32, learningRate = 1e-3, seed = 42 } = options
  const { normalize = 'per-bin', ema = null, frozen = [], sampling = 'shuffled' } = options
  const { loss = {}, optimizer = {}, teacher, runtime } = options
  assertInteger('epochs', epochs, 1)
  assertInteger('batchSize', batchSize, 1)
  assertInteger('seed', seed, 0)
  if (ema !== null) assertDecay(ema)
  assertOneOf('sampling', sampling, samplings)
  if (normalize !== null) assertOneOf('normalize', normalize, ['per-bin'])
  if (typeof learningRate === 'number') assertPositive('learningRate', learningRate)
  const teachers = teacher === undefined ? [] : [teacher].flat()
  if (teachers.length > 0 !== Boolean(loss.distillation)) {
    throw new EscError('INVALID_OPTION', 'teacher and loss.distillation go together; give both or none')
  }
  if (teachers.length > 0) assertRuntime('training with a teacher', '@esc/model/node or /browser', runtime)
  const { earlyStopping: stopping } = options
  const earlyStopping = resolveEarlyStopping(stopping === null ? { patience: null } : stopping)
  const defaults = {
    epochs,
    batchSize,
    normalize,
    learningRate,
    earlyStopping,
    seed,
    optimizer,
    ema,
    frozen,
    sampling,
  }
  const { classWeights } = loss
  const weighted = classWeights === 'balanced' ? { ...loss, classWeights: balanced() } : loss
  return { ...options, ...defaults, teachers, loss: resolveLoss(weighted, classes) }
}

/** Checks what TypeScript would check, too: not every user has it, and a misspelt name would silently do nothing. */
function assertKinds(options: TrainOptions): void {
  if (typeOf(options) !== 'object') throw mustBe('options', options, 'an object')
  assertKnown('training', options, optionNames)
  const { engine, checkpoint, learningRate = 0, signal } = options
  assertSignal(signal)
  if (typeof engine !== 'function') {
    const what = 'ortEngine(…) or tfjsEngine(); train of @esc/model/node needs no engine'
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
  assertOptimizer(options.optimizer)
  assertLoss(options.loss)
}

function assertOptimizer(optimizer: OptimizerOptions = {}): void {
  if (typeOf(optimizer) !== 'object') throw mustBe('optimizer', optimizer, 'an object')
  const { kind = 'adam' } = optimizer
  assertOneOf('optimizer.kind', kind, ['adam', 'adamw', 'sgd'])
  const owner = `optimizer of kind '${kind}'`
  if (optimizer.kind === 'sgd') assertKnown(owner, optimizer, sgdNames)
  else assertKnown(owner, optimizer, adamNames)
}

function assertLoss(loss: TrainLoss = {}): void {
  assertKnown('loss', loss, lossNames)
  assertOneOf('loss.kind', loss.kind ?? 'softmax', ['softmax', 'sigmoid'])
  if (loss.distillation) assertKnown('loss.distillation', loss.distillation, distillationNames)
}

function mustBe(name: string, value: unknown, what: string): EscError {
  return wrongValue(name, value, what, { code: 'INVALID_OPTION' })
}

/** Makes a list of the class weights. They are checked here and not in the engine, whose threads take seconds to start. */
function resolveLoss({ classWeights = null, ...loss }: TrainLoss, classes: number): LossOptions {
  const list = classWeightList('loss.classWeights', classWeights, classes)
  return list === null ? loss : { ...loss, classWeights: list }
}

/**
 * The class weights as a list; `null` if there are none.
 *
 * @param name - The option's name, for the message.
 * @throws EscError INVALID_OPTION unless there is a weight > 0 for every class, or a map from label indices to such weights.
 */
export function classWeightList(
  name: string,
  classWeights: NonNullable<TrainLoss['classWeights']> | null,
  classes: number,
): readonly number[] | null {
  if (classWeights === null) return null
  const isMap = classWeights instanceof Map
  const isLabel = (key: unknown) => Number.isInteger(key) && (key as number) >= 0 && (key as number) < classes
  const isWeight = (weight: unknown) =>
    typeof weight === 'number' && weight > 0 && weight < Number.POSITIVE_INFINITY
  const stray = isMap ? [...classWeights.keys()].find((key) => !isLabel(key)) : undefined
  if (stray !== undefined) {
    const found = `${name} has a weight for '${stray}'`
    const range = `a label index in [0, ${classes}), as in the map that classWeights(set, { indices }) returns`
    throw new EscError('INVALID_OPTION', `${found}; each key must be ${range}`)
  }
  const list = isMap
    ? Array.from({ length: classes }, (_, label) => (classWeights.get(label) as number | undefined) ?? 1)
    : classWeights
  if (!Array.isArray(list) || list.length !== classes || !Array.from(list).every(isWeight)) {
    const found = Array.isArray(list) ? `[${list.slice(0, 8)}]` : `of type ${typeOf(list)}`
    throw new EscError(
      'INVALID_OPTION',
      `${name} is ${found}; it must be ${name === 'loss.classWeights' ? "'balanced', " : ''}${classes} numbers > 0, or what classWeights(set, { indices }) returns`,
    )
  }
  return list
}
