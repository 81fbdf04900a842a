/** Starts the process of a contender that makes training steps. */
import { type Contender, startContender } from './contender.js'
import type { NetworkName } from './networks.js'

/** Which contender makes the steps: an engine of `train-process.ts`, or PyTorch with a memory layout. */
export type Maker =
  | 'ort'
  | 'workers-1'
  | 'workers-2'
  | 'tfjs-cpu'
  | 'tfjs-wasm'
  | 'torch default'
  | 'torch channels_last'

/** A network and its batch. */
export interface StepSize {
  network: NetworkName
  bins: number
  frames: number
  clips: number
}

/**
 * Starts a process. Its orders are `step`, whose answer is the milliseconds of a training step, and `memory`,
 * whose answer is the peak resident memory in MiB.
 *
 * @param patienceMs - Longest time for an answer.
 */
export function startSteps(
  { maker, threads }: { maker: Maker; threads: number },
  { network, bins, frames, clips }: StepSize,
  patienceMs?: number,
): Contender {
  const [first, layout] = maker.split(' ') as [string, string | undefined]
  const [program, kind] = layout === undefined ? ['train-process.js', first] : ['train_peer.py', layout]
  return startContender(program, [kind, network, bins, frames, clips, threads], patienceMs)
}
