/**
 * Training steps of both networks against PyTorch (python3-torch) and tfjs, one step each in turns, and the
 * memory they take. Each contender has a process of its own.
 */
import { setTimeout } from 'node:timers/promises'
import { type Maker, type StepSize, startSteps } from './step-process.js'
import { lookAtMachine, type Measured, summarize, type TrainRow } from './train-rows.js'

const audio = { network: 'audio-cnn', bins: 13, frames: 431, clips: 32, warmup: 2, rounds: 30 } as const
const mel = { network: 'mel-cnn', bins: 128, frames: 216, clips: 32, warmup: 2, rounds: 7 } as const
/** In plain JavaScript, tfjs takes seconds for these batches, and minutes for whole ones. */
const smallBatches = [
  { ...audio, clips: 8, warmup: 1, rounds: 3 },
  { ...mel, clips: 1, warmup: 1, rounds: 3 },
]

const memorySteps = 5

/** A network, its batch, the number of steps that warm up, and the number of timed steps. */
interface Measurement extends StepSize {
  warmup: number
  rounds: number
}

interface Contender {
  maker: Maker
  threads: number
}

interface Peer extends Contender {
  name: string
  goalRatio?: number
}

/** Steps with 1 and 2 threads, steps of a batch that two workers share, steps of tfjs, and the memory. */
export async function trainSuite(): Promise<TrainRow[]> {
  const rows: TrainRow[] = []
  for (const size of [audio, mel]) {
    for (const threads of [1, 2]) {
      const peers: Peer[] = [
        { maker: 'torch default', threads, name: 'PyTorch', goalRatio: threads === 1 ? 0.75 : 0.8 },
        { maker: 'torch channels_last', threads, name: 'PyTorch, channels_last', goalRatio: 1 },
      ]
      const name = `${threads} thread${threads > 1 ? 's' : ''}`
      rows.push(...(await compareSteps(size, { name, maker: 'ort', threads }, peers)))
    }
  }
  for (const size of [audio, mel]) {
    const ours: Peer = { name: '2 workers, 1 thread each', maker: 'workers-2', threads: 1 }
    const peer: Peer = { name: '1 worker, 2 threads', maker: 'workers-1', threads: 2 }
    rows.push(...(await compareSteps(size, ours, [peer])))
  }
  for (const size of smallBatches) {
    const peers: Peer[] = [
      { name: 'tfjs, cpu', maker: 'tfjs-cpu', threads: 1 },
      { name: 'tfjs, wasm', maker: 'tfjs-wasm', threads: 1 },
    ]
    rows.push(...(await compareSteps(size, { name: '1 thread', maker: 'ort', threads: 1 }, peers)))
  }
  rows.push(await compareMemory(mel))
  return rows
}

/** Returns a row for each peer. All contenders make their steps in turns. */
async function compareSteps(size: Measurement, ours: Peer, peers: readonly Peer[]): Promise<TrainRow[]> {
  const machine = lookAtMachine()
  const [measured, ...theirs] = await measureSteps([ours, ...peers], size)
  return peers.map(({ name, goalRatio }, i) => ({
    case: `${describe(size)}, ${ours.name}`,
    unit: 'ms',
    machine,
    ours: measured!,
    peer: { name, ...theirs[i]! },
    ...(goalRatio === undefined ? {} : { goalRatio }),
  }))
}

function describe({ network, bins, frames, clips }: StepSize): string {
  return `${network} ${bins} × ${frames}, batch ${clips}`
}

async function measureSteps(
  contenders: readonly Contender[],
  { warmup, rounds, ...size }: Measurement,
): Promise<Measured[]> {
  const running = contenders.map((contender) => ({
    process: startSteps(contender, size),
    values: [] as number[],
    cannot: null as string | null,
  }))
  for (let round = -warmup; round < rounds; round++) {
    for (const each of running) {
      if (each.cannot !== null) continue
      // Threads of the contender before may use the processor for a while before they sleep.
      await setTimeout(20)
      try {
        const ms = await each.process.ask('step')
        if (round >= 0) each.values.push(ms)
      } catch (error) {
        each.cannot = (error as Error).message
      }
    }
  }
  for (const { process } of running) process.stop()
  return running.map(({ values, cannot }) => (cannot === null ? summarize(values) : { cannot }))
}

async function compareMemory(size: StepSize): Promise<TrainRow> {
  return {
    case: `${describe(size)}, peak memory of the process after ${memorySteps} steps`,
    unit: 'MiB',
    machine: lookAtMachine(),
    ours: await measureMemory({ maker: 'workers-1', threads: 1 }, size),
    peer: { name: 'PyTorch', ...(await measureMemory({ maker: 'torch default', threads: 1 }, size)) },
    goalRatio: 1.5,
  }
}

async function measureMemory(contender: Contender, size: StepSize): Promise<Measured> {
  const process = startSteps(contender, size)
  try {
    for (let step = 0; step < memorySteps; step++) await process.ask('step')
    return summarize([await process.ask('memory')])
  } catch (error) {
    return { cannot: (error as Error).message }
  } finally {
    process.stop()
  }
}
