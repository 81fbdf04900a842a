/** Public names of `@esc/model/browser`: training and evaluation on onnxruntime-web. */
import { assertKnown, type FeatureSet, type TrainedModel } from '@esc/core'
import { ortRuntime } from '@esc/onnx/browser'
import {
  type PredictOptions,
  evaluate as portableEvaluate,
  predict as portablePredict,
  withTemperature as portableWithTemperature,
} from '../evaluate/evaluate.js'
import { type Chosen, readChosen } from '../evaluate/examples.js'
import type { ClipPrediction, Evaluation } from '../evaluate/results.js'
import { ortEngine } from '../ort/engine.js'
import { optionNames } from '../training/resolve-options.js'
import { fit as portableFit, train as portableTrain } from '../training/train.js'
import type { TrainEvent, TrainingSplit, TrainingStart, TrainOptions } from '../training/train-options.js'
import type { TrainingRun } from '../training/training-run.js'

/** Options of `train` on onnxruntime-web: those of `train` of `@esc/model`, without `engine`. */
export interface BrowserTrainOptions extends Omit<TrainOptions, 'engine' | 'runtime'> {
  /**
   * Threads inside one operator. More than one has conditions; see `ortRuntime` of `@esc/onnx/browser`.
   * @defaultValue none: ONNX Runtime chooses
   */
  threads?: number | undefined
}

/** Options of `predict`, `evaluate` and `withTemperature` on onnxruntime-web. */
export type BrowserPredictOptions = Omit<PredictOptions, 'runtime'>

/**
 * `train` of `@esc/model` on onnxruntime-web. A step blocks its thread, so train in a web worker if the page must stay responsive.
 *
 * @throws EscError INVALID_OPTION if an option is unknown or `threads` is out of range. The run rejects with the errors of `train` of
 *   `@esc/model`.
 * @example for await (const event of train(melCnn, features, split, { epochs: 5 })) console.log(event)
 */
export function train(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: BrowserTrainOptions = {},
): TrainingRun {
  return portableTrain(network, set, split, withEngine('train', options))
}

/**
 * `fit` of `@esc/model` on onnxruntime-web; see {@link train}.
 *
 * @throws EscError as {@link train}.
 * @example const model = await fit(melCnn, features, split, { epochs: 5 })
 */
export async function fit(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: BrowserTrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined } = {},
): Promise<TrainedModel> {
  return portableFit(network, set, split, withEngine('fit', options))
}

/**
 * `predict` of `@esc/model` on onnxruntime-web. Without indices, or with `null`, it takes all examples.
 *
 * @throws EscError as `predict` of `@esc/model`.
 * @example const [first] = await predict(model, features, split.test)
 */
export async function predict(
  model: TrainedModel,
  set: FeatureSet,
  ...rest: Chosen<BrowserPredictOptions>
): Promise<ClipPrediction[]> {
  const [indices, options = {}] = readChosen(rest)
  return portablePredict(model, set, indices, { ...checked('predict', options), runtime: ortRuntime })
}

/**
 * `evaluate` of `@esc/model` on onnxruntime-web. Without indices, or with `null`, it takes all examples.
 *
 * @throws EscError as `evaluate` of `@esc/model`.
 * @example const { accuracy } = await evaluate(model, features, split.test)
 */
export async function evaluate(
  model: TrainedModel,
  set: FeatureSet,
  ...rest: Chosen<BrowserPredictOptions>
): Promise<Evaluation> {
  const [indices, options = {}] = readChosen(rest)
  return portableEvaluate(model, set, indices, { ...checked('evaluate', options), runtime: ortRuntime })
}

/**
 * `withTemperature` of `@esc/model` on onnxruntime-web.
 *
 * @throws EscError as `withTemperature` of `@esc/model`.
 * @example const calibrated = await withTemperature(model, features, split.validation!)
 */
export async function withTemperature(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: BrowserPredictOptions = {},
): Promise<TrainedModel> {
  const [chosen] = readChosen([indices])
  const known = checked('withTemperature', options)
  return portableWithTemperature(model, set, chosen, { ...known, runtime: ortRuntime })
}

function withEngine<T extends BrowserTrainOptions>(owner: string, given: T) {
  const { engine: _engine, runtime: _runtime, ...names } = optionNames
  const known = { ...names, threads: true, ...(owner === 'fit' ? { onEvent: true } : {}) } as const
  assertKnown<BrowserTrainOptions>(owner, given, known)
  const { threads, ...options } = given
  const engine = ortEngine({ runtime: ortRuntime, ...(threads === undefined ? {} : { threads }) })
  return { ...options, engine, runtime: ortRuntime }
}

function checked(owner: string, options: BrowserPredictOptions): BrowserPredictOptions {
  assertKnown(owner, options, { batchSize: true, threads: true, signal: true })
  return options
}
