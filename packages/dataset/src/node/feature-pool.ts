/** The worker threads of `extractFeatures`, and the folder they write into. */
import { EscError } from '@esc/core'
import { createTemporaryFolder, type TemporaryFolder } from '@esc/core/node'
import { Piscina } from 'piscina'
import { type BatchTask, createBatchTask, type RunSetup, type TaskSetup } from './feature-task.js'

/** Computes batches, several at a time. */
export interface FeaturePool {
  run: BatchTask
  /** Ends the threads, whatever they are doing, and removes what they left half done. */
  close(): Promise<void>
}

interface Threads {
  run: BatchTask
  end(): Promise<void>
}

/**
 * Makes nothing before the first batch comes.
 *
 * @param workers - At most so many threads; 0 computes in this one.
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
  /** Threads write unfinished files there alone: where a thread is ended, nobody but this process can remove them. */
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
  const pool = new Piscina<Parameters<BatchTask>[0], Awaited<ReturnType<BatchTask>>>({
    ...workerProgram(),
    workerData: setup,
    minThreads: 1,
    maxThreads: workers,
    idleTimeout: Number.POSITIVE_INFINITY,
  })
  let fault: Error | null = null
  // Of a thread that ends before it has work; the next one would end the same way, for ever.
  pool.on('error', (error: Error) => {
    fault ??= error
    pool.destroy()
  })
  return {
    run: (jobs) => pool.run(jobs).catch((error) => Promise.reject(explain(fault ?? error))),
    end: () => pool.destroy(),
  }
}

function explain(error: NodeJS.ErrnoException): Error {
  if (error.code !== 'ERR_MODULE_NOT_FOUND') return error
  const advice = 'in a program bundled into one file set workers=0'
  return new EscError('IO', `a worker thread cannot be started: ${error.message}; ${advice}`, {
    cause: error,
  })
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

/** The worker's file lies beside this one. Where that is source, as here, its thread needs the loader too. */
function workerProgram(): { filename: string; execArgv: string[] } {
  if (!import.meta.url.endsWith('.ts')) {
    // Flags of the program that starts it are not the worker's: `--input-type` alone would stop it.
    return { filename: new URL('./feature-worker.js', import.meta.url).href, execArgv: [] }
  }
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const loader = `import { register } from ${api}; register()`
  return {
    filename: new URL('./feature-worker.ts', import.meta.url).href,
    execArgv: ['--conditions=@esc/source', '--import', `data:text/javascript,${encodeURIComponent(loader)}`],
  }
}
