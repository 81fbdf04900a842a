/**
 * Starts a process for each contender's training steps, so that none computes in another's memory and
 * threads.
 */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'

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
  network: 'audio-cnn' | 'mel-cnn'
  bins: number
  frames: number
  clips: number
}

/** A process that waits for orders. */
export interface StepProcess {
  /**
   * Makes a step and returns its milliseconds, or returns the peak resident memory in MiB. Rejects with
   * `cannot: …` if the program cannot do it, is not installed, has ended, or does not answer within five
   * minutes. A late process is killed.
   */
  ask(order: 'step' | 'memory'): Promise<number>
  /** Ends the process. */
  stop(): void
}

/**
 * Starts a process.
 *
 * @param patienceMs - Longest time for an answer.
 */
export function startSteps(
  { maker, threads }: { maker: Maker; threads: number },
  { network, bins, frames, clips }: StepSize,
  patienceMs = 5 * 60_000,
): StepProcess {
  const [first, layout] = maker.split(' ') as [string, string | undefined]
  const [command, program, kind] =
    layout === undefined
      ? [process.execPath, './train-process.js', first]
      : ['/usr/bin/python3', '../src/train_peer.py', layout]
  const file = fileURLToPath(new URL(program, import.meta.url))
  const args = [file, kind, network, ...[bins, frames, clips, threads].map(String)]
  const child = spawn(command, args, { stdio: ['pipe', 'pipe', 'ignore'] })
  // A missing or ended program must not end this one. The missing answer shows it.
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  const answer = async () => {
    let isLate = false
    const timer = setTimeout(() => {
      isLate = true
      // This also ends the lines of its output.
      child.kill('SIGKILL')
    }, patienceMs)
    const line = (await lines.next()) as { value?: string }
    clearTimeout(timer)
    if (isLate) throw new Error(`cannot: no answer within ${patienceMs / 1000} s`)
    const { value = `cannot: ${command} does not start or has ended` } = line
    if (value.startsWith('cannot: ')) throw new Error(value)
    return value
  }
  let isReady = false
  return {
    async ask(order) {
      if (!isReady) await answer()
      isReady = true
      child.stdin.write(`${order}\n`)
      return Number(await answer())
    },
    stop: () => child.stdin.end(),
  }
}
