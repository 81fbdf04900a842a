/** What a model says of examples, clip by clip, and how well. */
import {
  type Activation,
  allIndices,
  asOptions,
  assertFeatureSet,
  assertIndices,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertSignal,
  assertTrainedModel,
  EscError,
  type FeatureSet,
  featureBatches,
  type InputShape,
  scoresOf,
  type TrainedModel,
} from '@esc/core'
import {
  assertRuntime,
  assertSession,
  floatData,
  lowerNetwork,
  type OnnxRuntime,
  type Session,
  singleInputName,
  writeModel,
} from '@esc/onnx'
import { logitsByClip, meanLoss, rowsByClip } from './clip-scores.js'
import { argmaxRows, type ClassificationReport, classificationReport } from './metrics.js'

/** Options of `predict` and `evaluate`; `/node` and `/browser` bind the runtime. */
export interface PredictOptions {
  runtime: OnnxRuntime
  /** Examples a run. Results do not depend on it beyond rounding. @defaultValue 32 */
  batchSize?: number | undefined
  /** Threads inside one operator. @defaultValue ONNX Runtime's own choice */
  threads?: number | undefined
  signal?: AbortSignal | undefined
}

/** Options of {@link evaluateSession}. */
export interface EvaluateSessionOptions {
  /** What turns the model's logits into scores. @defaultValue `'softmax'` */
  activation?: Activation | undefined
  /** Examples a run. @defaultValue 32 */
  batchSize?: number | undefined
  signal?: AbortSignal | undefined
}

/** What a model says of one clip. */
export interface ClipPrediction {
  clipId: string
  /** The right label. */
  labelIndex: number
  /** The label with the highest score; the first one on a tie. */
  predictedIndex: number
  /** In [0, 1], one for each label; of several windows their mean. */
  scores: readonly number[]
}

/**
 * A {@link ClassificationReport} over clips, with the predictions behind it. It takes the one label of each clip for right; where
 * examples have targets of several labels, it is that of `labelIndex`.
 */
export interface Evaluation extends ClassificationReport {
  /** Mean cross-entropy of the clips' labels; of a sigmoid model the binary one. */
  loss: number
  /** [clips, classes], in the order of `clips`. */
  logits: Float32Array
  /** In the order in which the clips first appear. */
  clips: readonly ClipPrediction[]
}

/**
 * What a model says of each clip.
 *
 * @param indices - Which examples of the set; `null` takes all.
 * @returns One prediction for each clip, in the order in which they first appear. Windows of one clip are averaged.
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
 * Predicts every clip and reports how well.
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
 * {@link evaluate} for a session that is open already, such as that of a quantised model. Say what turns its logits into scores: the
 * session does not.
 *
 * @param session - Of a model whose one input takes features as the set has them, and which has an output `logits`.
 * @param indices - Which examples of the set; `null` takes all.
 * @throws EscError INVALID_INPUT naming an example whose features do not fit or are not finite, an index outside the set, or if
 *   there are no examples; INCOMPATIBLE_MODEL if the model has not one output per label of the set, or takes other features.
 * @example const { accuracy } = await evaluateSession(int8Session, features, split.test)
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

/** Which examples, all if they are left out or `null`, and how. */
export type Chosen<Options> = [indices?: ArrayLike<number> | null, options?: Options]

/**
 * Reads the arguments behind a set. Indices that are `undefined` are no choice of all: they are those of a part that a split does not
 * have, and all would be the training part, too.
 *
 * @throws EscError INVALID_INPUT if the indices are given, and undefined.
 */
export function readChosen<Options>(
  rest: Chosen<Options>,
): [indices: ArrayLike<number> | null, options: Options | undefined] {
  const [indices = null, options] = rest
  if (rest.length === 0 || rest[0] !== undefined) return [indices, options]
  throw new EscError(
    'INVALID_INPUT',
    'indices is undefined: does the split have that part? Leave it out, or pass null, for all examples',
  )
}

