/**
 * Inference of the networks in one thread, float and int8, against PyTorch (python3-torch) and tfjs, in turns. Each
 * contender has a process of its own.
 */
import { measureInTurns, startContender } from './contender.js'
import { lookAtMachine, type Measured, type NetworkRow } from './network-rows.js'
import type { NetworkName } from './networks.js'

/** What the table calls each contender, and its program with the first argument. */
const entrants = {
  float: ['ours, float', 'infer-process.js', 'float'],
  int8: ['ours, int8', 'infer-process.js', 'int8'],
  script: ['TorchScript', 'infer_peer.py', 'script'],
  eager: ['PyTorch', 'infer_peer.py', 'default'],
  channelsLast: ['PyTorch, channels_last', 'infer_peer.py', 'channels_last'],
  tfjsCpu: ['tfjs, cpu', 'infer-process.js', 'tfjs-cpu'],
  tfjsWasm: ['tfjs, wasm', 'infer-process.js', 'tfjs-wasm'],
} as const

type Entrant = keyof typeof entrants
type Comparison = readonly [ours: Entrant, peer: Entrant, goalRatio?: number]

/** A network, its batch, and who is compared with whom. */
interface Measurement {
  network: NetworkName
  bins: number
  frames: number
  clips: number
  warmup: number
  /** Turns of each contender. */
  rounds: number
  /** Runs in a turn, of which the median counts. */
  runs: number
  comparisons: readonly Comparison[]
}

const separable = { network: 'separable', bins: 64, frames: 216 } as const
const clip = { clips: 1, warmup: 1, rounds: 15, runs: 20 }
const batch = { clips: 32, warmup: 1, rounds: 9, runs: 3 }
/** tfjs needs up to some seconds. */
const slowClip = { clips: 1, warmup: 2, rounds: 5, runs: 3 }
const slowBatch = { clips: 32, warmup: 1, rounds: 3, runs: 1 }

const int8: readonly Comparison[] = [
  ['int8', 'float'],
  ['int8', 'script'],
]
const eager: readonly Comparison[] = [
  ['float', 'eager'],
  ['float', 'channelsLast'],
]
const tfjs: readonly Comparison[] = [
  ['float', 'tfjsCpu'],
  ['float', 'tfjsWasm'],
]

const measurements: readonly Measurement[] = [
  { ...separable, ...clip, comparisons: [['float', 'script', 0.5], ...eager, ...int8] },
  { ...separable, ...batch, comparisons: [['float', 'script'], ...eager, ...int8] },
  { ...separable, ...slowClip, comparisons: tfjs },
  { ...separable, ...slowBatch, comparisons: tfjs },
  { network: 'audio-cnn', bins: 13, frames: 431, ...clip, comparisons: [['float', 'script'], ...int8] },
  { network: 'mel-cnn', bins: 128, frames: 216, ...clip, comparisons: [['float', 'script'], ...int8] },
]

/**
 * One clip, and a batch of 32.
 *
 * @param networks - Only their cases run.
 */
export async function inferSuite(networks: readonly NetworkName[]): Promise<NetworkRow[]> {
  const rows: NetworkRow[] = []
  for (const measurement of measurements) {
    if (networks.includes(measurement.network)) rows.push(...(await compareRuns(measurement)))
  }
  return rows
}

/** Returns a row for each comparison. All contenders run in turns. */
async function compareRuns({ comparisons, ...size }: Measurement): Promise<NetworkRow[]> {
  const machine = lookAtMachine()
  const pairs = comparisons.map(([ours, peer]) => [ours, peer])
  const { network, bins, frames, clips, runs } = size
  const names = [...new Set(pairs.flat())]
  const contenders = names.map((name) => {
    const [, program, kind] = entrants[name]
    return startContender(program, [kind, network, bins, frames, clips, runs])
  })
  const results = await measureInTurns(contenders, 'run', size)
  const measuredOf = (name: Entrant): Measured => results[names.indexOf(name)]!
  return comparisons.map(([ours, peer, goalRatio]) => ({
    case: `${network} ${bins} × ${frames}, batch ${clips}, ${ours}`,
    unit: 'ms',
    machine,
    ours: measuredOf(ours),
    peer: { name: entrants[peer][0], ...measuredOf(peer) },
    ...(goalRatio === undefined ? {} : { goalRatio }),
  }))
}
