/** Starts the worker threads of `nodeEngine` and calls them. */
import { Worker } from 'node:worker_threads'
import { EscError } from '@esc/core'
import { workerError, workerProgram } from '@esc/core/node'
import type { Tensor } from '@esc/onnx'
import {
  type Answer,
  type Call,
  type EngineCalls,
  type EngineSetup,
  type Loans,
  revive,
} from './engine-task.js'
import { abandon } from './slices.js'

/** Copies a tensor into a buffer that moves to the thread and comes back with the answer. */
export type Lend = (name: string, tensor: Tensor) => Tensor

/** A thread that answers calls in the order in which they came. */
export interface EngineThread {
  /** @param pack - Makes the argument. Tensors that it lends are moved to the thread; all else is copied. */
  call<M extends keyof EngineCalls>(
    method: M,
    pack?: (lend: Lend) => Parameters<EngineCalls[M]>[0],
  ): ReturnType<EngineCalls[M]>
}

/** Threads that end together, because none of them can go on without the others. */
export interface EngineThreads {
  threads: readonly EngineThread[]
  release(): Promise<void>
}

/**
 * Starts one thread for each setup. The threads are ready for calls.
 *
 * No thread is ever terminated: terminating a thread in the middle of a run would crash the whole process (onnxruntime-node 1.30
 * throws across the end of its environment). Instead, threads are asked to end, and the process waits for them when it exits.
 * Threads that have no call to answer do not keep the process alive.
 *
 * @throws EscError IO if a thread cannot be started; the errors of opening the engine.
 */
export async function startThreads(setups: readonly EngineSetup[]): Promise<EngineThreads> {
  const pending = new Map<string, { resolve(result: unknown): void; reject(error: Error): void }>()
  let fault: Error | null = null
  let isEnding = false

  function start(setup: EngineSetup) {
    const { url, execArgv } = workerProgram(import.meta.url, './engine-worker')
    const worker = new Worker(url, { workerData: setup, execArgv })
    const { busy, index } = setup
    const which = `worker thread ${index + 1} of ${setups.length}`
    const memory = new Map<string, ArrayBuffer>()
    const awaiting = (id: number) =>
      new Promise<unknown>((resolve, reject) => pending.set(`${index}:${id}`, { resolve, reject }))
    let lastId = 0
    let isDead = false
    function fail(error: Error): void {
      isDead = true
      Atomics.store(busy, index, 0)
      abandon(setup.shared, index)
      fault ??= error
      for (const { reject } of pending.values()) reject(fault)
      pending.clear()
    }
    worker.on('message', ({ id, loans, outcome }: Answer) => {
      for (const [name, buffer] of Object.entries(loans)) memory.set(name, buffer)
      // Answers come in the order of the calls. A thread that was asked to end keeps the process alive until it has ended.
      if (id === lastId && !isEnding) worker.unref()
      const waiting = pending.get(`${index}:${id}`)
      pending.delete(`${index}:${id}`)
      if ('failure' in outcome) waiting?.reject(revive(outcome.failure))
      else waiting?.resolve(outcome.result)
    })
    worker.on('error', (error) => fail(workerError(which, error)))
    const exit = new Promise<void>((resolve) => {
      worker.on('exit', (code) => {
        isDead = true
        if (!isEnding) fail(new EscError('IO', `${which} ended with exit code ${code}`))
        resolve()
      })
    })
    function post(call: Call): void {
      worker.postMessage(call, Object.values(call.loans))
      // The call is counted here and not in the thread: if the process exits right now, it waits for this call, too.
      Atomics.add(busy, index, 1)
      worker.ref()
    }
    const thread: EngineThread = {
      call(method, pack) {
        if (fault) return Promise.reject(fault) as never
        const loans: Record<string, ArrayBuffer> = {}
        const argument = pack?.((name, tensor) => lendFrom(memory, loans, name, tensor))
        post({ id: lastId + 1, method, argument, loans })
        return awaiting(++lastId) as never
      },
    }
    function end(): void {
      if (!isDead) post({ id: 0, method: 'release', argument: undefined, loans: {} })
    }
    return { thread, ready: awaiting(0), end, exit }
  }

  const started = setups.map(start)
  const stopWaiting = waitAtExit(setups[0]!.busy)
  async function release(): Promise<void> {
    isEnding = true
    for (const { end } of started) end()
    fault ??= new EscError('INVALID_STATE', 'the engine was released')
    await Promise.all(started.map(({ exit }) => exit))
    stopWaiting()
  }
  try {
    await Promise.all(started.map(({ ready }) => ready))
  } catch (error) {
    await release()
    throw error
  }
  return { threads: started.map(({ thread }) => thread), release }
}

interface ExitListener {
  (): void
  busyThreads: Set<Int32Array>
}

/**
 * Makes the process wait for an engine's calls when it exits. Calling the returned function ends this.
 *
 * All engines share one listener, because Node warns of a leak from eleven listeners on. The event belongs to the
 * process and not to this module, so the list of engines stands on the listener itself, which is found among the process's listeners.
 */
function waitAtExit(busy: Int32Array): () => void {
  const isOurs = (other: object): other is ExitListener => 'busyThreads' in other
  const listener = process.listeners('exit').find(isOurs) ?? createExitListener()
  if (listener.busyThreads.size === 0) process.on('exit', listener)
  listener.busyThreads.add(busy)
  return () => {
    listener.busyThreads.delete(busy)
    if (listener.busyThreads.size === 0) process.off('exit', listener)
  }
}

function createExitListener(): ExitListener {
  const busyThreads = new Set<Int32Array>()
  const wait = () => {
    for (const busy of busyThreads)
      for (let index = 0; index < busy.length; index++) waitForCalls(busy, index)
  }
  return Object.assign(wait, { busyThreads })
}

function waitForCalls(busy: Int32Array, index: number): void {
  for (;;) {
    const calls = Atomics.load(busy, index)
    if (calls <= 0) return
    Atomics.wait(busy, index, calls)
  }
}

function lendFrom(memory: Map<string, ArrayBuffer>, loans: Loans, name: string, tensor: Tensor): Tensor {
  const { dims, data } = tensor as Tensor & { type: 'float32' }
  const kept = memory.get(name)
  memory.delete(name)
  const buffer = kept && kept.byteLength >= data.byteLength ? kept : new ArrayBuffer(data.byteLength)
  ;(loans as Record<string, ArrayBuffer>)[name] = buffer
  const copy = new Float32Array(buffer, 0, data.length)
  copy.set(data)
  return { type: 'float32', dims, data: copy }
}
