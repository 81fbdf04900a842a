/** Schedules: learning rates that change during training, as plain functions of the epoch. */
import {
  asOptions,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  type EpochRecord,
  EscError,
  wrongOption,
} from '@esc/core'
import { assertIn } from './assert-in.js'
import { type Monitor, monitors, watchedValue } from './early-stopping.js'
import type { LearningRate, Schedule } from './learning-rate.js'

/**
 * The same rate for all steps.
 *
 * @param rate - > 0.
 * @throws EscError INVALID_OPTION if the rate is not > 0.
 * @example const options = { learningRate: constant(1e-3), epochs: 30 }
 */
export function constant(rate: number): Schedule {
  assertPositive('rate', rate)
  return () => rate
}

/** Options of {@link stepDecay}. */
export interface StepDecayOptions {
  /** Epochs between two decays, > 0. */
  every: number
  /** The rate is multiplied by this, in (0, 1]. @defaultValue `0.1` */
  factor?: number | undefined
}

/**
 * Multiplies the rate by `factor` each time `every` epochs have passed.
 *
 * @param rate - Rate at the start, > 0.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see torch.optim.lr_scheduler.StepLR of PyTorch 1.13
 * @example const learningRate = stepDecay(1e-3, { every: 10, factor: 0.5 })
 */
export function stepDecay(rate: number, options: StepDecayOptions): Schedule {
  assertPositive('rate', rate)
  assertKnown('stepDecay', asOptions('stepDecay', options), { every: true, factor: true })
  const { every, factor = 0.1 } = options
  assertPositive('every', every)
  assertFactor('factor', factor)
  return (epoch) => rate * factor ** Math.floor(epoch / every)
}

/** Options of {@link cosine}. */
export interface CosineOptions {
  /** Length of the fall in epochs, > 0: usually the `epochs` of the training. */
  epochs: number
  /** Rate at the end and afterwards, in [0, rate]. @defaultValue `0` */
  minRate?: number | undefined
}

/**
 * Falls from `rate` to `minRate` along half a cosine wave.
 *
 * Differs from PyTorch: after `epochs` the rate stays at `minRate`; there it rises again.
 *
 * @param rate - Rate at the start, > 0.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see torch.optim.lr_scheduler.CosineAnnealingLR of PyTorch 1.13; Loshchilov & Hutter 2017, equation 5
 * @example const learningRate = cosine(1e-3, { epochs: 30 })
 */
export function cosine(rate: number, options: CosineOptions): Schedule {
  assertPositive('rate', rate)
  assertKnown('cosine', asOptions('cosine', options), { epochs: true, minRate: true })
  const { epochs, minRate = 0 } = options
  assertPositive('epochs', epochs)
  assertMinRate(minRate, rate)
  return (epoch) => anneal(rate, minRate, epoch / epochs)
}

/** Options of {@link warmUp}. */
export interface WarmUpOptions {
  /** Length of the rise in epochs, > 0. */
  epochs: number
  /** The first step's rate is multiplied by this, in (0, 1]. @defaultValue `1 / 3` */
  startFactor?: number | undefined
}

/**
 * Multiplies the rates of a schedule by a factor that rises from `startFactor` to 1 on a straight line. Afterwards the schedule is
 * unchanged. The schedule itself starts at epoch 0, not after the rise.
 *
 * @param schedule - A rate, or a function as `learningRate` of the training takes it.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see torch.optim.lr_scheduler.LinearLR of PyTorch 1.13, in a ChainedScheduler
 * @example const learningRate = warmUp(cosine(1e-3, { epochs: 30 }), { epochs: 2 })
 */
export function warmUp(schedule: LearningRate, options: WarmUpOptions): Schedule {
  if (typeof schedule === 'number') assertPositive('schedule', schedule)
  else if (typeof schedule !== 'function')
    throw wrongOption('schedule', schedule, 'a number, or a function of the epoch')
  assertKnown('warmUp', asOptions('warmUp', options), { epochs: true, startFactor: true })
  const { epochs, startFactor = 1 / 3 } = options
  assertPositive('epochs', epochs)
  assertFactor('startFactor', startFactor)
  return (epoch, history) => {
    const rate = typeof schedule === 'number' ? schedule : schedule(epoch, history)
    return rate * (startFactor + (1 - startFactor) * Math.min(1, epoch / epochs))
  }
}

/** Options of {@link oneCycle}. */
export interface OneCycleOptions {
  /** Length of the cycle in epochs, > 0: usually the `epochs` of the training. */
  epochs: number
  /** Part of the cycle in which the rate rises, in (0, 1). @defaultValue `0.3` */
  pctStart?: number | undefined
  /** The first rate is `maxRate / divFactor`; >= 1. @defaultValue `25` */
  divFactor?: number | undefined
  /** The last rate is the first rate divided by this; >= 1. @defaultValue `1e4` */
  finalDivFactor?: number | undefined
}

