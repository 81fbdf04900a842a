/** Decides when training should stop, because the figures of validation no longer improve. */
import { assertInteger, assertKnown, assertOneOf, type EpochRecord, wrongOption } from '@esc/core'
import { assertIn } from './assert-in.js'

/** A figure of validation. The loss should fall, the accuracy should rise. */
export type Monitor = 'validationLoss' | 'validationAccuracy'

export const monitors = ['validationLoss', 'validationAccuracy'] as const

/** Options of {@link createEarlyStopping}. */
export interface EarlyStoppingOptions {
  /** Stops after this many epochs without improvement, >= 1; `null` never stops. @defaultValue `10` */
  patience?: number | null | undefined
  /** An improvement must be larger than this, >= 0. @defaultValue `0` */
  minDelta?: number | undefined
  /** What should improve. @defaultValue `'validationLoss'` */
  monitor?: Monitor | undefined
  /**
   * Whether the model gets the weights of the best epoch: the last one that was an improvement. `false` gives it those of the last
   * epoch, which then is the model's `bestEpoch`. @defaultValue `true`
   */
  restoreBestWeights?: boolean | undefined
}

/** Watches the figures of the epochs. */
export interface EarlyStopping {
  /**
   * Takes the figures of an epoch. `best` is true if it is an improvement on all earlier ones, or has no validation; `stop` is true
   * if there was no improvement for `patience` epochs.
   */
  observe(record: Pick<EpochRecord, Monitor>): { best: boolean; stop: boolean }
}

/**
 * Checks the options and fills in the defaults.
 *
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 */
export function resolveEarlyStopping(options: EarlyStoppingOptions = {}) {
  const known = { patience: true, minDelta: true, monitor: true, restoreBestWeights: true } as const
  assertKnown('earlyStopping', options, known)
  const { patience = 10, minDelta = 0, monitor = 'validationLoss', restoreBestWeights = true } = options
  if (patience !== null) assertInteger('earlyStopping.patience', patience, 1)
  const isDelta = (delta: number) => delta >= 0 && delta < Number.POSITIVE_INFINITY
  assertIn('earlyStopping.minDelta', minDelta, isDelta, 'a number >= 0')
  assertOneOf('earlyStopping.monitor', monitor, monitors)
  if (typeof restoreBestWeights !== 'boolean')
    throw wrongOption('earlyStopping.restoreBestWeights', restoreBestWeights, 'true or false')
  return { patience, minDelta, monitor, restoreBestWeights }
}

/**
 * Stops after `patience` epochs without improvement. NaN is never an improvement.
 *
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see EarlyStopping of Keras 2
 * @example const { stop } = createEarlyStopping({ patience: 5 }).observe({ validationLoss: 0.7, validationAccuracy: 0.8 })
 */
export function createEarlyStopping(options: EarlyStoppingOptions = {}): EarlyStopping {
  const { patience, minDelta, monitor } = resolveEarlyStopping(options)
  let lowest = Number.POSITIVE_INFINITY
  let since = 0
  return {
    observe(record) {
      const value = watchedValue(record, monitor)
      if (value === null) return { best: true, stop: false }
      const best = value < lowest - minDelta
      since = best ? 0 : since + 1
      if (best) lowest = value
      return { best, stop: patience !== null && since >= patience }
    },
  }
}

/** The figure that is watched, as a number that should fall; `null` if there was no validation. */
export function watchedValue(record: Pick<EpochRecord, Monitor>, monitor: Monitor): number | null {
  const value = record[monitor]
  return value !== null && monitor === 'validationAccuracy' ? -value : value
}
