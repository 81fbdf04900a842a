/** The names of the options that a training step takes, and the checks that refuse all others. */
import { assertKnown, assertOneOf } from '@esc/core'
import type { Distillation, LossOptions } from './loss.js'
import type { AdamOptions, OptimizerOptions, SgdOptions } from './optimizer.js'

/** Options of the functions that write a step, or a part of it. */
export interface StepOptions {
  /** @defaultValue softmax cross-entropy */
  loss?: LossOptions | undefined
  /** @defaultValue Adam */
  optimizer?: OptimizerOptions | undefined
}

const lossNames: Readonly<Record<keyof LossOptions, true>> = {
  kind: true,
  labelSmoothing: true,
  classWeights: true,
  focalGamma: true,
  distillation: true,
}
const distillationNames: Readonly<Record<keyof Distillation, true>> = { temperature: true, weight: true }
const adamNames: Readonly<Record<keyof AdamOptions, true>> = {
  kind: true,
  beta1: true,
  beta2: true,
  epsilon: true,
  weightDecay: true,
  clipNorm: true,
}
const sgdNames: Readonly<Record<keyof SgdOptions, true>> = {
  kind: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  clipNorm: true,
}

/**
 * Checks the names of a step's options, and of its loss and optimiser.
 *
 * @param owner - The function that the user called.
 * @param known - Which of {@link StepOptions} it takes.
 * @throws EscError INVALID_OPTION naming the option that is unknown.
 */
export function assertStepOptions<Name extends keyof StepOptions>(
  owner: string,
  options: Pick<StepOptions, Name>,
  known: Readonly<Record<Name, true>>,
): void {
  assertKnown(owner, options, known)
  const { loss, optimizer }: StepOptions = options ?? {}
  assertKnown(`loss of ${owner}`, loss, lossNames)
  assertKnown(`loss.distillation of ${owner}`, loss?.distillation ?? undefined, distillationNames)
  assertOptimizerNames(`optimizer of ${owner}`, optimizer)
}

/** @throws EscError INVALID_OPTION if there is no such kind of optimiser, or naming an option that its kind does not have. */
export function assertOptimizerNames(owner: string, optimizer: OptimizerOptions | undefined): void {
  const isSgd = optimizer?.kind === 'sgd'
  if (optimizer?.kind !== undefined) assertOneOf('optimizer.kind', optimizer.kind, ['adam', 'adamw', 'sgd'])
  assertKnown(owner, optimizer, isSgd ? sgdNames : adamNames)
}
