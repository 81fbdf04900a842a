/** What a worker thread of ours needs to start: its file, and the loader where that file is source. */
import { EscError } from '../error.js'

/** A file for `new Worker` or a pool, with the flags of its thread. */
export interface WorkerProgram {
  url: URL
  execArgv: string[]
}

const bundleAdvice = 'in a program bundled into one file set workers: 0'

/**
 * Finds the file that a worker thread runs. It lies beside the file that starts it.
 *
 * @param from - `import.meta.url` of the file that starts the worker. A bundler that makes CommonJS leaves it undefined.
 * @param name - The worker's file without its ending, as `./engine-worker`.
 * @throws EscError IO if the place of the starting file is not known.
 * @example const { url, execArgv } = workerProgram(import.meta.url, './engine-worker')
 */
export function workerProgram(from: string | undefined, name: string): WorkerProgram {
  if (from === undefined) {
    throw new EscError(
      'IO',
      `worker threads cannot be started: this file's place is not known; ${bundleAdvice}`,
    )
  }
  // The flags of the program that starts the worker are not the worker's: `--input-type` alone would stop it.
  if (!from.endsWith('.ts')) return { url: new URL(`${name}.js`, from), execArgv: [] }
  // The file is source, as in this repository: the thread needs the loader, too.
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const loader = `data:text/javascript,${encodeURIComponent(`import { register } from ${api}; register()`)}`
  return {
    url: new URL(`${name}.ts`, from),
    execArgv: ['--conditions=@esc/source', '--import', loader],
  }
}

/**
 * Makes the error for a worker thread that failed: it could not be started, or it died.
 *
 * @param which - The thread: `worker thread 1`.
 * @returns An error with the code `IO`. Where the worker's file was not found, the message says what to do in a bundled program.
 * @example worker.on('error', (cause) => fail(workerError('worker thread 1', cause)))
 */
export function workerError(which: string, cause: Error): EscError {
  const isMissing = (cause as NodeJS.ErrnoException).code?.endsWith('MODULE_NOT_FOUND')
  const what = isMissing ? 'cannot be started' : 'died'
  const advice = isMissing ? `; ${bundleAdvice}` : ''
  return new EscError('IO', `${which} ${what}: ${cause.message}${advice}`, { cause })
}
