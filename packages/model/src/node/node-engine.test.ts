/** The engine in worker threads: the same results as in one thread, failures, release, and exit. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { Worker } from 'node:worker_threads'
import { createRng, featureSet, type NetworkGraph } from '@esc/core'
import { throwsCode } from '@esc/expect'
import type { OptimizerOptions, Tensor } from '@esc/onnx'
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import { audioCnn } from '../architectures/audio-cnn.js'
import { melCnn } from '../architectures/mel-cnn.js'
import type { StepBatch, StepResult, TrainingEngine } from '../engine/engine.js'
import { bundle } from './fixtures/bundle.js'
import { fit, nodeEngine } from './index.js'

// Threads take long to start on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 60_000 })

// Threads run the bundled worker, as users have it: it starts several times faster than the source, which process.test.ts runs.
const folder = await mkdtemp(join(tmpdir(), 'esc-engine-'))
beforeAll(() => bundle(folder, ['engine-worker']))
afterAll(() => rm(folder, { recursive: true }))
vi.mock('@esc/core/node', async (original) => ({
  ...(await original<object>()),
  workerProgram: () => ({ url: pathToFileURL(join(folder, 'engine-worker.js')), execArgv: [] }),
}))

const sgd = { kind: 'sgd', momentum: 0.9, clipNorm: 0.5 } as const
const withDropout = audioCnn({ bins: 4, frames: 8, classes: 3 })
const plain: NetworkGraph = {
  ...withDropout,
  nodes: withDropout.nodes.map((node) =>
    node.op === 'Dropout' ? { ...node, attributes: { rate: 0 } } : node,
  ),
}
const normed = melCnn({ bins: 8, frames: 8, classes: 3 })

const engines: TrainingEngine[] = []
afterEach(async () => {
  vi.restoreAllMocks()
  for (const engine of engines.splice(0)) await engine.release()
})

async function open(
  graph: NetworkGraph,
  workers: number,
  optimizer: OptimizerOptions = {},
): Promise<TrainingEngine> {
  const engine = await nodeEngine({ workers, threads: 1 })(graph, { rng: createRng(7), optimizer })
  engines.push(engine)
  return engine
}

/** An engine and its threads. */
async function openWatched(workers: number): Promise<{ engine: TrainingEngine; threads: Worker[] }> {
  const post = vi.spyOn(Worker.prototype, 'postMessage')
  const engine = await open(plain, workers)
  await engine.step(batchOf(plain, 0, 4))
  return { engine, threads: [...new Set(post.mock.contexts as Worker[])] }
}

function batchOf({ input: { shape } }: NetworkGraph, seed: number, clips: number): StepBatch {
  const rng = createRng(seed)
  const dims = [clips, ...shape]
  const size = dims.reduce((a, b) => a * b, 1)
  const target = new Float32Array(clips * 3)
  for (let clip = 0; clip < clips; clip++) target[clip * 3 + rng.integer(3)] = 1
  return {
    input: { type: 'float32', dims, data: Float32Array.from({ length: size }, () => rng.normal()) },
    target: { type: 'float32', dims: [clips, 3], data: target },
    learningRate: 0.01,
  }
}

/** Makes steps of different sizes. */
async function run(graph: NetworkGraph, engine: TrainingEngine) {
  const results: StepResult[] = []
  for (const [seed, clips] of [5, 5, 3, 1, 6].entries()) {
    results.push(await engine.step(batchOf(graph, seed, clips)))
  }
  const { input } = batchOf(graph, 9, 4)
  return { results, logits: await engine.predict(input), state: await engine.state() }
}

test.each([
  ['dropout, Adam', withDropout, {}],
  ['batch norm, SGD', normed, sgd],
] as const)('one worker gives the same bytes as this thread (%s)', async (_, graph, optimizer) => {
  const here = await run(graph, await open(graph, 0, optimizer))
  const worker = await open(graph, 1, optimizer)
  expect(await run(graph, worker)).toEqual(here)
  const batch = batchOf(graph, 1, 3)
  expect(await worker.findNonFinite(batch)).toBeNull()
  ;(batch.input.data as Float32Array)[5] = Number.NaN
  expect(await worker.findNonFinite(batch)).toBe('input')
})

