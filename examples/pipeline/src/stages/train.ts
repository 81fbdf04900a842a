/** The middle of a run: normalise, train, evaluate. */
import { applyNormalizer, type Example, fitNormalizer, type NetworkGraph, type Normalizer } from '@esc/core'
import { type EpochRecord, evaluate, type TrainEvent, type TrainResult } from '@esc/model'
import { checkpointFile, fit } from '@esc/model/node'
import { lowerNetwork, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { networks } from '../networks.js'
import { percent, type RunContext } from './context.js'
import type { RunData } from './data.js'

/** A trained network, and how it came about. */
export interface TrainedNetwork extends TrainResult {
  normalizer: Normalizer
  /** Figures of the epoch whose weights were kept. */
  best: EpochRecord
  /** Of the test clips, [clips, classes]; what the exported models are compared with. */
  testLogits: Float32Array
}

/** Trains with early stopping, and evaluates on the test clips once. */
export async function trainNetwork(context: RunContext, data: RunData): Promise<TrainedNetwork> {
  const { options, console, signal } = context
  const { labels } = data.dataset
  // Statistics of the training clips alone: those of a test clip would leak.
  const normalizer = fitNormalizer(data.train.map(({ features }) => features))
  const { bins, frames } = data.train[0]!.features
  const initial = networks[options.model].create({ bins, frames, classes: labels.length, seed: options.seed })
  const examples = {
    train: normalized(data.train, normalizer),
    validation: normalized(data.validation, normalizer),
  }

  const result = await console.stage('train', async () => {
    const { epochs, seed } = options
    const checkpoint = options.checkpoint === null ? undefined : checkpointFile(options.checkpoint)
    const onEvent = (event: TrainEvent) => showProgress(event, context)
    const trained = await fit(initial, examples, { epochs, seed, checkpoint, signal, onEvent })
    const best = trained.history[trained.bestEpoch - 1]!
    const stop = trained.stoppedEarly ? ', stopped early' : ''
    const accuracy = percent(best.validationAccuracy!)
    const summary = `best epoch ${trained.bestEpoch} of ${trained.history.length}${stop}; validation accuracy ${accuracy}`
    return { ...trained, best, summary }
  })

  const { logits } = await console.stage('evaluate', async () => {
    const evaluation = await evaluateNetwork(result.graph, normalized(data.test, normalizer), labels, signal)
    const { accuracy, macro } = evaluation
    return { ...evaluation, summary: `test accuracy ${percent(accuracy)}, macro F1 ${macro.f1.toFixed(3)}` }
  })
  return { ...result, normalizer, testLogits: logits }
}

function normalized(examples: readonly Example[], normalizer: Normalizer): Example[] {
  return examples.map((example) => ({ ...example, features: applyNormalizer(example.features, normalizer) }))
}

async function evaluateNetwork(
  graph: NetworkGraph,
  test: Example[],
  labels: readonly string[],
  signal: AbortSignal,
) {
  const session = await ortRuntime.createSession(writeModel(lowerNetwork(graph)))
  try {
    return await evaluate(session, test, labels, { inputShape: graph.input.shape, signal })
  } finally {
    await session.release()
  }
}

function showProgress(event: TrainEvent, { options, console }: RunContext): void {
  if (event.type === 'resumed') {
    const { history, epochs } = event
    console.line(
      `  ${history.length} of ${epochs} epochs were finished earlier, and are in ${options.checkpoint}`,
    )
    return
  }
  if (event.type === 'step') {
    const { epoch, step, steps, loss } = event
    const [done, total] = [(epoch - 1) * steps + step, options.epochs * steps]
    console.progress({ stage: 'train', done, total, detail: `epoch ${epoch}, loss ${loss.toFixed(3)}` })
    return
  }
  const { epoch, epochs, trainLoss, trainAccuracy, validationLoss, validationAccuracy, trainMs, best } = event
  const train = `train loss ${trainLoss.toFixed(3)}, accuracy ${percent(trainAccuracy)}`
  const validation = `validation loss ${validationLoss!.toFixed(3)}, accuracy ${percent(validationAccuracy!)}`
  const seconds = `${(trainMs / 1000).toFixed(1)} s`
  console.line(
    `  epoch ${String(epoch).padStart(2)}/${epochs}  ${train}; ${validation}; ${seconds}${best ? '  *' : ''}`,
  )
}