/**
 * Rises to `maxRate`, then falls far below the first rate; both along half a cosine wave. After the cycle the rate stays.
 *
 * Differs from PyTorch: there, the last step has the last rate. Here, the rate gets there at the end of the last step, so that it
 * does not depend on the number of steps.
 *
 * @param maxRate - The highest rate, > 0.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see torch.optim.lr_scheduler.OneCycleLR of PyTorch 1.13; Smith & Topin 2018, "Super-Convergence"
 * @example const learningRate = oneCycle(1e-2, { epochs: 30 })
 */
export function oneCycle(maxRate: number, options: OneCycleOptions): Schedule {
  assertPositive('maxRate', maxRate)
  const known = { epochs: true, pctStart: true, divFactor: true, finalDivFactor: true } as const
  assertKnown('oneCycle', asOptions('oneCycle', options), known)
  const { epochs, pctStart = 0.3, divFactor = 25, finalDivFactor = 1e4 } = options
  assertPositive('epochs', epochs)
  assertIn('pctStart', pctStart, (part) => part > 0 && part < 1, 'a number in (0, 1)')
  for (const [name, value] of Object.entries({ divFactor, finalDivFactor })) {
    assertIn(name, value, (divisor) => divisor >= 1 && divisor < Number.POSITIVE_INFINITY, 'a number >= 1')
  }
  const first = maxRate / divFactor
  const peak = pctStart * epochs
  return (epoch) =>
    epoch <= peak
      ? anneal(first, maxRate, epoch / peak)
      : anneal(maxRate, first / finalDivFactor, (epoch - peak) / (epochs - peak))
}

/** Options of {@link reduceOnPlateau}. */
export interface PlateauOptions {
  /** The rate is multiplied by this, in (0, 1). @defaultValue `0.1` */
  factor?: number | undefined
  /** Epochs without improvement that are borne. The next one reduces the rate. @defaultValue `10` */
  patience?: number | undefined
  /** An improvement must be larger than this, >= 0. @defaultValue `0` */
  minDelta?: number | undefined
  /** The rate does not fall below this, in [0, rate]. @defaultValue `0` */
  minRate?: number | undefined
  /** What should improve. Both need validation examples. @defaultValue `'validationLoss'` */
  monitor?: Monitor | undefined
}

/**
 * Reduces the rate when the figures of validation no longer improve. It depends on the history of the training alone, so a training
 * that goes on from a checkpoint has the same rates.
 *
 * Differs from PyTorch: `minDelta` is a difference (`threshold_mode='abs'`), and 0 by default.
 *
 * @param rate - Rate at the start, > 0.
 * @returns A function that throws EscError INVALID_OPTION if the training has no validation examples.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range.
 * @see torch.optim.lr_scheduler.ReduceLROnPlateau of PyTorch 1.13
 * @example const learningRate = reduceOnPlateau(1e-3, { factor: 0.5, patience: 3 })
 */
export function reduceOnPlateau(rate: number, options: PlateauOptions = {}): Schedule {
  assertPositive('rate', rate)
  const known = { factor: true, patience: true, minDelta: true, minRate: true, monitor: true } as const
  assertKnown('reduceOnPlateau', options, known)
  const { factor = 0.1, patience = 10, minDelta = 0, minRate = 0, monitor = 'validationLoss' } = options
  assertIn('factor', factor, (part) => part > 0 && part < 1, 'a number in (0, 1)')
  assertInteger('patience', patience, 0)
  assertIn('minDelta', minDelta, (delta) => delta >= 0 && delta < Number.POSITIVE_INFINITY, 'a number >= 0')
  assertMinRate(minRate, rate)
  assertOneOf('monitor', monitor, monitors)
  return (_epoch, history) => {
    let [present, lowest, since] = [rate, Number.POSITIVE_INFINITY, 0]
    for (const record of history) {
      const value = watched(record, monitor)
      const isBetter = value < lowest - minDelta
      if (isBetter) lowest = value
      since = isBetter ? 0 : since + 1
      if (since <= patience) continue
      since = 0
      const reduced = Math.max(present * factor, minRate)
      if (present - reduced > smallestStep) present = reduced
    }
    return present
  }
}

/** The `eps` of PyTorch's ReduceLROnPlateau: a smaller change of the rate is left out. */
const smallestStep = 1e-8

function watched(record: EpochRecord, monitor: Monitor): number {
  const value = watchedValue(record, monitor)
  if (value !== null) return value
  throw new EscError(
    'INVALID_OPTION',
    `learningRate: reduceOnPlateau needs ${monitor}, and epoch ${record.epoch} has none; pass a split with validation examples`,
  )
}

/** Half a cosine wave from `start` to `end`. @param part - How far it is; 1 and more give `end`. */
function anneal(start: number, end: number, part: number): number {
  return part >= 1 ? end : end + ((start - end) / 2) * (1 + Math.cos(Math.PI * part))
}

function assertFactor(name: string, factor: number): void {
  assertIn(name, factor, (part) => part > 0 && part <= 1, 'a number in (0, 1]')
}

function assertMinRate(minRate: number, rate: number): void {
  assertIn('minRate', minRate, (least) => least >= 0 && least <= rate, `a number in [0, ${rate}]`)
}
