/** Starts a process for each contender, so that none computes in another's memory and threads, and takes turns. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { type Measured, summarize } from './network-rows.js'

/** A process that waits for orders. */
export interface Contender {
  /**
   * Gives an order and returns the number that is the answer. Rejects with `cannot: …` if the program cannot do
   * it, is not installed, has ended, or does not answer in time. A late process is killed.
   */
  ask(order: string): Promise<number>
  /** Ends the process. */
  stop(): void
}

/**
 * glibc gives large blocks of memory back to the system when they are free. PyTorch asks for them again in the next operation, and in a
 * virtual machine that can take four fifths of its time. With these variables glibc keeps the blocks, as ONNX Runtime does by itself. All
 * contenders get them.
 */
const keepMemory = {
  MALLOC_MMAP_THRESHOLD_: '4000000000',
  MALLOC_TRIM_THRESHOLD_: '4000000000',
  MALLOC_TOP_PAD_: '100000000',
}

/**
 * Starts a process.
 *
 * @param program - A program of this folder. Those that end in `.py` run in Python, the others in Node.
 * @param patienceMs - Longest time for an answer.
 */
export function startContender(
  program: string,
  args: readonly (string | number)[],
  patienceMs = 5 * 60_000,
): Contender {
  const isPython = program.endsWith('.py')
  const command = isPython ? '/usr/bin/python3' : process.execPath
  const file = fileURLToPath(new URL(isPython ? `../src/${program}` : `./${program}`, import.meta.url))
  const child = spawn(command, [file, ...args.map(String)], {
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, ...keepMemory },
  })
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

/** Gives an order to all contenders in turns, and ends them. The first `warmup` rounds do not count. */
export async function measureInTurns(
  contenders: readonly Contender[],
  order: string,
  { warmup, rounds }: { warmup: number; rounds: number },
): Promise<Measured[]> {
  const running = contenders.map((process) => ({
    process,
    values: [] as number[],
    cannot: null as string | null,
  }))
  for (let round = -warmup; round < rounds; round++) {
    for (const each of running) {
      if (each.cannot !== null) continue
      // Threads of the contender before may use the processor for a while before they sleep.
      await sleep(20)
      try {
        const ms = await each.process.ask(order)
        if (round >= 0) each.values.push(ms)
      } catch (error) {
        each.cannot = (error as Error).message
      }
    }
  }
  for (const { process } of running) process.stop()
  return running.map(({ values, cannot }) => (cannot === null ? summarize(values) : { cannot }))
}
