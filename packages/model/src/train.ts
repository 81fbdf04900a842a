/** The training loop: batches, epochs, validation, early stopping. */
import {
  assertInteger,
  assertPositive,
  createRng,
  EscError,
  type Example,
  inferShapes,
  type NetworkGraph,
  namedWeights,
} from '@esc/core'
import { lowerNetwork, type OnnxRuntime, writeModel } from '@esc/onnx'
import { assertLabel, indexRange, packInputs, packTargets } from './batch.js'
import { createEarlyStopping } from './early-stopping.js'
import type { TrainingEngine } from './engine.js'
import { predictLogits } from './evaluate.js'
import { argmaxRows, crossEntropy } from './metrics.js'
import { createOrtEngine } from './ort/engine.js'

/** Options of {@link train}. */
export interface TrainOptions {
  runtime: OnnxRuntime
  /** At most so many passes over the training examples (default 30). */
  epochs?: number
  /** Examples a step (default 32); the last batch of an epoch may be smaller. */
  batchSize?: number
  /** Adam's learning rate (default 1e-3). */
  learningRate?: number
  /** Stops after so many epochs without a lower validation loss (default 10); `null` never stops. */
  patience?: number | null
  /** Seed of the batches' order and the dropout masks (default 42). */
  seed?: number
  /** Threads inside one operator; the default is ONNX Runtime's own choice. */
  threads?: number
  /** Stops before the next step, and throws its reason. */
  signal?: AbortSignal
}

/** Figures of one pass over the training examples. */
export interface EpochRecord {
  /** From 1. */
  epoch: number
  /** Means over the epoch's steps, each with the weights it started from and with dropout. */
  trainLoss: number
  trainAccuracy: number
  /** After the epoch, without dropout; `null` if there are no validation examples. */
  validationLoss: number | null
  validationAccuracy: number | null
  learningRate: number
  /** Wall-clock time of the epoch's batches and steps, without what the reader of the events does in between. */
  trainMs: number
}

/** What happens during training. */
export type TrainEvent =
  | { type: 'step'; epoch: number; step: number; steps: number; loss: number }
  | ({ type: 'epoch'; epochs: number; best: boolean } & EpochRecord)

/** What training leaves. */
export interface TrainResult {
  /** The network with the weights of the best epoch. */
  graph: NetworkGraph
  /** The epoch with the lowest validation loss; the last one if there are no validation examples. */
  bestEpoch: number
  history: EpochRecord[]
  stoppedEarly: boolean
}

/**
 * Trains a network with Adam on softmax cross-entropy, and yields what happens.
 *
 * With validation examples, the weights of the epoch with the lowest validation loss are kept, and training stops early.
 * The same seed, examples and machine give the same weights.
 *
 * @param graph - The network with its initial weights; it is not changed.
 * @param examples - Features as the network reads them (normalised, if it is to be).
 * @returns As the generator's return value, the trained network and its history; {@link fit} hands it out.
 * @throws EscError INVALID_INPUT if there are no training examples, a feature's shape or a label is not the network's, or
 *   the loss or a weight stops being a number; UNSUPPORTED_LAYER if a layer cannot be trained.
 * @example
 * for await (const event of train(graph, { train, validation }, { runtime: ortRuntime })) {
 *   if (event.type === 'epoch') console.log(event.epoch, event.validationLoss)
 * }
 */
export async function* train(
  graph: NetworkGraph,
  examples: { train: readonly Example[]; validation?: readonly Example[] },
  options: TrainOptions,
): AsyncGenerator<TrainEvent, TrainResult> {
  const {
    runtime,
    epochs = 30,
    batchSize = 32,
    learningRate = 1e-3,
    patience = 10,
    seed = 42,
    threads,
  } = options
  assertInteger('epochs', epochs, 1)
  assertInteger('batchSize', batchSize, 1)
  assertPositive('learningRate', learningRate)
  const { train: training, validation = [] } = examples
  if (training.length === 0) throw new EscError('INVALID_INPUT', 'training needs at least one example')
  const classes = inferShapes(graph).get(graph.output)![0]!
  for (const example of [...training, ...validation]) assertLabel(example, classes)
  const rng = createRng(seed)
  const orderRng = rng.fork('order')
  const stopping = createEarlyStopping(patience)
  const engineOptions = { runtime, rng: rng.fork('dropout'), ...(threads === undefined ? {} : { threads }) }
  const engine = await createOrtEngine(graph, engineOptions)
  const result: TrainResult = { graph, bestEpoch: 0, history: [], stoppedEarly: false }
  try {
    const order = indexRange(training.length)
    for (let epoch = 1; epoch <= epochs && !result.stoppedEarly; epoch++) {
      orderRng.shuffle(order)
      const pass = {
        engine,
        training,
        order,
        classes,
        epoch,
        batchSize,
        learningRate,
        signal: options.signal,
      }
      const figures = yield* trainEpoch(graph, pass)
      const trained = engine.graph()
      assertFiniteWeights(trained, epoch, learningRate)
      const validated = validation.length > 0 ? await validate(trained, validation, options) : null
      const { best, stop } = validated ? stopping.observe(validated.loss) : { best: true, stop: false }
      const record: EpochRecord = {
        epoch,
        ...figures,
        validationLoss: validated?.loss ?? null,
        validationAccuracy: validated?.accuracy ?? null,
        learningRate,
      }
      result.history.push(record)
      if (best) {
        result.graph = trained
        result.bestEpoch = epoch
      }
      result.stoppedEarly = stop && epoch < epochs
      yield { type: 'epoch', epochs, best, ...record }
    }
    return result
  } finally {
    await engine.release()
  }
}

