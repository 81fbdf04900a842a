/** Finds the program of a worker thread, and reports the errors of such threads. */
import { EscError } from '../error.js'

/** The file that a worker thread runs, and Node's flags for the thread: arguments of `new Worker`. */
export interface WorkerProgram {
  url: URL
  execArgv: string[]
}

const bundleAdvice = 'in a program bundled into one file set workers: 0'

/**
 * Finds the file that a worker thread runs. It lies beside the file that starts the thread.
 *
 * @param from - `import.meta.url` of the file that starts the thread. It is undefined if a bundler has made CommonJS of that file.
 * @param name - The worker's file without its ending, such as `./engine-worker`.
 * @throws EscError IO if `from` is undefined.
 * @example const { url, execArgv } = workerProgram(import.meta.url, './engine-worker')
 */
export function workerProgram(from: string | undefined, name: string): WorkerProgram {
  if (from === undefined) {
    throw new EscError(
      'IO',
      `worker threads cannot be started: the path of this file is not known; ${bundleAdvice}`,
    )
  }
  // The thread must not inherit the flags of its program: `--input-type`, for example, would stop it.
  if (!from.endsWith('.ts')) return { url: new URL(`${name}.js`, from), execArgv: [] }
  // The file is TypeScript, as in this repository, so the thread also needs a loader for TypeScript.
  const api = JSON.stringify(import.meta.resolve('tsx/esm/api'))
  const loader = `data:text/javascript,${encodeURIComponent(`import { register } from ${api}; register()`)}`
  return {
    url: new URL(`${name}.ts`, from),
    execArgv: ['--conditions=@esc/source', '--import', loader],
  }
}

/**
 * Makes the error for a worker thread that failed: it did not start, or it died.
 *
 * @param which - Name of the thread, such as `worker thread 1`.
 * @returns An error with the code `IO`. If the worker's file was not found, the message says what to do in a bundled program.
 * @example console.error(workerError('worker thread 1', new Error('out of memory')).message)
 */
export function workerError(which: string, cause: Error): EscError {
  const isMissing = (cause as NodeJS.ErrnoException).code?.endsWith('MODULE_NOT_FOUND')
  const what = isMissing ? 'cannot be started' : 'died'
  const advice = isMissing ? `; ${bundleAdvice}` : ''
  return new EscError('IO', `${which} ${what}: ${cause.message}${advice}`, { cause })
}
