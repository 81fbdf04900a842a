/** The learning rate of each training step. */
import { EscError } from '@esc/core'

/** One rate for all steps, or a function of the epoch as a fraction: 0 at the start, 1.5 in the middle of the second epoch. */
export type LearningRate = number | ((epoch: number) => number)

/**
 * The learning rate of a step. Training calls this before every step and passes the rate to the engine, whose optimiser updates
 * the weights with it: `writeOptimizer` of `@esc/onnx`, or `updateWeights` of the tfjs engine.
 *
 * @param epoch - From 1.
 * @param step - Number of the step in its epoch, from 1.
 * @param steps - Steps of an epoch.
 * @throws EscError INVALID_OPTION if the function returns no finite number >= 0.
 */
export function learningRateOf(learningRate: LearningRate, epoch: number, step = 1, steps = 1): number {
  if (typeof learningRate === 'number') return learningRate
  const passed = epoch - 1 + (step - 1) / steps
  const rate = learningRate(passed)
  if (!(typeof rate === 'number' && rate >= 0 && rate < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `learningRate(${passed})=${rate} must be a finite number >= 0`)
  }
  return rate
}
