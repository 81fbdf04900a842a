/**
 * A program that makes training steps: `train-process.js ENGINE NETWORK BINS FRAMES CLIPS THREADS`. It prints
 * `ready`. Then it answers each line on standard input by a number: the milliseconds of a `step`, or the peak
 * resident `memory` in MiB.
 */
import { readFile } from 'node:fs/promises'
import { createInterface } from 'node:readline'
import { createRng, type NetworkGraph, type Rng } from '@esc/core'
import { type CreateEngine, ortEngine, type StepBatch } from '@esc/model'
import { nodeEngine } from '@esc/model/node'
import { ortRuntime } from '@esc/onnx/node'
import { type NetworkName, networks } from './networks.js'
import { startTfjs } from './tfjs.js'

const classes = 10
const [kind, network, ...sizes] = process.argv.slice(2)
const [bins, frames, clips, threads] = sizes.map(Number) as [number, number, number, number]

const engines: Record<string, () => CreateEngine | Promise<CreateEngine>> = {
  ort: () => ortEngine({ runtime: ortRuntime, threads }),
  'workers-1': () => nodeEngine({ workers: 1, threads }),
  'workers-2': () => nodeEngine({ workers: 2, threads }),
  'tfjs-cpu': () => tfjs('cpu'),
  'tfjs-wasm': () => tfjs('wasm'),
}

async function tfjs(backend: 'cpu' | 'wasm'): Promise<CreateEngine> {
  await startTfjs(backend)
  const { tfjsEngine } = await import('@esc/model/tfjs')
  return tfjsEngine()
}

function randomBatch({ input: { shape } }: NetworkGraph, rng: Rng): StepBatch {
  const target = new Float32Array(clips * classes)
  for (let row = 0; row < clips; row++) target[row * classes + (row % classes)] = 1
  const data = Float32Array.from({ length: clips * bins * frames }, () => rng.uniform())
  return {
    input: { type: 'float32', dims: [clips, ...shape], data },
    target: { type: 'float32', dims: [clips, classes], data: target },
    learningRate: 1e-3,
  }
}

async function peakMiB(): Promise<number> {
  return Number(/VmHWM:\s*(\d+) kB/.exec(await readFile('/proc/self/status', 'utf8'))![1]) / 1024
}

async function main(): Promise<void> {
  const rng = createRng(1)
  const graph = networks[network as NetworkName]({ bins, frames, classes, seed: 42 })
  const createEngine = await engines[kind!]!()
  const engine = await createEngine(graph, { rng: rng.fork('dropout') })
  const step = async () => {
    const batch = randomBatch(graph, rng)
    const started = performance.now()
    await engine.step(batch)
    return performance.now() - started
  }
  console.log('ready')
  for await (const line of createInterface({ input: process.stdin })) {
    console.log(await (line === 'step' ? step() : peakMiB()))
  }
  await engine.release()
}

main().catch((error) => {
  console.log(`cannot: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`)
  process.exitCode = 1
})
