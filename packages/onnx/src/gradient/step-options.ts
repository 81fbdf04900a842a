/** Options of the functions that write a training step, and the check that refuses unknown names. */
import { assertInteger, assertKnown, EscError, shown } from '@esc/core'
import type { Blocking } from './layouts/blocked.js'
import type { Distillation, LossOptions } from './loss.js'
import { assertOptimizerNames, type OptimizerOptions } from './optimizer-options.js'

/** Options of the functions that write a training step, or a part of it. */
export interface StepOptions {
  /** The loss. @defaultValue softmax cross-entropy */
  loss?: LossOptions | undefined
  /** The optimiser. @defaultValue Adam */
  optimizer?: OptimizerOptions | undefined
  /**
   * Layers that stay as they are: names of nodes, or beginnings of names that end in `*`. Their weights have no gradient and no optimiser
   * state, and no gradient is computed below the lowest layer that learns. A frozen BatchNorm computes as in inference, with its running
   * averages, and keeps them. A frozen Dropout still drops values. @defaultValue none
   */
  frozen?: readonly string[] | undefined
  /**
   * Writes images in the blocked layout, with operators of `com.microsoft.nchwc`, which is faster where ONNX Runtime has it.
   *
   * @defaultValue `null`: standard operators alone
   */
  blocking?: Blocking | null | undefined
}

const lossNames: Readonly<Record<keyof LossOptions, true>> = {
  kind: true,
  labelSmoothing: true,
  classWeights: true,
  focalGamma: true,
  distillation: true,
}
const distillationNames: Readonly<Record<keyof Distillation, true>> = { temperature: true, weight: true }

/**
 * Checks the names of a step's options, and of its loss and optimiser.
 *
 * @param owner - Name of the function that the user called.
 * @param known - The {@link StepOptions} that this function takes.
 * @throws EscError INVALID_OPTION naming the option that is unknown.
 */
export function assertStepOptions<Name extends keyof StepOptions>(
  owner: string,
  options: Pick<StepOptions, Name>,
  known: Readonly<Record<Name, true>>,
): void {
  assertKnown(owner, options, known)
  const { loss, optimizer, blocking }: StepOptions = options ?? {}
  assertKnown(`loss of ${owner}`, loss, lossNames)
  assertKnown(`loss.distillation of ${owner}`, loss?.distillation ?? undefined, distillationNames)
  assertBlocking(owner, blocking ?? undefined)
  assertOptimizerNames(`optimizer of ${owner}`, optimizer)
}

function assertBlocking(owner: string, blocking: Blocking | undefined): void {
  assertKnown(`blocking of ${owner}`, blocking, { clips: true, channels: true })
  if (blocking === undefined) return
  if (blocking.clips !== undefined) assertInteger('blocking.clips', blocking.clips, 1)
  if ([1, 8, 16].includes(blocking.channels)) return
  throw new EscError(
    'INVALID_OPTION',
    `blocking.channels=${shown(blocking.channels)} must be 8 or 16, or 1 for the plain layout: pass what channelBlock of the runtime returns`,
  )
}
