/** `train` and `fit`: the training loop over epochs. */
import {
  assertCallback,
  classCount,
  createRng,
  type EpochRecord,
  EscError,
  type FeatureSet,
  type NetworkGraph,
  namedWeights,
  type TrainedModel,
  typeOf,
  withWeights,
} from '@esc/core'
import { averageName } from '../engine/averages.js'
import type { EngineState, TrainingEngine } from '../engine/engine.js'
import { type BatchSource, createBatchSource } from './batches.js'
import { encodeCheckpoint } from './checkpoint/checkpoint.js'
import { readCheckpoint, restoreEngine } from './checkpoint/resume.js'
import { describeRun } from './checkpoint/run-description.js'
import { prepareTraining } from './prepare.js'
import { createProgress } from './progress.js'
import { type ResolvedOptions, resolveOptions } from './resolve-options.js'
import { balancedWeights, drawOrder } from './sampling.js'
import { isTrainedModel } from './start-from-model.js'
import { partsOf, type TrainingParts } from './survey.js'
import { assertTeachers, openTeacher, type Teacher } from './teacher.js'
import { assertFiniteState, trainEpoch } from './train-epoch.js'
import type { TrainEvent, TrainingSplit, TrainingStart, TrainOptions } from './train-options.js'
import { createTrainingRun, type TrainingRun } from './training-run.js'
import { validate } from './validate.js'

/**
 * Trains a network. Its events can be read while it runs, and it ends with a model.
 *
 * Mean and standard deviation of the features are computed over the training part and stored in the model (see `normalize`).
 * With validation examples, the model has the weights of the epoch with the lowest validation loss, and training stops early (see
 * `earlyStopping`). The
 * same seed, examples, engine and machine give the same weights, also if training was interrupted and went on from a checkpoint.
 * While the engine computes a step, the next batch is prepared.
 *
 * @param network - A network with its initial weights, which does not change; a function that builds one, such as `melCnn`; or a trained
 *   model. Training goes on from a model's weights, with its normaliser, and the history starts anew. The set must have the model's
 *   recipe. If it has other labels, the last Dense layer is made anew, and a `warning` says so.
 * @param set - The result of `extractFeatures`, `openFeatures` or `featureSet`.
 * @param split - Which examples are for learning, and which decide when to stop; `trainValTest(set, …)` returns one.
 * @returns A run. It starts when its events are read or its `result()` is called. Both reject with: EscError INVALID_OPTION naming
 *   an option that is unknown or out of range; INVALID_INPUT if the set, the split, the network and the features do not fit each
 *   other, a feature is not finite, or the checkpoint belongs to another training; INCOMPATIBLE_MODEL if the set has another recipe than
 *   the trained model; DIVERGED if the loss or a weight stops being
 *   finite (the message says where it began); CORRUPT_DATA if the checkpoint is damaged; UNSUPPORTED_LAYER if a layer cannot be
 *   trained.
 * @example
 * const run = train(melCnn, features, split, { engine: ortEngine({ runtime: ortRuntime }) })
 * for await (const event of run) if (event.type === 'epoch') console.log(event.epoch, event.validationLoss)
 * const model = await run.result()
 */
export function train(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: TrainOptions,
): TrainingRun {
  return createTrainingRun((keep) => trainEvents(network, set, split, options, keep), options?.signal)
}

/**
 * Runs {@link train} to its end.
 *
 * @param options - The options of {@link train}, and `onEvent`, which gets every event. If it returns a promise, training does not
 *   wait for that.
 * @returns The trained model, for `evaluate`, `predict`, and `saveModel` of `@esc/edge/node`.
 * @throws EscError as {@link train}; the signal's reason.
 * @example const model = await fit(melCnn, features, split, { engine: ortEngine({ runtime: ortRuntime }), epochs: 30 })
 */
export async function fit(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: TrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined },
): Promise<TrainedModel> {
  const { onEvent, ...trainOptions } = options ?? {}
  assertCallback('onEvent', onEvent)
  const run = train(network, set, split, trainOptions)
  for await (const event of run) onEvent?.(event)
  return run.result()
}

