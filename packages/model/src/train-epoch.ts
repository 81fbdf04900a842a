/** One epoch of training, and what is said when its numbers stop being numbers. */
import { type EpochRecord, EscError } from '@esc/core'
import type { BatchSource } from './batches.js'
import type { EngineState, TrainingEngine } from './engine.js'
import { argmaxRows } from './metrics.js'
import type { ResolvedOptions, TrainEvent } from './train-options.js'

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

type EpochFigures = Pick<EpochRecord, 'trainLoss' | 'trainAccuracy' | 'learningRate'> & { trainMs: number }

/**
 * One pass over the training examples: while the engine makes a step, the next batch is prepared.
 *
 * @throws EscError DIVERGED if a loss is not finite, saying where that began; the signal's reason.
 */
export async function* trainEpoch(pass: EpochPass): AsyncGenerator<TrainEvent, EpochFigures> {
  const { engine, batches, order, epoch, classes, options } = pass
  const { batchSize, rateAt, signal } = options
  const steps = Math.ceil(order.length / batchSize)
  const prepare = (step: number) =>
    batches.prepare(epoch, order.subarray((step - 1) * batchSize, step * batchSize))
  let [lossSum, correct, trainMs] = [0, 0, 0]
  let started = performance.now()
  let batch = await prepare(1)
  for (let step = 1; step <= steps; step++) {
    signal?.throwIfAborted()
    const learningRate = rateAt(epoch - 1 + (step - 1) / steps)
    const stepBatch = { ...batch, learningRate }
    const running = engine.step(stepBatch)
    // Handled at once: the step may fail while the next batch is still in the making.
    const ended = running.catch(() => {})
    let next = batch
    try {
      if (step < steps) next = await prepare(step + 1)
    } finally {
      // An error in `prepare` must not free the engine under a running step.
      await ended
    }
    const { loss, logits } = await running
    trainMs += performance.now() - started
    if (!Number.isFinite(loss)) {
      const where = await engine.findNonFinite(stepBatch)
      const found = where === null ? '' : `; first not finite: ${where}`
      throw diverged(
        `loss=${loss} at epoch ${epoch}, step ${step} of ${steps}${found}`,
        learningRate,
        options,
      )
    }
    lossSum += loss * batch.target.dims[0]!
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
 * @throws EscError DIVERGED naming a weight, or an array of the optimiser's, that is not finite.
 */
export function assertFiniteState(
  { values }: EngineState,
  epoch: number,
  learningRate: number,
  options: ResolvedOptions,
): void {
  const broken = Object.entries(values).find(([, data]) => !data.every(Number.isFinite))
  if (broken)
    throw diverged(`weight '${broken[0]}' is not finite after epoch ${epoch}`, learningRate, options)
}

function diverged(what: string, learningRate: number, { normalize }: ResolvedOptions): EscError {
  const advice = `lower the learning rate (${learningRate})`
  const orNormalize = normalize === null ? ', or leave out normalize: null' : ''
  return new EscError('DIVERGED', `${what}; ${advice}${orNormalize}`, { detail: { learningRate } })
}
