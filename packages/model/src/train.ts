/** The training loop: batches, epochs, validation, early stopping, checkpoints. */
import {
  classCount,
  createRng,
  EscError,
  type Example,
  isEscError,
  type NetworkGraph,
  namedWeights,
  withWeights,
} from '@esc/core'
import { assertFeatures, assertLabel, indexRange } from './batch.js'
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
import { assertFiniteState, trainEpoch } from './train-epoch.js'
import {
  type EpochRecord,
  type ResolvedOptions,
  resolveOptions,
  type TrainEvent,
  type TrainExamples,
  type TrainOptions,
  type TrainResult,
  typeOf,
} from './train-options.js'
import { validate } from './validate.js'

/**
 * Trains a network, and yields what happens.
 *
 * With validation examples, the weights of the epoch with the lowest validation loss are kept, and training stops early. The
 * same seed, examples, engine and machine give the same weights, also where training was cut off and goes on from a checkpoint.
 * While the engine makes a step, the next batch is prepared.
 *
 * @param graph - The network with its initial weights; it is not changed.
 * @param examples - Features as the network reads them (normalised, if it is to be).
 * @returns As the generator's return value, the trained network and its history; {@link fit} hands it out.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range; INVALID_INPUT if there are no training
 *   examples, a feature's shape or a label is not the network's, a feature is not finite, the loss or a weight stops being a
 *   number (the message says where it began), or the checkpoint is of another run; CORRUPT_DATA if the checkpoint is damaged;
 *   UNSUPPORTED_LAYER if a layer cannot be trained.
 * @example
 * const options = { engine: ortEngine({ runtime: ortRuntime }), augment: specAugment(), mix: mixup }
 * for await (const event of train(graph, { train: examples, validation }, options)) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.validationLoss)
 * }
 */
export async function* train(
  graph: NetworkGraph,
  examples: TrainExamples,
  options: TrainOptions,
): AsyncGenerator<TrainEvent, TrainResult> {
  const resolved = resolveOptions(options)
  const { epochs, seed, loss, optimizer, checkpoint, signal } = resolved
  signal?.throwIfAborted()
  const classes = assertExamples(graph, examples)
  const { train: training, validation = [] } = examples
  const progress = createProgress(graph, resolved)
  const { result } = progress
  const rng = createRng(seed)
  const batches = createBatchSource(training, graph, classes, { ...resolved, rng })
  const run = checkpoint ? await describeRun(graph, examples, resolved) : {}
  const saved = await readCheckpoint(graph, run, resolved)
  signal?.throwIfAborted()
  const resumed: TrainEvent[] = []
  if (saved) {
    for (const record of saved.history) progress.observe(record)
    result.graph = saved.best
    resumed.push({ type: 'resumed', epochs, history: saved.history })
  }
  if (progress.isDone()) {
    yield* resumed
    return result
  }

  const dropoutRng = saved ? createRng(saved.rng) : rng.fork('dropout')
  const engine = await options.engine(graph, { rng: dropoutRng, loss, optimizer })
  try {
    if (saved) await restore(engine, saved)
    yield* resumed
    while (!progress.isDone()) {
      signal?.throwIfAborted()
      const epoch = result.history.length + 1
      const order = rng.fork(`order ${epoch}`).shuffle(indexRange(training.length))
      const figures = yield* trainEpoch({ engine, batches, order, epoch, classes, options: resolved })
      const state = await engine.state()
      assertFiniteState(state, epoch, figures.learningRate)
      const record = { epoch, ...figures, ...(await validationFigures(engine, graph, validation, resolved)) }
      const best = progress.observe(record)
      if (best) result.graph = weightsOf(graph, state)
      const { history, graph: kept } = result
      if (checkpoint) {
        const present = { state, rng: dropoutRng.state(), history, best: kept }
        await checkpoint.write(await encodeCheckpoint(run, present))
      }
      yield { type: 'epoch', epochs, best, ...record }
    }
    return result
  } finally {
    await engine.release()
  }
}

/**
 * Runs {@link train} to its end.
 *
 * @param options - Those of {@link train}, and `onEvent`, which sees every event.
 * @throws EscError as {@link train}.
 * @example
 * const engine = ortEngine({ runtime: ortRuntime })
 * const { graph: trained, history } = await fit(graph, { train: examples, validation }, { engine })
 */
export async function fit(
  graph: NetworkGraph,
  examples: TrainExamples,
  options: TrainOptions & { onEvent?: ((event: TrainEvent) => void) | undefined },
): Promise<TrainResult> {
  const { onEvent, ...trainOptions } = options ?? {}
  const events = train(graph, examples, trainOptions)
  try {
    for (;;) {
      const { done, value } = await events.next()
      if (done) return value
      onEvent?.(value)
    }
  } finally {
    // Where `onEvent` throws, the generator still stands at its yield and holds the engine.
    await events.return(undefined as never)
  }
}

/** How far training came; what follows from the history is computed from it, in a resumed training as in any other. */
function createProgress(graph: NetworkGraph, { epochs, patience }: ResolvedOptions) {
  const stopping = createEarlyStopping(patience)
  const result: TrainResult = { graph, bestEpoch: 0, history: [], stoppedEarly: false }
  return {
    result,
    isDone: () => result.stoppedEarly || result.history.length >= epochs,
    /** Notes an epoch's figures, and says whether it is the best so far. */
    observe(record: EpochRecord): boolean {
      const { epoch, validationLoss } = record
      const seen = validationLoss === null ? { best: true, stop: false } : stopping.observe(validationLoss)
      result.history.push(record)
      if (seen.best) result.bestEpoch = epoch
      result.stoppedEarly = seen.stop && epoch < epochs
      return seen.best
    },
  }
}

async function validationFigures(
  engine: TrainingEngine,
  graph: NetworkGraph,
  examples: readonly Example[],
  { batchSize, loss: { kind }, signal }: ResolvedOptions,
): Promise<Pick<EpochRecord, 'validationLoss' | 'validationAccuracy'>> {
  if (examples.length === 0) return { validationLoss: null, validationAccuracy: null }
  const { loss, accuracy } = await validate(engine, graph, examples, { batchSize, kind, signal })
  return { validationLoss: loss, validationAccuracy: accuracy }
}

/** Checks all examples before anything long is started, and returns the number of classes. */
function assertExamples(graph: NetworkGraph, examples: TrainExamples): number {
  assertList('train', examples?.train)
  const { train: training, validation = [] } = examples
  assertList('validation', validation)
  if (training.length === 0) throw new EscError('INVALID_INPUT', 'training needs at least one example')
  const classes = classCount(graph)
  for (const example of [...training, ...validation]) {
    assertLabel(example, classes)
    assertFeatures(example.id, example.features, graph.input.shape)
  }
  return classes
}

/** What no type checker has seen is checked, too. */
function assertList(name: keyof TrainExamples, list: unknown): void {
  if (Array.isArray(list)) return
  const found = `examples.${name} is of type ${typeOf(list)}`
  throw new EscError('INVALID_INPUT', `${found}; it must be an array, as in { train: examples, validation }`)
}

async function readCheckpoint(
  graph: NetworkGraph,
  run: RunDescription,
  { checkpoint, epochs, rateAt }: ResolvedOptions,
): Promise<SavedTraining | null> {
  const bytes = (await checkpoint?.read()) ?? null
  if (bytes === null) return null
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
