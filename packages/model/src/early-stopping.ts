/** Decides when training has stopped helping. */
import { assertInteger } from '@esc/core'

/** Follows a loss that should fall. */
export interface EarlyStopping {
  /** Notes an epoch's loss. `best`: it is the lowest so far; `stop`: it was not, `patience` times in a row. */
  observe(loss: number): { best: boolean; stop: boolean }
}

/**
 * Stops after `patience` epochs without a new lowest loss; `patience: null` never stops. NaN is never a lowest loss.
 *
 * @throws EscError INVALID_OPTION if patience is not an integer >= 1, or `null`.
 * @example const { stop } = createEarlyStopping(10).observe(validationLoss)
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
