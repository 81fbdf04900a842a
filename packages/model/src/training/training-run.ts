/** A running training: its events, and the model at its end. */
import { EscError, type TrainedModel } from '@esc/core'
import type { TrainEvent } from './train-options.js'

/**
 * A training. It runs while its events are read, or after `result()` is called. Each event comes once.
 *
 * @example
 * const run = train(melCnn, features, split, { engine: ortEngine({ runtime }), epochs: 30 })
 * for await (const event of run) if (event.type === 'epoch') console.log(event.epoch, event.validationLoss)
 * const model = await run.result()
 */
export interface TrainingRun extends AsyncIterable<TrainEvent> {
  /**
   * Runs the rest of the training, and returns the trained model. After a `break` or an abort, it returns the best model so far.
   *
   * @throws EscError INVALID_STATE if training was stopped before the end of its first epoch; else the error that ended training.
   */
  result(): Promise<TrainedModel>
}

/**
 * Wraps a stream of events as a run.
 *
 * @param start - Starts the events. It calls `keep` with the best model so far, each time there is a new one.
 * @param signal - An abort is not a failure: `result()` then still returns the best model so far.
 */
export function createTrainingRun(
  start: (keep: (model: TrainedModel) => void) => AsyncGenerator<TrainEvent, void>,
  signal: AbortSignal | undefined,
): TrainingRun {
  let best: TrainedModel | null = null
  let failure: { error: unknown } | null = null
  const events = start((model) => {
    best = model
  })
  async function next(): Promise<IteratorResult<TrainEvent, void>> {
    try {
      return await events.next()
    } catch (error) {
      if (!isAbort(error)) failure ??= { error }
      throw error
    }
  }
  const isAbort = (error: unknown) => signal?.aborted === true && error === signal.reason
  const iterator: AsyncIterator<TrainEvent, void> = {
    next,
    return: () => events.return(),
  }
  return {
    [Symbol.asyncIterator]: () => iterator,
    async result() {
      try {
        while (!(await next()).done);
      } catch (error) {
        if (!isAbort(error)) throw error
      }
      if (failure) throw failure.error
      if (best) return best
      throw new EscError(
        'INVALID_STATE',
        'training was stopped before its first epoch was finished: there is no model yet; let it run longer',
      )
    },
  }
}
