/** Decides when training should stop, because the validation loss no longer falls. */
import { assertInteger } from '@esc/core'

/** Watches a loss that should fall. */
export interface EarlyStopping {
  /**
   * Takes the loss of an epoch. `best` is true if it is the lowest so far; `stop` is true if there was no new lowest loss for
   * `patience` epochs.
   */
  observe(loss: number): { best: boolean; stop: boolean }
}

/**
 * Stops after `patience` epochs without a new lowest loss. `null` never stops. NaN is never the lowest loss.
 *
 * @throws EscError INVALID_OPTION if patience is not an integer >= 1, or `null`.
 * @example const { stop } = createEarlyStopping(10).observe(0.7)
 */
export function createEarlyStopping(patience: number | null): EarlyStopping {
  if (patience !== null) assertInteger('patience', patience, 1)
  let lowest = Number.POSITIVE_INFINITY
  let since = 0
  return {
    observe(loss) {
      const best = loss < lowest
      since = best ? 0 : since + 1
      if (best) lowest = loss
      return { best, stop: patience !== null && since >= patience }
    },
  }
}
