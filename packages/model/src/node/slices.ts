/** Training in several threads: each computes the gradients of its slice of the batch; the first adds them up and updates. */
import { EscError, type NetworkGraph, namedWeights } from '@esc/core'
import { buildGradientModel, buildUpdateModel, trainedWeights } from '@esc/onnx'
import type { MaskedBatch } from '../engine/dropout.js'
import type { StepResult } from '../engine/engine.js'
import type { FloatTensor, Values } from '../engine/values.js'
import type { Stepper } from '../ort/core.js'
import { batchFeeds, type OrtCoreOptions, openSession, stepResult } from '../ort/session.js'
import { createStepSessions } from '../ort/step-sessions.js'

/** Stands in place of a turn and means: the thread is dead. */
const abandoned = -(2 ** 31)

/** One thread's part of a batch. */
export interface SliceBatch extends MaskedBatch {
  /** Number of the step, from 1. */
  turn: number
  /** How many threads have a part of this batch. They are the first ones. */
  slices: number
  /** Clips of this part divided by clips of the batch. */
  share: number
}

/** Memory that the threads of an engine share. */
export interface SharedMemory {
  /** For each thread, the last turn whose values it has published; negative if it failed. */
  turns: Int32Array
  /** Row 0: the weights, from thread 0. Other rows: the gradients of each other thread. The order is that of `namedWeights`. */
  rows: readonly Float32Array[]
}

/** Creates the memory that `threads` threads share. */
export function shareMemory(graph: NetworkGraph, threads: number): SharedMemory {
  const size = namedWeights(graph).reduce((sum, { weight }) => sum + weight.data.length, 0)
  return {
    turns: new Int32Array(new SharedArrayBuffer(4 * threads)),
    rows: Array.from({ length: threads }, () => new Float32Array(new SharedArrayBuffer(4 * size))),
  }
}

/** The steps of thread 0, which also does everything else that an engine does. */
export async function createLeader(
  graph: NetworkGraph,
  options: OrtCoreOptions,
  { turns, rows }: SharedMemory,
): Promise<Stepper<SliceBatch>> {
  const slice = await createSlice(graph, options)
  const { optimizer, frozen } = options
  const update = await openSession(options, buildUpdateModel(graph, { optimizer, frozen }))
  return {
    async step(batch, present, scalars, next) {
      slice.order.forEach(({ name, offset }) => {
        rows[0]!.set(present[name]!.data, offset)
      })
      publish(turns, 0, batch.turn)
      const { result, sums } = await slice.run(batch, present)
      // Adds in the order of the threads, so that the sum's rounding does not depend on which thread was the fastest.
      for (let thread = 1; thread < batch.slices; thread++) {
        waitFor(turns, thread, batch.turn)
        for (const { output, offset } of slice.outputs) addInto(sums[output]!.data, rows[thread]!, offset)
      }
      await update.run({ ...present, ...scalars, ...sums }, pick(next, update.outputNames))
      for (const { output } of slice.outputs) next[output]?.data.set(sums[output]!.data)
      return result
    },
    async release() {
      await slice.release()
      await update.release()
    },
  }
}

/** The steps of any other thread. */
export async function createFollower(
  graph: NetworkGraph,
  options: OrtCoreOptions,
  { turns, rows }: SharedMemory,
  thread: number,
): Promise<{ step(batch: SliceBatch): Promise<StepResult>; release(): Promise<void> }> {
  const slice = await createSlice(graph, options)
  const weights = emptyTensors(namedWeights(graph).map(({ name, weight }) => [name, weight.shape]))
  return {
    async step(batch) {
      let turn = -batch.turn
      try {
        waitFor(turns, 0, batch.turn)
        for (const { name, offset } of slice.order) {
          const { data } = weights[name]!
          data.set(rows[0]!.subarray(offset, offset + data.length))
        }
        const { result, sums } = await slice.run(batch, weights)
        for (const { output, offset } of slice.outputs) rows[thread]!.set(sums[output]!.data, offset)
        turn = batch.turn
        return result
      } finally {
        publish(turns, thread, turn)
      }
    },
    release: slice.release,
  }
}

/**
 * Computes gradients and new running averages of a slice, multiplied by its share. The sum over all slices is the gradient of the
 * whole batch, because the loss is a mean over clips.
 */
async function createSlice(graph: NetworkGraph, options: OrtCoreOptions) {
  const sessions = await createStepSessions(graph, options, (blocking) =>
    buildGradientModel(graph, { loss: options.loss, frozen: options.frozen, blocking }),
  )
  let end = 0
  const order = trainedWeights(graph, options.frozen).map(({ name, weight: { shape, data }, change }) => {
    const offset = end
    end += data.length
    return { name, shape, offset, change, output: `${change === 'gradient' ? 'gradient' : 'next'}/${name}` }
  })
  const outputs = order.filter(({ change }) => change !== 'none')
  const sums = emptyTensors(outputs.map(({ output, shape }) => [output, shape]))
  return {
    /** All weights. */
    order,
    /** Those that change. */
    outputs,
    async run(batch: SliceBatch, weights: Values) {
      const session = await sessions.forClips(batch.input.dims[0]!)
      const result = stepResult(await session.run({ ...weights, ...batchFeeds(graph, batch) }, sums))
      for (const { data } of Object.values(sums)) {
        for (let i = 0; i < data.length; i++) data[i] = data[i]! * batch.share
      }
      return { result, sums }
    },
    release: () => sessions.release(),
  }
}

function emptyTensors(shapes: readonly (readonly [string, readonly number[]])[]): Values {
  const tensors = shapes.map(([name, dims]): [string, FloatTensor] => {
    const size = dims.reduce((product, length) => product * length, 1)
    return [name, { type: 'float32', dims, data: new Float32Array(size) }]
  })
  return Object.fromEntries(tensors)
}

function addInto(sum: Float32Array, row: Float32Array, offset: number): void {
  for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + row[offset + i]!
}

function pick(values: Values, names: readonly string[]): Values {
  return Object.fromEntries(names.map((name) => [name, values[name]!]))
}

function publish(turns: Int32Array, thread: number, turn: number): void {
  Atomics.store(turns, thread, turn)
  Atomics.notify(turns, thread)
}

/** Marks a thread as dead, so that no other thread waits for it. */
export function abandon(shared: SharedMemory | null, thread: number): void {
  if (shared) publish(shared.turns, thread, abandoned)
}

/**
 * Blocks this thread until another one has published. This thread has nothing else to do.
 *
 * @throws EscError IO if the other thread failed; its own error says why.
 */
function waitFor(turns: Int32Array, thread: number, turn: number): void {
  for (;;) {
    const found = Atomics.load(turns, thread)
    if (found === turn) return
    if (found === -turn || found === abandoned) {
      throw new EscError('IO', `worker thread ${thread + 1} failed in step ${turn}`)
    }
    Atomics.wait(turns, thread, found)
  }
}
