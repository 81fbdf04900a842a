/** The worker threads of `extractFeatures`, and the folder they write into. */
import { createTemporaryFolder, type TemporaryFolder, workerError, workerProgram } from '@esc/core/node'
import { Piscina } from 'piscina'
import type { RunSetup } from './job.js'
import { type BatchTask, createBatchTask, type TaskSetup } from './task.js'

/** Computes batches, several at a time. */
export interface FeaturePool {
  run: BatchTask
  /** Ends the threads, whatever they are doing, and removes their unfinished files. */
  close(): Promise<void>
}

interface Threads {
  run: BatchTask
  end(): Promise<void>
}

/**
 * Creates the workers of a run. Threads and folders are made when the first batch comes.
 *
 * @param workers - The most threads at a time; 0 computes in this thread.
 */
export function createPool(setup: RunSetup, workers: number): FeaturePool {
  let opening: Promise<Threads> | null = null
  const folders: TemporaryFolder[] = []
  let closing: Promise<void> | null = null

  async function open() {
    const temporary = {
      store: setup.store && (await makeFolder(setup.store.dir)),
      audio: setup.audioDir && (await makeFolder(setup.audioDir)),
    }
    const start = workers === 0 ? startHere : startThreads
    return start({ ...setup, temporary }, workers)
  }
  /** Threads write their unfinished files only there. If a thread is ended, this process removes them. */
  async function makeFolder(dir: string): Promise<string> {
    const folder = await createTemporaryFolder(dir)
    folders.push(folder)
    return folder.path
  }
  async function close() {
    const opened = await opening?.catch(() => null)
    await opened?.end()
    for (const folder of folders) folder.remove()
  }

  return {
    async run(jobs) {
      opening ??= open()
      const { run } = await opening
      return run(jobs)
    },
    close: () => {
      closing ??= close()
      return closing
    },
  }
}

function startThreads(setup: TaskSetup, workers: number): Threads {
  const { url, execArgv } = workerProgram(import.meta.url, './feature-worker')
  const pool = new Piscina<Parameters<BatchTask>[0], Awaited<ReturnType<BatchTask>>>({
    filename: url.href,
    execArgv,
    workerData: setup,
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  let fault: Error | null = null
  // A thread that ends before it gets work reports this. The pool would start new threads again and again, and each would end in the same way.
  pool.on('error', (error: Error) => {
    fault ??= error
    pool.destroy()
  })
  return {
    run: (jobs) => pool.run(jobs).catch((error) => Promise.reject(explain(fault, error))),
    end: () => pool.destroy(),
  }
}

/** An error of a thread, or of a worker file that is not there, is explained. Any other error is the task's own. */
function explain(fault: NodeJS.ErrnoException | null, error: NodeJS.ErrnoException): Error {
  const cause = fault ?? error
  const isThreads = fault !== null || error.code?.endsWith('MODULE_NOT_FOUND')
  return isThreads ? workerError('a worker thread of extractFeatures', cause) : error
}

function startHere(setup: TaskSetup): Threads {
  const compute = createBatchTask(setup)
  let running: ReturnType<BatchTask> = Promise.resolve([])
  return {
    run: (jobs) => {
      running = compute(jobs)
      return running
    },
    end: () =>
      running.then(
        () => {},
        () => {},
      ),
  }
}