test('training in a worker gives the same bytes as training in this thread', async () => {
  const examples = Array.from({ length: 5 }, (_, i) => {
    const { input } = batchOf(withDropout, i, 1)
    const features = { data: input.data as Float32Array, bins: 4, frames: 8 }
    return { id: `clip ${i}`, features, labelIndex: i % 3 }
  })
  const options = { epochs: 2, batchSize: 2, earlyStopping: null }
  const set = featureSet(examples, { labels: ['a', 'b', 'c'] })
  const split = { train: [0, 1, 2], validation: [3, 4] }
  const here = await fit(withDropout, set, split, { ...options, workers: 0, threads: 1 })
  const there = await fit(withDropout, set, split, { ...options, workers: 1, threads: 1 })
  expect(there.graph).toEqual(here.graph)
  expect(here.graph).not.toEqual(withDropout)
  expect(there.history.map(({ validationLoss }) => validationLoss)).toEqual(
    here.history.map(({ validationLoss }) => validationLoss),
  )
})

describe('several workers', () => {
  test('without batch norm they equal one worker within rounding, and give the same each time', async () => {
    const one = await run(plain, await open(plain, 0, sgd))
    const engine = await open(plain, 3, sgd)
    const start = await engine.state()
    const three = await run(plain, engine)
    const values = (result: typeof one) => [
      ...Object.entries(result.state.values),
      ...result.results.map(({ logits }, step) => [`logits ${step}`, logits] as const),
      ['losses', Float32Array.from(result.results, ({ loss }) => loss)] as const,
    ]
    const found = new Map(values(three))
    for (const [name, expected] of values(one)) {
      const worst = expected.reduce(
        (max, value, i) => Math.max(max, Math.abs(value - found.get(name)![i]!)),
        0,
      )
      expect(worst, name).toBeLessThan(1e-5)
    }
    await engine.restore(start)
    expect(await run(plain, engine)).toEqual(three)
  })

  test('running averages are the mean over the slices, weighted by clips', async () => {
    const batch = batchOf(normed, 1, 3)
    const two = await open(normed, 2)
    const { loss } = await two.step(batch)
    const { values } = await two.state()
    const rows = ({ dims, data }: Tensor, from: number, to: number): Tensor => {
      const size = data.length / dims[0]!
      const part = (data as Float32Array).slice(from * size, to * size)
      return { type: 'float32', dims: [to - from, ...dims.slice(1)], data: part }
    }
    const mean = { loss: 0, running: new Float32Array(64) }
    for (const [from, to] of [
      [0, 1],
      [1, 3],
    ] as const) {
      const alone = await open(normed, 0)
      const slice = { input: rows(batch.input, from, to), target: rows(batch.target, from, to) }
      const result = await alone.step({ ...batch, ...slice })
      const share = (to - from) / 3
      const { values: own } = await alone.state()
      mean.running = mean.running.map((sum, i) => sum + own['norm2.mean']![i]! * share)
      mean.loss += result.loss * share
    }
    expect(loss).toBeCloseTo(mean.loss, 6)
    mean.running.forEach((expected, i) => {
      expect(values['norm2.mean']![i]).toBeCloseTo(expected, 6)
    })
  })
})

