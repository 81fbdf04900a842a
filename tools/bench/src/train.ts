/**
 * Training steps of the networks against PyTorch (python3-torch) and tfjs, one step each in turns, and the
 * memory they take. Each contender has a process of its own.
 */
import { measureInTurns, startContender } from './contender.js'
import { lookAtMachine, type Measured, type NetworkRow, summarize } from './network-rows.js'
import type { NetworkName } from './networks.js'
import { type Maker, type StepSize, startSteps } from './step-process.js'

/** A network, its batch, the number of steps that warm up, and the number of timed steps. */
interface Measurement extends StepSize {
  warmup: number
  rounds: number
}

const audio = { network: 'audio-cnn', bins: 13, frames: 431, clips: 32, warmup: 2, rounds: 30 } as const
const mel = { network: 'mel-cnn', bins: 128, frames: 216, clips: 32, warmup: 2, rounds: 7 } as const
const separable = { network: 'separable', bins: 64, frames: 216, clips: 32, warmup: 2, rounds: 15 } as const
/** In plain JavaScript, tfjs takes seconds for these batches, and minutes for whole ones. */
const smallBatches = [
  { ...audio, clips: 8, warmup: 1, rounds: 3 },
  { ...mel, clips: 1, warmup: 1, rounds: 3 },
]

/** Ours divided by PyTorch's time should be at most this, for each number of threads and layout of PyTorch. */
const goals: Record<NetworkName, Record<1 | 2, { default: number; channels_last: number }>> = {
  'audio-cnn': {
    1: { default: 0.75, channels_last: 1 },
    2: { default: 0.8, channels_last: 0.8 },
  },
  'mel-cnn': {
    1: { default: 0.75, channels_last: 1 },
    2: { default: 0.8, channels_last: 1 },
  },
  separable: {
    1: { default: 0.8, channels_last: 1 },
    2: { default: 0.8, channels_last: 1 },
  },
}

const memorySteps = 5

interface Entrant {
  maker: Maker
  threads: number
}

interface Peer extends Entrant {
  name: string
  goalRatio?: number
}

/**
 * Steps with 1 and 2 threads, steps of a batch that two workers share, steps of tfjs, and the memory.
 *
 * @param networks - Only their cases run.
 */
export async function trainSuite(networks: readonly NetworkName[]): Promise<NetworkRow[]> {
  const isChosen = ({ network }: StepSize) => networks.includes(network)
  const rows: NetworkRow[] = []
  for (const size of [audio, mel, separable].filter(isChosen)) {
    for (const threads of [1, 2] as const) rows.push(...(await compareWithPyTorch(size, threads)))
  }
  for (const size of [audio, mel].filter(isChosen)) {
    const ours: Peer = { name: '2 workers, 1 thread each', maker: 'workers-2', threads: 1 }
    const peer: Peer = { name: '1 worker, 2 threads', maker: 'workers-1', threads: 2 }
    rows.push(...(await compareSteps(size, ours, [peer])))
  }
  for (const size of smallBatches.filter(isChosen)) {
    const peers: Peer[] = [
      { name: 'tfjs, cpu', maker: 'tfjs-cpu', threads: 1 },
      { name: 'tfjs, wasm', maker: 'tfjs-wasm', threads: 1 },
    ]
    rows.push(...(await compareSteps(size, { name: '1 thread', maker: 'ort', threads: 1 }, peers)))
  }
  if (isChosen(mel)) rows.push(await compareMemory(mel))
  if (isChosen(separable)) rows.push(...(await compareAugmented()))
  return rows
}

function compareWithPyTorch(size: Measurement, threads: 1 | 2): Promise<NetworkRow[]> {
  const goal = goals[size.network][threads]
  const peers: Peer[] = [
    { maker: 'torch default', threads, name: 'PyTorch', goalRatio: goal.default },
    { maker: 'torch channels_last', threads, name: 'PyTorch, channels_last', goalRatio: goal.channels_last },
  ]
  const name = `${threads} thread${threads > 1 ? 's' : ''}`
  return compareSteps(size, { name, maker: 'ort', threads }, peers)
}

/** Returns a row for each peer. All contenders make their steps in turns. */
async function compareSteps(size: Measurement, ours: Peer, peers: readonly Peer[]): Promise<NetworkRow[]> {
  const machine = lookAtMachine()
  const contenders = [ours, ...peers].map((entrant) => startSteps(entrant, size))
  const [measured, ...theirs] = await measureInTurns(contenders, 'step', size)
  return peers.map(({ name, goalRatio }, i) => ({
    case: `${describe(size)}, ${ours.name}`,
    unit: 'ms',
    machine,
    ours: measured!,
    peer: { name, ...theirs[i]! },
    ...(goalRatio === undefined ? {} : { goalRatio }),
  }))
}

/**
 * Epochs of training with augmentation, against epochs with finished features. What an epoch takes longer, its steps wait for batches, or
 * share the processors with what makes them. The first epochs fill the cache of mel power at seven speeds.
 */
async function compareAugmented(): Promise<NetworkRow[]> {
  const machine = lookAtMachine()
  const kinds = { power: 'augmented', stretch: 'augmented by a stretch of each waveform' } as const
  const contenders = ['plain', ...Object.keys(kinds)].map((kind) =>
    startContender('augmented-process.js', [kind]),
  )
  const [plain, ...measured] = await measureInTurns(contenders, 'epoch', { warmup: 15, rounds: 7 })
  return Object.entries(kinds).map(([kind, name], i) => ({
    case: `separable, an epoch of ESC-10 (240 clips), ${name}`,
    unit: 'ms' as const,
    machine,
    ours: measured[i]!,
    peer: { name: 'finished features', ...plain! },
    // At most 10 % of the epoch may go to batches.
    ...(kind === 'power' ? { goalRatio: 1.11 } : {}),
  }))
}

function describe({ network, bins, frames, clips }: StepSize): string {
  return `${network} ${bins} × ${frames}, batch ${clips}`
}

async function compareMemory(size: StepSize): Promise<NetworkRow> {
  return {
    case: `${describe(size)}, peak memory of the process after ${memorySteps} steps`,
    unit: 'MiB',
    machine: lookAtMachine(),
    ours: await measureMemory({ maker: 'workers-1', threads: 1 }, size),
    peer: { name: 'PyTorch', ...(await measureMemory({ maker: 'torch default', threads: 1 }, size)) },
    goalRatio: 1.5,
  }
}

async function measureMemory(entrant: Entrant, size: StepSize): Promise<Measured> {
  const process = startSteps(entrant, size)
  try {
    for (let step = 0; step < memorySteps; step++) await process.ask('step')
    return summarize([await process.ask('memory')])
  } catch (error) {
    return { cannot: (error as Error).message }
  } finally {
    process.stop()
  }
}
