/** The training engine on onnxruntime-node, in this thread or in worker threads. */
import { availableParallelism } from 'node:os'
import { assertGraph, assertInteger, assertKnown, type NetworkGraph } from '@esc/core'
import type { Tensor } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { type MaskedBatch, type MaskedEngine, withDropout } from '../engine/dropout.js'
import type { CreateEngine, EngineOptions, StepResult } from '../engine/engine.js'
import { ortEngine } from '../ort/engine.js'
import { type EngineThreads, type Lend, startThreads } from './engine-threads.js'
import { shareMemory } from './slices.js'

/** Options of {@link nodeEngine}. */
export interface NodeEngineOptions {
  /**
   * Number of worker threads. 0: this thread computes the steps, and does nothing else meanwhile. 1: another thread computes
   * them, with the same bytes as result, while this one prepares the next batch. 2 or more: each computes a part of the batch; see
   * {@link nodeEngine}. @defaultValue `1`
   */
  workers?: number | undefined
  /**
   * Threads inside one operator, in each worker. @defaultValue none: for up to one worker ONNX Runtime chooses; several workers
   * share the processors evenly
   */
  threads?: number | undefined
}

/**
 * The engine of `@esc/model/node`.
 *
 * With two workers or more, each worker computes the gradients of its part of the batch (its slice). The first worker adds them up
 * and updates the weights. The same number of workers gives the same bytes. BatchNorm then uses the statistics of a slice, as
 * DataParallel of PyTorch does; its running averages are the mean over the slices, weighted by clips. Without BatchNorm, the results
 * of several workers differ from those of one only by rounding. It depends on network and machine whether several workers are faster
 * than one worker with several threads: `npm run bench -- train` measures 2 workers against 2 threads.
 *
 * Dropout masks are drawn in this thread, while the step before runs.
 *
 * @throws EscError INVALID_OPTION if an option is out of range. The returned function throws INVALID_OPTION naming a number of the
 *   loss or the optimiser that is out of range, UNSUPPORTED_LAYER naming a layer that has no gradient rule, or IO if a thread cannot
 *   be started or dies.
 * @example const engine = await nodeEngine({ workers: 2 })(graph, { rng: createRng(42) })
 */
export function nodeEngine(options: NodeEngineOptions = {}): CreateEngine {
  assertKnown('nodeEngine', options, { workers: true, threads: true })
  const { workers = 1, threads } = options
  assertInteger('workers', workers, 0)
  if (threads !== undefined) assertInteger('threads', threads, 1)
  const share = workers > 1 ? Math.max(1, Math.floor(availableParallelism() / workers)) : undefined
  const each = threads ?? share
  const sessions = each === undefined ? {} : { threads: each }
  if (workers === 0) return ortEngine({ runtime: ortRuntime, ...sessions })
  return async (graph, { rng, ...engineOptions }) => {
    assertGraph('graph', graph)
    const engine = await createThreadedEngine(graph, { ...engineOptions, ...sessions }, workers)
    return withDropout(graph, rng, ortRuntime.name, engine)
  }
}

async function createThreadedEngine(
  graph: NetworkGraph,
  options: Omit<EngineOptions, 'rng'> & { threads?: number },
  workers: number,
): Promise<MaskedEngine> {
  const shared = workers > 1 ? shareMemory(graph, workers) : null
  const busy = new Int32Array(new SharedArrayBuffer(4 * workers))
  const setups = Array.from({ length: workers }, (_, index) => ({ graph, ...options, index, busy, shared }))
  const engine = await startThreads(setups)
  const first = engine.threads[0]!
  let turn = 0
  return {
    step: (batch) => stepInSlices(engine, batch, ++turn),
    predict: (input) => first.call('predict', (lend) => lend('input', input)),
    state: () => first.call('state'),
    restore: (state) => first.call('restore', () => state),
    findNonFinite: (batch) => first.call('findNonFinite', (lend) => lendBatch(lend, batch)),
    release: engine.release,
  }
}

async function stepInSlices(
  { threads }: EngineThreads,
  batch: MaskedBatch,
  turn: number,
): Promise<StepResult> {
  const clips = batch.input.dims[0]!
  const slices = Math.min(threads.length, clips)
  const answers = await Promise.allSettled(
    threads.slice(0, slices).map((thread, i) => {
      const from = Math.floor((clips * i) / slices)
      const to = Math.floor((clips * (i + 1)) / slices)
      const share = (to - from) / clips
      const part = { turn, slices, share }
      return thread
        .call('step', (lend) => ({
          ...lendBatch((name, tensor) => lend(name, rowsOf(tensor, from, to)), batch),
          ...part,
        }))
        .then((result) => ({ ...result, share }))
    }),
  )
  // If another thread fails, the first one fails, too, but only the other one's error says why.
  const failed = answers.findLast((answer) => answer.status === 'rejected')
  if (failed) throw failed.reason
  const results = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []))
  if (results.length === 1) return { loss: results[0]!.loss, logits: results[0]!.logits }
  const classes = batch.target.dims[1]!
  const logits = new Float32Array(clips * classes)
  let offset = 0
  for (const result of results) {
    logits.set(result.logits, offset)
    offset += result.logits.length
  }
  return { loss: results.reduce((sum, { loss, share }) => sum + loss * share, 0), logits }
}

function lendBatch(
  lend: Lend,
  { input, target, teacherLogits, masks, learningRate }: MaskedBatch,
): MaskedBatch {
  const lentMasks = Object.entries(masks).map(([name, mask]) => [name, lend(name, mask)])
  return {
    input: lend('input', input),
    target: lend('target', target),
    ...(teacherLogits ? { teacherLogits: lend('teacherLogits', teacherLogits) } : {}),
    masks: Object.fromEntries(lentMasks),
    learningRate,
  }
}

function rowsOf({ dims, data }: Tensor, from: number, to: number): Tensor {
  const [rows, ...rest] = dims as [number, ...number[]]
  const size = data.length / rows
  const part = (data as Float32Array).subarray(from * size, to * size)
  return { type: 'float32', dims: [to - from, ...rest], data: part }
}