describe('failures', () => {
  test('an option that is out of range is refused', async () => {
    await expect(open(plain, 2, { beta1: 2 })).rejects.toThrow(throwsCode('INVALID_OPTION', 'beta1=2'))
  })

  test('an option that is undefined counts as left out', async () => {
    const options = { workers: undefined, threads: undefined, onEvent: undefined }
    const [, bins, frames] = plain.input.shape
    const features = { data: new Float32Array(bins * frames), bins, frames }
    const set = featureSet([{ id: 'clip', features, labelIndex: 0 }], { labels: ['a', 'b', 'c'] })
    const none = fit(plain, set, { train: [] }, options)
    await expect(none).rejects.toThrow(throwsCode('INVALID_INPUT', /^training needs at least one example$/))
  })

  test.each([{ workers: -1 }, { workers: 1.5 }, { threads: 0 }])('%o', (options) => {
    expect(() => nodeEngine(options)).toThrow(throwsCode('INVALID_OPTION'))
  })

  test.each([
    [1, 0],
    [2, 0],
    [2, 1],
  ])('of %i workers, number %i dies: calls are rejected, and the others end', async (workers, victim) => {
    const { engine, threads } = await openWatched(workers)
    threads[victim]!.postMessage('not a call')
    const died = throwsCode('IO', `worker thread ${victim + 1} of ${workers} died: `)
    await expect(engine.step(batchOf(plain, 1, 4))).rejects.toThrow(died)
    await expect(engine.state()).rejects.toThrow(died)
    await engine.release()
    expect(threads.map(({ threadId }) => threadId)).toEqual(threads.map(() => -1))
  })
})

test('a wrong call is refused, and the engine goes on until it is released after a running step', async () => {
  const { engine, threads } = await openWatched(2)
  const before = await engine.state()
  await expect(engine.step(batchOf(normed, 1, 4))).rejects.toThrow(throwsCode('INCOMPATIBLE_MODEL', /input/))
  await expect(engine.step(batchOf(plain, 1, 0))).rejects.toThrow(
    throwsCode('INVALID_INPUT', /^a batch of 0 clips; a step needs at least one$/),
  )
  await expect(engine.restore({ steps: 1, values: {} })).rejects.toThrow(
    throwsCode('INVALID_INPUT', "no values 'conv1.kernel'"),
  )
  expect(await engine.state()).toEqual(before)
  const step = engine.step(batchOf(plain, 1, 4))
  const released = engine.release()
  expect((await step).loss).toBeGreaterThan(0)
  await released
  await engine.release()
  await expect(engine.state()).rejects.toThrow(throwsCode('INVALID_STATE', /^the engine was released$/))
  expect(threads.map(({ threadId }) => threadId)).toEqual([-1, -1])
})

test('engines share one exit listener, which is removed with the last engine', async () => {
  const before = process.listenerCount('exit')
  const [first, second] = [await open(plain, 1), await open(plain, 1)]
  expect(process.listenerCount('exit')).toBe(before + 1)
  await first.release()
  expect(process.listenerCount('exit')).toBe(before + 1)
  await second.release()
  expect(process.listenerCount('exit')).toBe(before)
})

test('the exit waits for a step that has just begun', async () => {
  const engine = await open(plain, 2)
  const wait = process.listeners('exit').find((listener) => 'busyThreads' in listener)!
  const [busy] = [...(wait as unknown as { busyThreads: Set<Int32Array> }).busyThreads]
  const add = vi.spyOn(Atomics, 'add')
  const step = engine.step(batchOf(plain, 1, 4))
  // The call is counted before a thread can have begun it. The counts may still include the end of the start.
  expect(add.mock.calls).toEqual([
    [busy, 0, 1],
    [busy, 1, 1],
  ])
  wait(0)
  expect([...busy!]).toEqual([0, 0])
  expect((await step).loss).toBeGreaterThan(0)
})

test('this thread stays free during a step, and the batch may be written to', async () => {
  const graph = audioCnn({ bins: 13, frames: 431, classes: 3 })
  const expected = await (await open(graph, 0)).step(batchOf(graph, 1, 32))
  const engine = await open(graph, 1)
  const step = async () => {
    const batch = batchOf(graph, 1, 32)
    let turns = 0
    let isDone = false
    const result = engine.step(batch).finally(() => {
      isDone = true
    })
    ;(batch.input.data as Float32Array).fill(Number.NaN)
    while (!isDone) {
      await new Promise(setImmediate)
      turns++
    }
    return { turns, result: await result }
  }
  let { turns, result } = await step()
  expect(result).toEqual(expected)
  // A busy machine may stop this thread for a whole step. An engine that blocks this thread would do so in every step.
  for (let more = 0; turns <= 10 && more < 20; more++) turns = (await step()).turns
  expect(turns).toBeGreaterThan(10)
})
