/** Public names of `@esc/model/node`: training and evaluation on onnxruntime-node, checkpoints in files. */
import { assertKnown, type FeatureSet, type TrainedModel } from '@esc/core'
import { ortRuntime } from '@esc/onnx/node'
import {
  type PredictOptions,
  evaluate as portableEvaluate,
  predict as portablePredict,
  withTemperature as portableWithTemperature,
} from '../evaluate/evaluate.js'
import { type Chosen, readChosen } from '../evaluate/examples.js'
import type { ClipPrediction, Evaluation } from '../evaluate/results.js'
import { optionNames } from '../training/resolve-options.js'
import { fit as portableFit, train as portableTrain } from '../training/train.js'
import type { TrainEvent, TrainingSplit, TrainingStart, TrainOptions } from '../training/train-options.js'
import type { TrainingRun } from '../training/training-run.js'
import { type NodeEngineOptions, nodeEngine } from './node-engine.js'

export { checkpointFile } from './checkpoint-file.js'
export { type NodeEngineOptions, nodeEngine } from './node-engine.js'

/** Options of `train` on onnxruntime-node. */
export type NodeTrainOptions = Omit<TrainOptions, 'engine' | 'runtime'> & NodeEngineOptions

/** Options of `predict`, `evaluate` and `withTemperature` on onnxruntime-node. */
export type NodePredictOptions = Omit<PredictOptions, 'runtime'>

const { engine: _engine, runtime: _runtime, ...portableNames } = optionNames
const trainNames: Record<keyof NodeTrainOptions, true> = { ...portableNames, workers: true, threads: true }

/**
 * `train` of `@esc/model` on onnxruntime-node. By default it computes in a worker thread; see {@link nodeEngine}.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or out of range. The run rejects with the errors of `train` of `@esc/model`,
 *   and with those of {@link nodeEngine}.
 * @example
 * const run = train(melCnn, features, split, { epochs: 5 })
 * for await (const event of run) console.log(event)
 * const model = await run.result()
 */
export function train(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: NodeTrainOptions = {},
): TrainingRun {
  assertKnown('train', options, trainNames)
  const { workers, threads, ...others } = options
  return portableTrain(network, set, split, { ...others, ...enginesOf({ workers, threads }) })
}

/**
 * `fit` of `@esc/model` on onnxruntime-node. By default it computes in a worker thread; see {@link nodeEngine}.
 *
 * @throws EscError as {@link train}.
 * @example const model = await fit(melCnn, features, trainValTest(features, { testFold: 1 }), { epochs: 30 })
 */
export async function fit(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: NodeTrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined } = {},
): Promise<TrainedModel> {
  assertKnown('fit', options, { ...trainNames, onEvent: true })
  const { workers, threads, ...others } = options
  return portableFit(network, set, split, { ...others, ...enginesOf({ workers, threads }) })
}

/**
 * `predict` of `@esc/model` on onnxruntime-node. Without indices, or with `null`, it takes all examples.
 *
 * @throws EscError as `predict` of `@esc/model`.
 * @example const [first] = await predict(model, features, split.test)
 */
export async function predict(
  model: TrainedModel,
  set: FeatureSet,
  ...rest: Chosen<NodePredictOptions>
): Promise<ClipPrediction[]> {
  const [indices, options = {}] = readChosen(rest)
  return portablePredict(model, set, indices, { ...checked('predict', options), runtime: ortRuntime })
}

/**
 * `evaluate` of `@esc/model` on onnxruntime-node. Without indices, or with `null`, it takes all examples.
 *
 * @throws EscError as `evaluate` of `@esc/model`.
 * @example const { accuracy } = await evaluate(model, features, split.test)
 */
export async function evaluate(
  model: TrainedModel,
  set: FeatureSet,
  ...rest: Chosen<NodePredictOptions>
): Promise<Evaluation> {
  const [indices, options = {}] = readChosen(rest)
  return portableEvaluate(model, set, indices, { ...checked('evaluate', options), runtime: ortRuntime })
}

function enginesOf(options: NodeEngineOptions) {
  return { engine: nodeEngine(options), runtime: ortRuntime }
}

/**
 * `withTemperature` of `@esc/model` on onnxruntime-node.
 *
 * @throws EscError as `withTemperature` of `@esc/model`.
 * @example const calibrated = await withTemperature(model, features, split.validation!)
 */
export async function withTemperature(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: NodePredictOptions = {},
): Promise<TrainedModel> {
  const [chosen] = readChosen([indices])
  const known = checked('withTemperature', options)
  return portableWithTemperature(model, set, chosen, { ...known, runtime: ortRuntime })
}

function checked(owner: string, options: NodePredictOptions): NodePredictOptions {
  assertKnown(owner, options, { batchSize: true, threads: true, signal: true })
  return options
}
