/** The training loop: batches, epochs, validation, early stopping. */
import {
  assertInteger,
  assertPositive,
  createRng,
  EscError,
  type Example,
  inferShapes,
  type NetworkGraph,
} from '@esc/core'
import { lowerNetwork, type OnnxRuntime, writeModel } from '@esc/onnx'
import { indexRange, packInputs, packTargets } from './batch.js'
import { createEarlyStopping } from './early-stopping.js'
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
  /** Wall-clock time of the epoch's steps. */
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
 * @throws EscError INVALID_INPUT if there are no training examples, a feature's shape is not the network's, or the loss
 *   stops being a number; UNSUPPORTED_LAYER if a layer cannot be trained.
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
    signal,
  } = options
  assertInteger('epochs', epochs, 1)
  assertInteger('batchSize', batchSize, 1)
  assertPositive('learningRate', learningRate)
  const { train: training, validation = [] } = examples
  if (training.length === 0) throw new EscError('INVALID_INPUT', 'training needs at least one example')
  const classes = inferShapes(graph).get(graph.output)![0]!
  const rng = createRng(seed)
  const orderRng = rng.fork('order')
  const stopping = createEarlyStopping(patience)
  const engine = await createOrtEngine(graph, {
    runtime,
    rng: rng.fork('dropout'),
    ...(threads === undefined ? {} : { threads }),
  })
  const result: TrainResult = { graph, bestEpoch: 0, history: [], stoppedEarly: false }
  try {
    const order = indexRange(training.length)
    const steps = Math.ceil(order.length / batchSize)
    for (let epoch = 1; epoch <= epochs; epoch++) {
      orderRng.shuffle(order)
      const started = performance.now()
      let lossSum = 0
      let correct = 0
      for (let step = 0; step < steps; step++) {
        signal?.throwIfAborted()
        const indices = order.subarray(step * batchSize, (step + 1) * batchSize)
        const input = packInputs(training, indices, graph.input.shape)
        const target = packTargets(training, indices, classes)
        const { loss, logits } = await engine.step({ input, target, learningRate })
        if (!Number.isFinite(loss)) {
          const where = `epoch ${epoch}, step ${step + 1} of ${steps}`
          throw new EscError(
            'INVALID_INPUT',
            `loss=${loss} at ${where}; lower the learning rate (${learningRate}) or normalise the features`,
          )
        }
        lossSum += loss * indices.length
        argmaxRows(logits, classes).forEach((predicted, row) => {
          if (predicted === training[indices[row]!]!.labelIndex) correct++
        })
        yield { type: 'step', epoch, step: step + 1, steps, loss }
      }
      const trainMs = performance.now() - started
      const trained = engine.graph()
      const validated = validation.length > 0 ? await validate(trained, validation, runtime, signal) : null
      const record: EpochRecord = {
        epoch,
        trainLoss: lossSum / order.length,
        trainAccuracy: correct / order.length,
        validationLoss: validated?.loss ?? null,
        validationAccuracy: validated?.accuracy ?? null,
        learningRate,
        trainMs,
      }
      const { best, stop } = validated ? stopping.observe(validated.loss) : { best: true, stop: false }
      result.history.push(record)
      if (best) {
        result.graph = trained
        result.bestEpoch = epoch
      }
      yield { type: 'epoch', epochs, best, ...record }
      if (stop && epoch < epochs) {
        result.stoppedEarly = true
        break
      }
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
 * @example const { graph: trained, history } = await fit(graph, { train, validation }, { runtime: ortRuntime })
 */
export async function fit(
  graph: NetworkGraph,
  examples: { train: readonly Example[]; validation?: readonly Example[] },
  options: TrainOptions & { onEvent?: (event: TrainEvent) => void },
): Promise<TrainResult> {
  const events = train(graph, examples, options)
  for (;;) {
    const { done, value } = await events.next()
    if (done) return value
    options.onEvent?.(value)
  }
}

async function validate(
  graph: NetworkGraph,
  examples: readonly Example[],
  runtime: OnnxRuntime,
  signal: AbortSignal | undefined,
): Promise<{ loss: number; accuracy: number }> {
  const session = await runtime.createSession(writeModel(lowerNetwork(graph)))
  try {
    const options = { inputShape: graph.input.shape, ...(signal === undefined ? {} : { signal }) }
    const logits = await predictLogits(session, examples, options)
    const yTrue = examples.map(({ labelIndex }) => labelIndex)
    const classes = logits.length / examples.length
    const hits = argmaxRows(logits, classes).filter((predicted, i) => predicted === yTrue[i]).length
    return { loss: crossEntropy(logits, yTrue, classes), accuracy: hits / examples.length }
  } finally {
    await session.release()
  }
}
