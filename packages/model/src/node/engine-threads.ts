/** Starts the worker threads of `nodeEngine` and calls them. */
import { Worker } from 'node:worker_threads'
import { EscError } from '@esc/core'
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

/** Copies a tensor into memory that goes to the thread and comes back. */
export type Lend = (name: string, tensor: Tensor) => Tensor

/** A thread that answers calls in their order. */
export interface EngineThread {
  /** @param pack - Makes the argument; what it lends is moved, all else is copied. */
  call<M extends keyof EngineCalls>(
    method: M,
    pack?: (lend: Lend) => Parameters<EngineCalls[M]>[0],
  ): ReturnType<EngineCalls[M]>
}

/** Threads that end together: none can go on without the others. */
export interface EngineThreads {
  threads: readonly EngineThread[]
  release(): Promise<void>
}

/**
 * One thread for each setup, ready for calls.
 *
 * No thread is ever terminated: one that is in the middle of a run would take the whole process with it (onnxruntime-node
 * 1.30 throws across the end of its environment). So threads are asked to end, and the process waits for them where it exits.
 *
 * @throws EscError IO if they cannot be started; else what opening the engine throws.
 */
export async function startThreads(setups: readonly EngineSetup[]): Promise<EngineThreads> {
  const pending = new Map<string, { resolve(result: unknown): void; reject(error: Error): void }>()
  let fault: Error | null = null
  let isEnding = false

  function start(setup: EngineSetup) {
    const worker = startWorker(setup)
    const which = `worker thread ${setup.index + 1} of ${setups.length}`
    const memory = new Map<string, ArrayBuffer>()
    const awaiting = (id: number) =>
      new Promise<unknown>((resolve, reject) => pending.set(`${setup.index}:${id}`, { resolve, reject }))
    function fail(error: Error): void {
      abandon(setup.shared, setup.index)
      fault ??= error
      for (const { reject } of pending.values()) reject(fault)
      pending.clear()
    }
    worker.on('message', ({ id, loans, outcome }: Answer) => {
      for (const [name, buffer] of Object.entries(loans)) memory.set(name, buffer)
      const waiting = pending.get(`${setup.index}:${id}`)
      pending.delete(`${setup.index}:${id}`)
      if ('failure' in outcome) waiting?.reject(revive(outcome.failure))
      else waiting?.resolve(outcome.result)
    })
    worker.on('error', (error) => fail(explain(which, error)))
    const exit = new Promise<void>((resolve) => {
      worker.on('exit', (code) => {
        if (!isEnding) fail(new EscError('IO', `${which} ended with exit code ${code}`))
        resolve()
      })
    })
    let lastId = 0
    const thread: EngineThread = {
      call(method, pack) {
        if (fault) return Promise.reject(fault) as never
        const loans: Record<string, ArrayBuffer> = {}
        const argument = pack?.((name, tensor) => lendFrom(memory, loans, name, tensor))
        const call: Call = { id: ++lastId, method, argument, loans }
        worker.postMessage(call, Object.values(loans))
        return awaiting(lastId) as never
      },
    }
    return { worker, thread, ready: awaiting(0), exit }
  }

  const started = setups.map(start)
  const [{ busy }] = setups as [EngineSetup]
  const waitForRuns = () => {
    for (let index = 0; index < setups.length; index++) Atomics.wait(busy, index, 1)
  }
  process.on('exit', waitForRuns)
  async function release(): Promise<void> {
    isEnding = true
    const call: Call = { id: 0, method: 'release', argument: undefined, loans: {} }
    for (const { worker } of started) worker.postMessage(call)
    fault ??= new EscError('INVALID_INPUT', 'the engine was released')
    await Promise.all(started.map(({ exit }) => exit))
    process.off('exit', waitForRuns)
  }
  try {
    await Promise.all(started.map(({ ready }) => ready))
  } catch (error) {
    await release()
    throw error
  }
  return { threads: started.map(({ thread }) => thread), release }
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

/** The worker's file lies beside this one. Where that is source, as here, its thread needs the loader too. */
function startWorker(workerData: EngineSetup): Worker {
  if (!import.meta.url.endsWith('.ts')) {
    // Flags of the program that starts it are not the worker's: `--input-type` alone would stop it.
    return new Worker(new URL('./engine-worker.js', import.meta.url), { workerData, execArgv: [] })
  }
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const loader = `import { register } from ${api}; register()`
  return new Worker(new URL('./engine-worker.ts', import.meta.url), {
    workerData,
    execArgv: ['--conditions=@esc/source', '--import', `data:text/javascript,${encodeURIComponent(loader)}`],
  })
}

function explain(which: string, cause: NodeJS.ErrnoException): EscError {
  const isMissing = cause.code?.endsWith('MODULE_NOT_FOUND')
  const what = isMissing ? 'cannot be started' : 'died'
  const advice = isMissing ? '; in a program bundled into one file set workers: 0' : ''
  return new EscError('IO', `${which} ${what}: ${cause.message}${advice}`, { cause })
}
