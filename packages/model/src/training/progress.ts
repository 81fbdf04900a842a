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
  { epochs, earlyStopping }: ResolvedOptions,
) {
  const stopping = createEarlyStopping(earlyStopping)
  const history: EpochRecord[] = []
  let [best, bestEpoch, stoppedEarly] = [graph, 0, false]
  return {
    history,
    isDone: () => stoppedEarly || history.length >= epochs,
    /** Adds an epoch's figures. Returns whether the epoch is the best so far, and whether the model gets its weights. */
    observe(record: EpochRecord): { best: boolean; kept: boolean } {
      const { epoch } = record
      const seen = stopping.observe(record)
      const kept = seen.best || !earlyStopping.restoreBestWeights
      history.push(record)
      if (kept) bestEpoch = epoch
      stoppedEarly = seen.stop && epoch < epochs
      return { best: seen.best, kept }
    },
    /** The model so far. If `newer` is given, it replaces the network. */
    model(newer: NetworkGraph | null): TrainedModel {
      best = newer ?? best
      return { ...model, graph: best, history: [...history], bestEpoch, stoppedEarly }
    },
  }
}