/** What one pass over the training examples needs. */
interface EpochPass {
  engine: TrainingEngine
  training: readonly Example[]
  /** Indices into `training`, shuffled. */
  order: Int32Array
  classes: number
  epoch: number
  batchSize: number
  learningRate: number
  signal: AbortSignal | undefined
}

async function* trainEpoch(
  { input: { shape } }: NetworkGraph,
  { engine, training, order, classes, epoch, batchSize, learningRate, signal }: EpochPass,
): AsyncGenerator<TrainEvent, Pick<EpochRecord, 'trainLoss' | 'trainAccuracy' | 'trainMs'>> {
  const steps = Math.ceil(order.length / batchSize)
  let lossSum = 0
  let correct = 0
  let trainMs = 0
  for (let step = 1; step <= steps; step++) {
    signal?.throwIfAborted()
    const started = performance.now()
    const indices = order.subarray((step - 1) * batchSize, step * batchSize)
    const input = packInputs(training, indices, shape)
    const target = packTargets(training, indices, classes)
    const { loss, logits } = await engine.step({ input, target, learningRate })
    trainMs += performance.now() - started
    if (!Number.isFinite(loss)) {
      throw diverged(`loss=${loss} at epoch ${epoch}, step ${step} of ${steps}`, learningRate)
    }
    lossSum += loss * indices.length
    argmaxRows(logits, classes).forEach((predicted, row) => {
      if (predicted === training[indices[row]!]!.labelIndex) correct++
    })
    yield { type: 'step', epoch, step, steps, loss }
  }
  return { trainLoss: lossSum / order.length, trainAccuracy: correct / order.length, trainMs }
}

/** A step's loss is of the weights before it: what the last step broke shows in the weights alone. */
function assertFiniteWeights(graph: NetworkGraph, epoch: number, learningRate: number): void {
  const broken = namedWeights(graph).find(({ weight }) => !weight.data.every(Number.isFinite))
  if (broken) throw diverged(`weight '${broken.name}' is not finite after epoch ${epoch}`, learningRate)
}

function diverged(what: string, learningRate: number): EscError {
  return new EscError(
    'INVALID_INPUT',
    `${what}; lower the learning rate (${learningRate}) or normalise the features`,
  )
}

/**
 * Runs {@link train} to its end.
 *
 * @param options - Those of {@link train}, and `onEvent`, which sees every event.
 * @example const { graph: trained, history } = await fit(graph, { train, validation }, { runtime: ortRuntime })
 */
export async function fit(
  graph: NetworkGraph,
  examples: { train: readonly Example[]; validation?: readonly Example[] },
  options: TrainOptions & { onEvent?: (event: TrainEvent) => void },
): Promise<TrainResult> {
  const events = train(graph, examples, options)
  try {
    for (;;) {
      const { done, value } = await events.next()
      if (done) return value
      options.onEvent?.(value)
    }
  } finally {
    // Where `onEvent` throws, the generator still stands at its yield and holds the engine.
    await events.return(undefined as never)
  }
}

async function validate(
  graph: NetworkGraph,
  examples: readonly Example[],
  { runtime, threads, signal }: TrainOptions,
): Promise<{ loss: number; accuracy: number }> {
  const session = await runtime.createSession(
    writeModel(lowerNetwork(graph)),
    threads === undefined ? {} : { threads },
  )
  try {
    const options = { inputShape: graph.input.shape, ...(signal === undefined ? {} : { signal }) }
    const logits = await predictLogits(session, examples, options)
    const yTrue = examples.map(({ labelIndex }) => labelIndex)
    const classes = logits.length / examples.length
    const hits = argmaxRows(logits, classes).filter((predicted, i) => predicted === yTrue[i]).length
    const loss = crossEntropy(logits, yTrue, classes)
    if (!Number.isFinite(loss))
      throw new EscError('INVALID_INPUT', `validation loss=${loss}; check the validation features`)
    return { loss, accuracy: hits / examples.length }
  } finally {
    await session.release()
  }
}
