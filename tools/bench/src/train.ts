/** A training step of both networks, batch 32, against PyTorch (python3-torch, default layout), step by step in turns. */
import { spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { createRng, type NetworkGraph, type Rng } from '@esc/core'
import { audioCnn, createOrtEngine, melCnn, type StepBatch } from '@esc/model'
import { ortRuntime } from '@esc/onnx/node'
import { type BenchRow, median } from './rows.js'

const batch = 32
const classes = 10
const warmup = 2
const cases = [
  { create: audioCnn, bins: 13, frames: 431, rounds: 30 },
  { create: melCnn, bins: 128, frames: 216, rounds: 7 },
]

/** Measures every case with 1 and 2 threads. */
export async function trainSuite(): Promise<BenchRow[]> {
  const rows: BenchRow[] = []
  for (const { create, bins, frames, rounds } of cases) {
    const graph = create({ bins, frames, classes })
    for (const threads of [1, 2]) {
      const times = await measure(graph, threads, rounds)
      rows.push({
        case: `${graph.name} ${bins} × ${frames}, batch ${batch}, ${threads} thread${threads > 1 ? 's' : ''}`,
        oursMs: median(times.ours),
        peer: times.peer.length > 0 ? { name: 'PyTorch', ms: median(times.peer) } : null,
      })
    }
  }
  return rows
}

async function measure(graph: NetworkGraph, threads: number, rounds: number) {
  const rng = createRng(1)
  const engine = await createOrtEngine(graph, { runtime: ortRuntime, rng: rng.fork('dropout'), threads })
  const peer = await startPeer(graph.name, threads)
  const times: { ours: number[]; peer: number[] } = { ours: [], peer: [] }
  for (let round = -warmup; round < rounds; round++) {
    const input = randomBatch(graph, rng)
    const started = performance.now()
    await engine.step(input)
    const elapsed = performance.now() - started
    const peerElapsed = await peer?.step()
    if (round < 0) continue
    times.ours.push(elapsed)
    if (peerElapsed !== undefined) times.peer.push(peerElapsed)
  }
  await engine.release()
  peer?.stop()
  return times
}

function randomBatch({ input: { shape } }: NetworkGraph, rng: Rng): StepBatch {
  const size = shape.reduce((a, b) => a * b, batch)
  const target = new Float32Array(batch * classes)
  for (let row = 0; row < batch; row++) target[row * classes + (row % classes)] = 1
  const data = Float32Array.from({ length: size }, () => rng.uniform())
  return {
    input: { type: 'float32', dims: [batch, ...shape], data },
    target: { type: 'float32', dims: [batch, classes], data: target },
    learningRate: 1e-3,
  }
}

/** PyTorch in a process of its own, which makes a step when told to and answers with its milliseconds. */
async function startPeer(name: string, threads: number) {
  const script = fileURLToPath(new URL('train_peer.py', import.meta.url))
  const child = spawn('/usr/bin/python3', [script, name, String(threads)], {
    stdio: ['pipe', 'pipe', 'ignore'],
  })
  child.on('error', () => {})
  child.stdin.on('error', () => {})
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  if ((await lines.next()).done) return null
  return {
    async step(): Promise<number> {
      child.stdin.write('step\n')
      const answer = await lines.next()
      if (answer.done) throw new Error('the PyTorch process ended in the middle')
      return Number(answer.value)
    },
    stop: () => child.stdin.end(),
  }
}
