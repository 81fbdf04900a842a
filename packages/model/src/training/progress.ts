/** How far a training got: its history, and the best model so far. */
import type { EpochRecord, NetworkGraph, TrainedModel } from '@esc/core'
import { createEarlyStopping } from './early-stopping.js'
import type { ResolvedOptions } from './resolve-options.js'

/**
 * Starts with an empty history. A resumed training passes the records of its checkpoint to `observe`, so that all that follows
 * from the history is computed in the same way as in a training that was never stopped.
 *
 * @param graph - The network with its initial weights.
 */
export function createProgress(
  graph: NetworkGraph,
  model: TrainedModel,
  { epochs, patience }: ResolvedOptions,
) {
  const stopping = createEarlyStopping(patience)
  const history: EpochRecord[] = []
  let [best, bestEpoch, stoppedEarly] = [graph, 0, false]
  return {
    history,
    isDone: () => stoppedEarly || history.length >= epochs,
    /** Adds an epoch's figures. Returns whether the epoch is the best so far. */
    observe(record: EpochRecord): boolean {
      const { epoch, validationLoss } = record
      const seen = validationLoss === null ? { best: true, stop: false } : stopping.observe(validationLoss)
      history.push(record)
      if (seen.best) bestEpoch = epoch
      stoppedEarly = seen.stop && epoch < epochs
      return seen.best
    },
    /** The best model so far. If `improved` is given, it replaces the network. */
    model(improved: NetworkGraph | null): TrainedModel {
      best = improved ?? best
      return { ...model, graph: best, history: [...history], bestEpoch, stoppedEarly }
    },
  }
}
