/** One epoch of training, and the error if a number stops being finite. */
import { type EpochRecord, EscError } from '@esc/core'
import type { EngineState, TrainingEngine } from '../engine/engine.js'
import { argmaxRows } from '../evaluate/metrics.js'
import type { BatchSource } from './batches.js'
import { learningRateOf } from './learning-rate.js'
import type { ResolvedOptions } from './resolve-options.js'
import type { TrainEvent } from './train-options.js'

/** Input of {@link trainEpoch}. */
export interface EpochPass {
  engine: TrainingEngine
  batches: BatchSource
  /** Positions in the training part, shuffled. */
  order: Int32Array
  /** Figures of all earlier epochs. */
  history: readonly EpochRecord[]
  classes: number
  options: ResolvedOptions
}

type EpochFigures = Pick<EpochRecord, 'trainLoss' | 'trainAccuracy' | 'learningRate'> & { trainMs: number }

/**
 * Makes one pass over the training examples. While the engine computes a step, the next batch is prepared.
 *
 * @throws EscError DIVERGED if a loss is not finite, saying which value was the first; the signal's reason.
 */
export async function* trainEpoch(pass: EpochPass): AsyncGenerator<TrainEvent, EpochFigures> {
  const { engine, batches, order, history, classes, options } = pass
  const epoch = history.length + 1
  const { batchSize, signal } = options
  const steps = Math.ceil(order.length / batchSize)
  const prepare = (step: number) =>
    batches.prepare(epoch, order.subarray((step - 1) * batchSize, step * batchSize))
  let [lossSum, correct, trainMs] = [0, 0, 0]
  let started = performance.now()
  let batch = await prepare(1)
  for (let step = 1; step <= steps; step++) {
    signal?.throwIfAborted()
    const learningRate = learningRateOf(options.learningRate, history, step, steps)
    const stepBatch = { ...batch, learningRate }
    const running = engine.step(stepBatch)
    // The error is caught at once, because the step may fail while the next batch is still being prepared. It is thrown below.
    const ended = running.catch(() => {})
    let next = batch
    try {
      if (step < steps) next = await prepare(step + 1)
    } finally {
      // If `prepare` fails, the engine is released: the running step must end first.
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
    learningRate: learningRateOf(options.learningRate, history),
    trainMs,
  }
}

/**
 * Checks the weights after the last step of an epoch. The loss of a step belongs to the weights before it, so the loss does not
 * show what the last step broke.
 *
 * @throws EscError DIVERGED naming a weight, or an array of the optimiser, that is not finite.
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
