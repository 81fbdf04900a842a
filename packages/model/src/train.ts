/** The training loop: batches, epochs, validation, early stopping, checkpoints. */
import {
  assertCallback,
  assertGraph,
  assertTrainedModel,
  classCount,
  createRng,
  describeValue,
  type EpochRecord,
  EscError,
  type FeatureSet,
  hasField,
  isEscError,
  type NetworkGraph,
  namedWeights,
  type TrainedModel,
  typeOf,
  withWeights,
  wrongValue,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { framesOfWindow, windowsOfClips } from '@esc/dsp'
import { createBatchSource } from './batches.js'
import {
  corruptCheckpoint,
  decodeCheckpoint,
  encodeCheckpoint,
  otherRun,
  type SavedTraining,
} from './checkpoint.js'
import { createEarlyStopping } from './early-stopping.js'
import type { EngineState, TrainingEngine } from './engine.js'
import { describeRun, type RunDescription } from './run-description.js'
import { inputShapeOf, partsOf, surveyExamples, type TrainingParts, warningOf } from './survey.js'
import { assertFiniteState, trainEpoch } from './train-epoch.js'
import {
  type Network,
  type ResolvedOptions,
  resolveOptions,
  type TrainEvent,
  type TrainingSplit,
  type TrainOptions,
} from './train-options.js'
import { createTrainingRun, type TrainingRun } from './training-run.js'
import { validate } from './validate.js'

/**
 * Trains a network. What happens can be followed, and the model is there at the end.
 *
 * The features' mean and standard deviation are fitted on the training part and become part of the model (see `normalize`). With
 * validation examples, the weights of the epoch with the lowest validation loss are kept, and training stops early. The same
 * seed, examples, engine and machine give the same weights, also where training was cut off and goes on from a checkpoint.
 * While the engine makes a step, the next batch is prepared.
 *
 * @param network - A network with its first weights, which is not changed; or what makes one, such as `melCnn` itself.
 * @param set - What `extractFeatures`, `openFeatures` or `featureSet` return.
 * @param split - Which examples are learnt from, and which decide when to stop; `trainValTest(set, …)` returns one.
 * @returns A run; nothing is done before its events are read or its result is asked for. These reject with: EscError
 *   INVALID_OPTION naming an option that is unknown or out of range; INVALID_INPUT if the set, the split, the network and the
 *   features do not fit each other, a feature is not finite, or the checkpoint is of another run; DIVERGED if the loss or a weight
 *   stops being a number (the message says where it began); CORRUPT_DATA if the checkpoint is damaged; UNSUPPORTED_LAYER if a
 *   layer cannot be trained.
 * @example
 * const run = train(melCnn, features, split, { engine: ortEngine({ runtime: ortRuntime }) })
 * for await (const event of run) if (event.type === 'epoch') console.log(event.epoch, event.validationLoss)
 * const model = await run.result()
 */
export function train(
  network: Network,
  set: FeatureSet,
  split: TrainingSplit,
  options: TrainOptions,
): TrainingRun {
  return createTrainingRun((keep) => trainEvents(network, set, split, options, keep), options?.signal)
}

/**
 * Runs {@link train} to its end.
 *
 * @param options - Those of {@link train}, and `onEvent`, which sees every event; it is not awaited.
 * @returns The trained model, with which `evaluate`, `predict` and `saveModel` of `@esc/edge/node` go on.
 * @throws EscError as {@link train}; the signal's reason.
 * @example const model = await fit(melCnn, features, split, { engine: ortEngine({ runtime: ortRuntime }), epochs: 30 })
 */
export async function fit(
  network: Network,
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
  network: Network,
  set: FeatureSet,
  split: TrainingSplit,
  options: TrainOptions,
  keep: (model: TrainedModel) => void,
): AsyncGenerator<TrainEvent, void> {
  const resolved = resolveOptions(options, set?.labels?.length ?? 0)
  const { epochs, batchSize, seed, loss, optimizer, checkpoint, signal } = resolved
  signal?.throwIfAborted()
  const parts = partsOf(set, split)
  const { graph, model, warning, digests } = await prepare(network, set, parts, resolved)
  const { normalizer } = model
  const shape = graph.input.shape
  const classes = classCount(graph)
  const rng = createRng(seed)
  const { augment, mix, teacherLogits } = resolved
  const batches = createBatchSource(set, parts.train, {
    ...{ augment, mix, teacherLogits, loss, batchSize },
    ...{ shape, classes, normalizer, rng },
  })
  const run = digests ? await describeRun(graph, digests, set.labels, resolved) : {}
  const saved = await readCheckpoint(graph, run, resolved)
  signal?.throwIfAborted()
  const progress = createProgress(graph, model, resolved)
  const first: TrainEvent[] = warning === null ? [] : [{ type: 'warning', message: warning }]
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
  const engine = await options.engine(graph, { rng: dropoutRng, loss, optimizer })
  try {
    if (saved) await restore(engine, saved)
    yield* first
    while (!progress.isDone()) {
      signal?.throwIfAborted()
      const epoch = progress.history.length + 1
      const order = rng.fork(`order ${epoch}`).shuffle(Int32Array.from(parts.train.keys()))
      const { trainMs, learningRate, ...figures } = yield* trainEpoch({
        engine,
        batches,
        order,
        epoch,
        classes,
        options: resolved,
      })
      const state = await engine.state()
      assertFiniteState(state, epoch, learningRate, resolved)
      const validation = await validationFigures(engine, set, parts, {
        ...{ shape, normalizer, classes, batchSize, signal },
        kind: loss.kind,
      })
      // In the order in which a checkpoint gives them back, so that a resumed training makes the same files.
      const record: EpochRecord = { epoch, ...figures, ...validation, learningRate }
      const best = progress.observe(record)
      const kept = progress.model(best ? weightsOf(graph, state) : null)
      keep(kept)
      if (checkpoint) {
        const present = { state, rng: dropoutRng.state(), history: kept.history, best: kept.graph }
        await checkpoint.write(await encodeCheckpoint(run, present))
      }
      yield { type: 'epoch', epochs, best, trainMs, ...record }
    }
  } finally {
    await engine.release()
  }
}

/** The network with its first weights, the model it is to become, and what was found on the way there. */
async function prepare(network: Network, set: FeatureSet, parts: TrainingParts, options: ResolvedOptions) {
  const { seed, normalize, loss, checkpoint, signal } = options
  const { labels, windows, dataset } = set
  // What could not be saved is refused before hours of training.
  const recipe = set.recipe ? parseRecipe(set.recipe) : null
  const graph = await networkFor(network, set, parts, seed)
  const classes = classCount(graph)
  if (classes !== labels.length) {
    throw new EscError('INVALID_INPUT', `the network has ${classes} outputs, the set ${labels.length} labels`)
  }
  const shape = graph.input.shape
  const { statistics, digests } = await surveyExamples(set, parts, {
    ...{ shape, classes, signal },
    kind: loss.kind,
    withDigests: checkpoint !== undefined,
  })
  const frames = shape[2]
  if (recipe && windows && framesOfWindow(recipe, windows) !== frames) {
    const made = framesOfWindow(recipe, windows)
    throw new EscError('INVALID_INPUT', `the set's windows make ${made} frames; the features have ${frames}`)
  }
  const model: TrainedModel = {
    graph,
    labels: [...labels],
    recipe,
    normalizer: normalize === null ? null : statistics,
    activation: loss.kind ?? 'softmax',
    windows: recipe && (windows ?? windowsOfClips(recipe, frames)),
    dataset: dataset ?? null,
    history: [],
    bestEpoch: 0,
    stoppedEarly: false,
  }
  assertTrainedModel(model)
  return { graph, model, digests, warning: normalize === null ? warningOf(statistics) : null }
}

async function networkFor(
  network: Network,
  set: FeatureSet,
  parts: TrainingParts,
  seed: number,
): Promise<NetworkGraph> {
  if (typeof network !== 'function') {
    if (typeOf(network) === 'object') return graphOf('network is', network)
    throw wrongValue('network', network, 'a NetworkGraph, or a function that makes one, such as melCnn')
  }
  const [, bins, frames] = await inputShapeOf(set, parts)
  const made = network({ bins, frames, classes: set.labels.length, seed })
  return graphOf("what the network's function returned is", made)
}

function graphOf(what: string, graph: NetworkGraph): NetworkGraph {
  const isModel = hasField(graph, 'graph') && !hasField(graph, 'nodes')
  if (typeOf(graph) === 'object' && !isModel) {
    assertGraph('network', graph)
    return graph
  }
  const advice = isModel ? '; pass model.graph to go on from its weights' : ''
  throw new EscError(
    'INVALID_INPUT',
    `${what} no NetworkGraph: it is ${isModel ? 'a trained model' : describeValue(graph)}${advice}`,
  )
}

/** How far training came; what follows from the history is computed from it, in a resumed training as in any other. */
function createProgress(graph: NetworkGraph, model: TrainedModel, { epochs, patience }: ResolvedOptions) {
  const stopping = createEarlyStopping(patience)
  const history: EpochRecord[] = []
  let [best, bestEpoch, stoppedEarly] = [graph, 0, false]
  return {
    history,
    isDone: () => stoppedEarly || history.length >= epochs,
    /** Notes an epoch's figures, and says whether it is the best so far. */
    observe(record: EpochRecord): boolean {
      const { epoch, validationLoss } = record
      const seen = validationLoss === null ? { best: true, stop: false } : stopping.observe(validationLoss)
      history.push(record)
      if (seen.best) bestEpoch = epoch
      stoppedEarly = seen.stop && epoch < epochs
      return seen.best
    },
    /** The best model so far; `improved` takes the place of its network. */
    model(improved: NetworkGraph | null): TrainedModel {
      best = improved ?? best
      return { ...model, graph: best, history: [...history], bestEpoch, stoppedEarly }
    },
  }
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

async function readCheckpoint(
  graph: NetworkGraph,
  run: RunDescription,
  { checkpoint, epochs, rateAt }: ResolvedOptions,
): Promise<SavedTraining | null> {
  const bytes = (await checkpoint?.read()) ?? null
  if (bytes === null) return null
  if (!(bytes instanceof Uint8Array)) {
    throw new EscError(
      'INVALID_OPTION',
      `what checkpoint.read returned is ${describeValue(bytes)}; it must be a Uint8Array, or null`,
    )
  }
  const saved = await decodeCheckpoint(bytes, graph, run)
  const { history } = saved
  if (history.length > epochs) throw otherRun([['epochs', `${history.length} or more`, epochs]])
  const other = history.find(({ epoch, learningRate }) => rateAt(epoch - 1) !== learningRate)
  if (other) {
    const what = `learningRate of epoch ${other.epoch}`
    throw otherRun([[what, other.learningRate, rateAt(other.epoch - 1)]])
  }
  return saved
}

async function restore(engine: TrainingEngine, { state }: SavedTraining): Promise<void> {
  try {
    await engine.restore(state)
  } catch (error) {
    if (isEscError(error, 'INVALID_INPUT')) throw corruptCheckpoint(error.message, error)
    throw error
  }
}

function weightsOf(graph: NetworkGraph, { values }: EngineState): NetworkGraph {
  return withWeights(graph, Object.fromEntries(namedWeights(graph).map(({ name }) => [name, values[name]!])))
}