/** A model's answers for clips. */
interface ClipOutputs {
  clipIds: readonly string[]
  labelIndices: readonly number[]
  /** [clips, classes]. */
  logits: Float32Array
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

function chooseExamples(set: FeatureSet, indices: ArrayLike<number> | null): Int32Array {
  assertFeatureSet(set)
  if (indices === null) return allIndices(set)
  assertIndices('indices', indices, set)
  if (indices.length === 0) throw new EscError('INVALID_INPUT', 'indices is empty; give at least one example')
  return Int32Array.from(indices)
}

/** Other labels, or other features, would give figures that look right. */
function assertSameOrigin(model: TrainedModel, set: FeatureSet): void {
  const different = set.labels.findIndex((label, i) => label !== model.labels[i])
  if (different >= 0 || set.labels.length !== model.labels.length) {
    const at = Math.max(0, different)
    const found = `label ${at} is '${set.labels[at]}' in the set, '${model.labels[at]}' in the model`
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `${found}; the set must have the model's ${model.labels.length} labels in their order`,
    )
  }
  if (set.recipe && model.recipe && !isSameJson(set.recipe, model.recipe)) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      "the set's features are of another recipe than the model's; extract them with model.recipe",
    )
  }
}

function isSameJson(a: unknown, b: unknown): boolean {
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b
  const [keys, others] = [Object.keys(a), Object.keys(b)]
  return (
    keys.length === others.length &&
    keys.every((key) => isSameJson((a as Record<string, unknown>)[key], (b as Record<string, unknown>)[key]))
  )
}

async function runSession(
  session: Session,
  set: FeatureSet,
  indices: Int32Array,
  options: EvaluateSessionOptions & { activation: Activation; shape?: InputShape },
): Promise<ClipOutputs> {
  const { activation, batchSize = 32, shape, signal } = options
  assertInteger('batchSize', batchSize, 1)
  const inputName = singleInputName(session)
  const classes = set.labels.length
  const logits = new Float32Array(indices.length * classes)
  let row = 0
  for await (const { dims, data } of featureBatches(set, indices, { batchSize, shape, signal })) {
    const input = { type: 'float32' as const, dims, data }
    const found = floatData(await session.run({ [inputName]: input }), 'logits')
    if (found.length !== dims[0] * classes) {
      const outputs = found.length / dims[0]
      throw new EscError('INCOMPATIBLE_MODEL', `the model has ${outputs} outputs for ${classes} labels`)
    }
    assertFinite(found, set, indices, row, classes)
    logits.set(found, row * classes)
    row += dims[0]
  }
  const records = Array.from(indices, (index) => set.records[index]!)
  const rows = rowsByClip(records.map(({ clipId }) => clipId))
  return {
    clipIds: [...rows.keys()],
    labelIndices: [...rows.values()].map(([first]) => records[first!]!.labelIndex),
    logits: logitsByClip(logits, [...rows.values()], classes, activation),
  }
}

/** A score that is no number would look like an answer. */
function assertFinite(
  logits: Float32Array,
  set: FeatureSet,
  indices: Int32Array,
  row: number,
  classes: number,
): void {
  const at = logits.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const { id } = set.records[indices[row + Math.floor(at / classes)]!]!
  const found = `the model's logits are not finite at example '${id}'`
  throw new EscError('INCOMPATIBLE_MODEL', `${found}: its weights or its normaliser leave float32's range`, {
    detail: { id },
  })
}

function predictionsOf(
  { clipIds, labelIndices, logits }: ClipOutputs,
  activation: Activation,
): ClipPrediction[] {
  const classes = logits.length / clipIds.length
  const predicted = argmaxRows(logits, classes)
  const scores = scoresOf(logits, classes, activation)
  return clipIds.map((clipId, clip) => ({
    clipId,
    labelIndex: labelIndices[clip]!,
    predictedIndex: predicted[clip]!,
    scores: scores[clip]!,
  }))
}

function evaluationOf(outputs: ClipOutputs, labels: readonly string[], activation: Activation): Evaluation {
  const clips = predictionsOf(outputs, activation)
  const { labelIndices, logits } = outputs
  const targets = new Float32Array(logits.length)
  for (const [clip, label] of labelIndices.entries()) targets[clip * labels.length + label] = 1
  return {
    ...classificationReport(
      labelIndices,
      clips.map(({ predictedIndex }) => predictedIndex),
      labels,
    ),
    loss: meanLoss(logits, targets, labels.length, activation),
    logits,
    clips,
  }
}
