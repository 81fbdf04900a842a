/** The learning rate of each training step. */
import { type EpochRecord, EscError } from '@esc/core'

/**
 * Returns the learning rate of a step.
 *
 * @param epoch - The epoch as a fraction: 0 at the start, 1.5 in the middle of the second epoch.
 * @param history - Figures of the epochs that are finished. A resumed training passes the same ones.
 */
export type Schedule = (epoch: number, history: readonly EpochRecord[]) => number

/** One rate for all steps, or a function that returns the rate of a step. */
export type LearningRate = number | Schedule

/**
 * The learning rate of a step. Training calls this before every step and passes the rate to the engine, whose optimiser updates
 * the weights with it: `writeOptimizer` of `@esc/onnx`, or `updateWeights` of the tfjs engine.
 *
 * @param history - Figures of all earlier epochs. The number of the present epoch follows from it.
 * @param step - Number of the step in its epoch, from 1.
 * @param steps - Steps of an epoch.
 * @throws EscError INVALID_OPTION if the function returns no finite number >= 0.
 */
export function learningRateOf(
  learningRate: LearningRate,
  history: readonly EpochRecord[],
  step = 1,
  steps = 1,
): number {
  if (typeof learningRate === 'number') return learningRate
  const passed = history.length + (step - 1) / steps
  const rate = learningRate(passed, [...history])
  if (!(typeof rate === 'number' && rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `learningRate(${passed})=${rate} must be a finite number >= 0`)
  }
  return rate
}
