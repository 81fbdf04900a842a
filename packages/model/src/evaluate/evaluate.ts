/** `predict`, `evaluate`, `evaluateSession`, `withTemperature`: what a model predicts for each clip, and how well. */
import {
  type Activation,
  asOptions,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  assertSignal,
  assertTrainedModel,
  type FeatureSet,
  type TrainedModel,
} from '@esc/core'
import {
  assertRuntime,
  assertSession,
  lowerNetwork,
  type OnnxRuntime,
  type Session,
  writeModel,
} from '@esc/onnx'
import { type Chosen, chooseExamples, readChosen } from './examples.js'
import { type ClipPrediction, type Evaluation, predictionsOf } from './results.js'
import { clipOutputsOf, type ExampleOutputs, runSession } from './run-session.js'
import { assertSameOrigin } from './same-origin.js'
import { evaluationOf } from './summarize.js'
import { fitTemperature } from './temperature.js'

/** Options of `predict`, `evaluate` and `withTemperature`. */
export interface PredictOptions {
  /** Runs the model. `/node` and `/browser` fill this in. */
  runtime: OnnxRuntime
  /** Examples per run. It changes results only by rounding. @defaultValue `32` */
  batchSize?: number | undefined
  /** Threads inside one operator. @defaultValue none: ONNX Runtime chooses */
  threads?: number | undefined
  /** Aborting it stops before the next run; the call throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
}

/** Options of {@link evaluateSession}. */
export interface EvaluateSessionOptions {
  /** Turns the model's logits into scores. @defaultValue `'softmax'` */
  activation?: Activation | undefined
  /** The model's temperature: the logits of each example are divided by it, a number > 0. @defaultValue `1` */
  temperature?: number | undefined
  /** Examples per run. @defaultValue `32` */
  batchSize?: number | undefined
  /** Aborting it stops before the next run; the call throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
}

/**
 * Predicts every clip.
 *
 * @param indices - Which examples of the set; `null` takes all.
 * @returns One prediction for each clip, in the order in which the clips first appear. The scores of a clip's windows are
 *   averaged.
 * @throws EscError INVALID_INPUT naming an example whose features do not fit or are not finite, or an index outside the set;
 *   INCOMPATIBLE_MODEL if the set has other labels or another recipe than the model; the signal's reason.
 * @example const [first] = await predict(model, features, split.test, { runtime: ortRuntime })
 */
export async function predict(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<ClipPrediction[]> {
  const outputs = await run('predict', model, set, indices, options)
  return predictionsOf(clipOutputsOf(outputs, model.activation, model.temperature), model.activation)
}

/**
 * Predicts every clip, and reports how many predictions are right and how far the scores can be trusted.
 *
 * Without a sigmoid, one label of each clip counts as true: `labelIndex`. With a sigmoid, the targets of the examples count, which may
 * have several labels, and the result has no confusion matrix.
 *
 * @param indices - Which examples of the set; `null` takes all.
 * @throws EscError as {@link predict}; INVALID_INPUT if there are no examples, or naming an example or a clip whose targets do not
 *   fit a sigmoid.
 * @example const { accuracy, confusion } = await evaluate(model, features, split.test, { runtime: ortRuntime })
 */
export async function evaluate(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<Evaluation> {
  const outputs = await run('evaluate', model, set, indices, options)
  const { activation, temperature } = model
  return evaluationOf(clipOutputsOf(outputs, activation, temperature), set.labels, activation)
}

/**
 * {@link evaluate} for a session that is already open, such as that of a quantised model. Pass the model's `activation` and
 * `temperature`, because a session does not know them.
 *
 * @param session - A session of a model with one input, for features as in the set, and with an output `logits`.
 * @param indices - Which examples of the set; `null` takes all.
 * @throws EscError INVALID_INPUT naming an example whose features do not fit or are not finite, an index outside the set, or if
 *   there are no examples; INCOMPATIBLE_MODEL if the number of outputs is not the number of labels, or the model takes other
 *   features; INVALID_OPTION if an option is out of range or unknown.
 * @example const { accuracy } = await evaluateSession(session, features, split.test)
 */
export async function evaluateSession(
  session: Session,
  set: FeatureSet,
  ...rest: Chosen<EvaluateSessionOptions>
): Promise<Evaluation> {
  const [indices, options = {}] = readChosen(rest)
  assertSession(session)
  assertKnown('evaluateSession', options, sessionNames)
  const { activation = 'softmax', temperature = 1, ...others } = options
  assertOneOf('activation', activation, ['softmax', 'sigmoid'])
  assertPositive('temperature', temperature)
  assertSignal(others.signal)
  const withTargets = activation === 'sigmoid'
  const outputs = await runSession(session, set, chooseExamples(set, indices), { ...others, withTargets })
  return evaluationOf(clipOutputsOf(outputs, activation, temperature), set.labels, activation)
}

/**
 * The model with the temperature that makes the loss of validation clips lowest. Its scores then say how often a label is right.
 * Networks are often too sure; their temperature is above 1. The best label of a clip of one window stays the same.
 *
 * @param model - Its own temperature has no influence on the result.
 * @param indices - The validation examples; `null` takes all. On training examples the temperature would be too low, and test examples
 *   would leak.
 * @returns A copy of the model with another `temperature`, in [0.05, 20].
 * @throws EscError as {@link evaluate}.
 * @see {@link fitTemperature}
 * @example const calibrated = await withTemperature(model, features, split.validation!, { runtime: ortRuntime })
 */
export async function withTemperature(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<TrainedModel> {
  const { records, logits, targets } = await run('withTemperature', model, set, indices, options)
  const { temperature } = fitTemperature(logits, targets ?? records.map(({ labelIndex }) => labelIndex), {
    classes: set.labels.length,
    activation: model.activation,
    clipIds: records.map(({ clipId }) => clipId),
  })
  return { ...model, temperature }
}

const sessionNames = { activation: true, temperature: true, batchSize: true, signal: true } as const

async function run(
  owner: 'predict' | 'evaluate' | 'withTemperature',
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<ExampleOutputs> {
  assertKnown(owner, options, { runtime: true, batchSize: true, threads: true, signal: true })
  const { runtime, threads, ...others } = asOptions(owner, options)
  if (threads !== undefined) assertInteger('threads', threads, 1)
  assertRuntime(
    owner === 'withTemperature' ? owner : 'predict and evaluate',
    '@esc/model/node or /browser',
    runtime,
  )
  assertSignal(others.signal)
  assertTrainedModel(model)
  const chosen = chooseExamples(set, indices)
  assertSameOrigin(model, set)
  const { graph, normalizer, activation } = model
  const bytes = writeModel(lowerNetwork(graph, { normalizer }))
  const session = await runtime.createSession(bytes, threads === undefined ? {} : { threads })
  try {
    const withTargets = owner !== 'predict' && activation === 'sigmoid'
    return await runSession(session, set, chosen, { ...others, withTargets, shape: graph.input.shape })
  } finally {
    await session.release()
  }
}
