/** Goes on from a checkpoint. */
import { describeValue, EscError, isEscError, type NetworkGraph } from '@esc/core'
import type { TrainingEngine } from '../../engine/engine.js'
import { learningRateOf } from '../learning-rate.js'
import type { ResolvedOptions } from '../resolve-options.js'
import { corruptCheckpoint, decodeCheckpoint, otherRun, type SavedTraining } from './checkpoint.js'
import type { RunDescription } from './run-description.js'

/**
 * Reads the checkpoint of this training.
 *
 * @returns `null` if the options have no checkpoint, or nothing was written yet.
 * @throws EscError INVALID_INPUT saying what differs, if it belongs to another training; INVALID_OPTION if `checkpoint.read` returns
 *   no bytes; CORRUPT_DATA, UNSUPPORTED_FORMAT as {@link decodeCheckpoint}.
 */
export async function readCheckpoint(
  graph: NetworkGraph,
  run: RunDescription,
  { checkpoint, epochs, learningRate }: ResolvedOptions,
): Promise<SavedTraining | null> {
  const bytes = (await checkpoint?.read()) ?? null
  if (bytes === null) return null
  if (!(bytes instanceof Uint8Array)) {
    throw new EscError(
      'INVALID_OPTION',
      `checkpoint.read returned a value that is ${describeValue(bytes)}; it must be a Uint8Array, or null`,
    )
  }
  const saved = await decodeCheckpoint(bytes, graph, run)
  const { history } = saved
  if (history.length > epochs) throw otherRun([['epochs', `${history.length} or more`, epochs]])
  const rateOf = (epoch: number) => learningRateOf(learningRate, history.slice(0, epoch - 1))
  const other = history.find((record) => rateOf(record.epoch) !== record.learningRate)
  if (other) {
    const what = `learningRate of epoch ${other.epoch}`
    throw otherRun([[what, other.learningRate, rateOf(other.epoch)]])
  }
  return saved
}

/**
 * Puts the saved state into the engine.
 *
 * @throws EscError CORRUPT_DATA if the checkpoint's arrays are not those of this network and optimiser.
 */
export async function restoreEngine(engine: TrainingEngine, { state }: SavedTraining): Promise<void> {
  try {
    await engine.restore(state)
  } catch (error) {
    if (isEscError(error, 'INVALID_INPUT')) throw corruptCheckpoint(error.message, error)
    throw error
  }
}