async function* trainEvents(
  network: TrainingStart,
  set: FeatureSet,
  split: TrainingSplit,
  options: TrainOptions,
  keep: (model: TrainedModel) => void,
): AsyncGenerator<TrainEvent, void> {
  const balanced = () => balancedWeights(set, partsOf(set, split).train)
  const resolved = resolveOptions(optionsFor(network, options), set?.labels?.length ?? 0, balanced)
  const { epochs, batchSize, seed, loss, optimizer, ema, frozen, sampling, checkpoint, signal } = resolved
  signal?.throwIfAborted()
  const parts = partsOf(set, split)
  const { graph, model, warnings, digests } = await prepareTraining(network, set, parts, resolved)
  const rng = createRng(seed)
  const { teachers, runtime } = resolved
  assertTeachers(teachers, set.labels, graph.input.shape)
  const earlier = isTrainedModel(network) ? network : null
  const run = digests ? await describeRun({ graph, earlier }, digests, set, resolved) : {}
  const saved = await readCheckpoint(graph, run, resolved)
  signal?.throwIfAborted()
  const progress = createProgress(graph, model, resolved)
  const training = { set, parts, model, options: resolved }
  const first = warnings.map((message): TrainEvent => ({ type: 'warning', message }))
  if (saved) {
    for (const record of saved.history) progress.observe(record)
    keep(progress.model(saved.best))
    first.push({ type: 'resumed', epochs, history: saved.history })
  }
  if (progress.isDone()) {
    yield* first
    return
  }

  const dropoutRng = saved ? createRng(saved.rng) : rng.fork('dropout')
  const engine = await options.engine(graph, { rng: dropoutRng, loss, optimizer, ema, frozen })
  let teacher: Teacher | null = null
  try {
    if (teachers.length > 0) teacher = await openTeacher(teachers, runtime!)
    const batches = createBatchSource(set, parts.train, {
      ...{ loss, batchSize, rng, teacher },
      shape: graph.input.shape,
      classes: classCount(graph),
      normalizer: model.normalizer,
    })
    if (saved) await restoreEngine(engine, saved)
    yield* first
    while (!progress.isDone()) {
      signal?.throwIfAborted()
      const epoch = progress.history.length + 1
      const order = drawOrder(set, parts.train, sampling, rng.fork(`order ${epoch}`))
      const { trainMs, state, record } = yield* runEpoch(engine, batches, order, progress.history, training)
      const { best, kept: isKept } = progress.observe(record)
      const kept = progress.model(isKept ? weightsOf(graph, state, ema !== null) : null)
      keep(kept)
      if (checkpoint) {
        const present = { state, rng: dropoutRng.state(), history: kept.history, best: kept.graph }
        await checkpoint.write(await encodeCheckpoint(run, present))
      }
      yield { type: 'epoch', epochs, best, trainMs, ...record }
    }
  } finally {
    await engine.release()
    await teacher?.release()
  }
}

/**
 * The options for what training starts from: a trained model decides about the normaliser, and about the kind of the loss if it is not given.
 *
 * @throws EscError INVALID_OPTION if `normalize` is given together with a trained model.
 */
function optionsFor(network: TrainingStart, options: TrainOptions): TrainOptions {
  if (!isTrainedModel(network) || typeOf(options) !== 'object') return options
  if (options.normalize !== undefined) {
    throw new EscError(
      'INVALID_OPTION',
      'normalize cannot be given with a trained model, which keeps its normaliser; pass model.graph to fit one anew',
    )
  }
  const { loss = {} } = options
  const isKindOpen = typeOf(loss) === 'object' && loss.kind === undefined
  return isKindOpen ? { ...options, loss: { ...loss, kind: network.activation } } : options
}

/** Trains one epoch and validates. Returns the engine's state after it, and the epoch's figures. */
async function* runEpoch(
  engine: TrainingEngine,
  batches: BatchSource,
  order: Int32Array,
  history: readonly EpochRecord[],
  training: { set: FeatureSet; parts: TrainingParts; model: TrainedModel; options: ResolvedOptions },
): AsyncGenerator<TrainEvent, { trainMs: number; state: EngineState; record: EpochRecord }> {
  const { set, parts, model, options } = training
  const { shape } = model.graph.input
  const classes = classCount(model.graph)
  const epoch = history.length + 1
  const pass = { engine, batches, order, history, classes, options }
  const { trainMs, learningRate, ...figures } = yield* trainEpoch(pass)
  const state = await engine.state()
  assertFiniteState(state, epoch, learningRate, options)
  const { batchSize, signal, loss } = options
  const { normalizer } = model
  const validation = await validationFigures(engine, set, parts, {
    ...{ shape, normalizer, classes, batchSize, signal },
    kind: loss.kind,
  })
  // The keys are in the order in which a checkpoint returns them, so that a resumed training writes the same files.
  return { trainMs, state, record: { epoch, ...figures, ...validation, learningRate } }
}

async function validationFigures(
  engine: TrainingEngine,
  set: FeatureSet,
  { validation }: TrainingParts,
  others: Omit<Parameters<typeof validate>[1], 'set' | 'indices'>,
): Promise<Pick<EpochRecord, 'validationLoss' | 'validationAccuracy'>> {
  if (validation.length === 0) return { validationLoss: null, validationAccuracy: null }
  const { loss, accuracy } = await validate(engine, { set, indices: validation, ...others })
  return { validationLoss: loss, validationAccuracy: accuracy }
}

/** The network with the weights of the engine's state, or with their averages. */
function weightsOf(graph: NetworkGraph, { values }: EngineState, averaged: boolean): NetworkGraph {
  const data = namedWeights(graph).map(({ name }) => [name, values[averaged ? averageName(name) : name]!])
  return withWeights(graph, Object.fromEntries(data))
}
