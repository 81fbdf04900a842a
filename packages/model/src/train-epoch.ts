/** One epoch of training, and what is said when its numbers stop being numbers. */
import { EscError } from '@esc/core'
import type { BatchSource } from './batches.js'
import type { EngineState, TrainingEngine } from './engine.js'
import { argmaxRows } from './metrics.js'
import type { EpochRecord, ResolvedOptions, TrainEvent } from './train-options.js'

/** What one pass over the training examples needs. */
export interface EpochPass {
  engine: TrainingEngine
  batches: BatchSource
  /** Indices of the training examples, shuffled. */
  order: Int32Array
  epoch: number
  classes: number
  options: ResolvedOptions
}

type EpochFigures = Pick<EpochRecord, 'trainLoss' | 'trainAccuracy' | 'learningRate' | 'trainMs'>

/**
 * One pass over the training examples: while the engine makes a step, the next batch is prepared.
 *
 * @throws EscError INVALID_INPUT if a loss is not finite, saying where that began; the signal's reason.
 */
export async function* trainEpoch(pass: EpochPass): AsyncGenerator<TrainEvent, EpochFigures> {
  const { engine, batches, order, epoch, classes, options } = pass
  const { batchSize, rateAt, signal } = options
  const steps = Math.ceil(order.length / batchSize)
  const prepare = (step: number) =>
    batches.prepare(epoch, order.subarray((step - 1) * batchSize, step * batchSize))
  let [lossSum, correct, trainMs] = [0, 0, 0]
  let started = performance.now()
  let batch = prepare(1)
  for (let step = 1; step <= steps; step++) {
    signal?.throwIfAborted()
    const learningRate = rateAt(epoch - 1 + (step - 1) / steps)
    const { examples, ...tensors } = batch
    const stepBatch = { ...tensors, learningRate }
    const running = engine.step(stepBatch)
    let next = batch
    try {
      if (step < steps) next = prepare(step + 1)
    } finally {
      // An error in `prepare` must not free the engine under a running step.
      await running.catch(() => {})
    }
    const { loss, logits } = await running
    trainMs += performance.now() - started
    if (!Number.isFinite(loss)) {
      const where = await engine.findNonFinite(stepBatch)
      const found = where === null ? '' : `; first not finite: ${where}`
      throw diverged(`loss=${loss} at epoch ${epoch}, step ${step} of ${steps}${found}`, learningRate)
    }
    lossSum += loss * examples.length
    const wanted = argmaxRows(batch.target.data, classes)
    correct += argmaxRows(logits, classes).filter((predicted, row) => predicted === wanted[row]).length
    batch = next
    yield { type: 'step', epoch, step, steps, loss, learningRate }
    started = performance.now()
  }
  const count = order.length
  return {
    trainLoss: lossSum / count,
    trainAccuracy: correct / count,
    learningRate: rateAt(epoch - 1),
    trainMs,
  }
}

/**
 * A step's loss is of the weights before it: what the last step broke shows in the state alone.
 *
 * @throws EscError INVALID_INPUT naming a weight, or an array of the optimiser's, that is not finite.
 */
export function assertFiniteState({ values }: EngineState, epoch: number, learningRate: number): void {
  const broken = Object.entries(values).find(([, data]) => !data.every(Number.isFinite))
  if (broken) throw diverged(`weight '${broken[0]}' is not finite after epoch ${epoch}`, learningRate)
}

function diverged(what: string, learningRate: number): EscError {
  return new EscError(
    'INVALID_INPUT',
    `${what}; lower the learning rate (${learningRate}) or normalise the features`,
  )
}
