/**
 * A program that runs a network in one thread: `infer-process.js RUNTIME NETWORK BINS FRAMES CLIPS RUNS`. It
 * prints `ready`. Then it answers each line on standard input by the median milliseconds of RUNS runs.
 */
import { createInterface } from 'node:readline'
import { createRng, type NetworkGraph } from '@esc/core'
import { quantizeStatic } from '@esc/edge'
import { calibrate } from '@esc/edge/node'
import { lowerNetwork, type OnnxModel, type Tensor, writeModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { type NetworkName, networks, withTrainedNorms } from './networks.js'
import { median } from './rows.js'
import { startTfjs, tfjsSeparable } from './tfjs.js'

const [kind, network, ...sizes] = process.argv.slice(2)
const [bins, frames, clips, runs] = sizes.map(Number) as [number, number, number, number]
const size = { bins, frames, classes: 10, seed: 42 }
const rng = createRng(1)

type Run = () => Promise<unknown>

const runtimes: Record<string, () => Promise<Run>> = {
  // Without a normaliser, which the peers do not have either.
  float: () => ort(lowerNetwork(makeGraph())),
  async int8() {
    const model = lowerNetwork(makeGraph())
    const batches = Array.from({ length: 4 }, () => randomClips(8))
    return ort(quantizeStatic(model, await calibrate(model, batches)))
  },
  'tfjs-cpu': () => tfjs('cpu'),
  'tfjs-wasm': () => tfjs('wasm'),
}

function makeGraph(): NetworkGraph {
  return withTrainedNorms(networks[network as NetworkName](size), rng)
}

async function ort(model: OnnxModel): Promise<Run> {
  const session = await ortRuntime.createSession(writeModel(model), { threads: 1 })
  const input = randomClips(clips)
  return () => session.run({ input })
}

async function tfjs(backend: 'cpu' | 'wasm'): Promise<Run> {
  if (network !== 'separable') throw new Error(`there is no ${network} for tfjs`)
  const tf = await startTfjs(backend)
  const model = tfjsSeparable(tf, size)
  const image = tf.tensor4d(randomClips(clips).data as Float32Array, [clips, bins, frames, 1])
  return async () => {
    const logits = tf.tidy(() => model.predictOnBatch(image)) as ReturnType<typeof tf.tensor>
    await logits.data()
    logits.dispose()
  }
}

function randomClips(count: number): Tensor {
  const data = Float32Array.from({ length: count * bins * frames }, () => rng.uniform())
  return { type: 'float32', dims: [count, 1, bins, frames], data }
}

async function main(): Promise<void> {
  const run = await runtimes[kind!]!()
  console.log('ready')
  for await (const _ of createInterface({ input: process.stdin })) {
    const times: number[] = []
    for (let i = 0; i < runs; i++) {
      const started = performance.now()
      await run()
      times.push(performance.now() - started)
    }
    console.log(median(times))
  }
}

main().catch((error) => {
  console.log(`cannot: ${String(error instanceof Error ? error.message : error).split('\n')[0]}`)
  process.exitCode = 1
})
