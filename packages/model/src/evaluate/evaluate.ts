/** `predict`, `evaluate` and `evaluateSession`: what a model predicts for each clip, and how well. */
import {
  type Activation,
  asOptions,
  assertInteger,
  assertKnown,
  assertOneOf,
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
import { type ClipPrediction, type Evaluation, evaluationOf, predictionsOf } from './results.js'
import { type ClipOutputs, runSession } from './run-session.js'
import { assertSameOrigin } from './same-origin.js'

/** Options of `predict` and `evaluate`. */
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
  return predictionsOf(outputs, model.activation)
}

/**
 * Predicts every clip and reports how many predictions are right.
 *
 * @param indices - Which examples of the set; `null` takes all.
 * @throws EscError as {@link predict}; INVALID_INPUT if there are no examples.
 * @example const { accuracy, confusion } = await evaluate(model, features, split.test, { runtime: ortRuntime })
 */
export async function evaluate(
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<Evaluation> {
  const outputs = await run('evaluate', model, set, indices, options)
  return evaluationOf(outputs, set.labels, model.activation)
}

/**
 * {@link evaluate} for a session that is already open, such as that of a quantised model. Pass the model's `activation`, because a
 * session does not know it.
 *
 * @param session - A session of a model with one input, for features as in the set, and with an output `logits`.
 * @param indices - Which examples of the set; `null` takes all.
 * @throws EscError INVALID_INPUT naming an example whose features do not fit or are not finite, an index outside the set, or if
 *   there are no examples; INCOMPATIBLE_MODEL if the number of outputs is not the number of labels, or the model takes other
 *   features.
 * @example const { accuracy } = await evaluateSession(session, features, split.test)
 */
export async function evaluateSession(
  session: Session,
  set: FeatureSet,
  ...rest: Chosen<EvaluateSessionOptions>
): Promise<Evaluation> {
  const [indices, options = {}] = readChosen(rest)
  assertSession(session)
  assertKnown('evaluateSession', options, { activation: true, batchSize: true, signal: true })
  const { activation = 'softmax', ...others } = options
  assertOneOf('activation', activation, ['softmax', 'sigmoid'])
  assertSignal(others.signal)
  const outputs = await runSession(session, set, chooseExamples(set, indices), { ...others, activation })
  return evaluationOf(outputs, set.labels, activation)
}

async function run(
  owner: 'predict' | 'evaluate',
  model: TrainedModel,
  set: FeatureSet,
  indices: ArrayLike<number> | null,
  options: PredictOptions,
): Promise<ClipOutputs> {
  assertKnown(owner, options, { runtime: true, batchSize: true, threads: true, signal: true })
  const { runtime, threads, ...others } = asOptions(owner, options)
  if (threads !== undefined) assertInteger('threads', threads, 1)
  assertRuntime('predict and evaluate', '@esc/model/node or /browser', runtime)
  assertSignal(others.signal)
  assertTrainedModel(model)
  const chosen = chooseExamples(set, indices)
  assertSameOrigin(model, set)
  const { graph, normalizer, activation } = model
  const bytes = writeModel(lowerNetwork(graph, { normalizer }))
  const session = await runtime.createSession(bytes, threads === undefined ? {} : { threads })
  try {
    return await runSession(session, set, chosen, { ...others, activation, shape: graph.input.shape })
  } finally {
    await session.release()
  }
}
