/** Stops a run cleanly on Ctrl-C, on a supervisor's signal, and when its terminal is closed. */

/** The reason of an abort from outside. Its exit code for the shell is 128 plus the signal's number. */
export class Stopped extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super('stopped')
    this.exitCode = exitCode
  }
}

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/**
 * One Ctrl-C may come twice: the terminal sends it to all processes of the job, and npm passes it on to those that it started. A
 * signal that comes within this time of the first is taken for the same one.
 */
const sameMs = 500

/** Time between two checks that the parent process is still there. */
const parentMs = 500

/** What {@link listenForStops} returns. */
export interface Stops {
  /** The first stop aborts this signal. Its reason is a {@link Stopped}. */
  signal: AbortSignal
  /** Runs work that must not be cut once it has begun. A stop that comes meanwhile does not end the process. */
  finish<T>(run: () => Promise<T>): Promise<T>
}

/**
 * Listens for stops. The first one aborts the signal, so that the run can stop cleanly. Another one, while the run is stopping, ends
 * the process. Listeners of the process's `exit` event remove unfinished files.
 *
 * @param atOnce - Called just before another stop ends the process. It may print a last message.
 */
export function listenForStops(atOnce: () => void): Stops {
  const stop = new AbortController()
  let stoppedAt = 0
  let finishing = 0
  const onStop = (exitCode: number) => {
    if (!stop.signal.aborted) {
      stoppedAt = performance.now()
      stop.abort(new Stopped(exitCode))
      return
    }
    if (finishing > 0 || performance.now() - stoppedAt < sameMs) return
    atOnce()
    process.exit(exitCode)
  }
  for (const [name, exitCode] of Object.entries(exitCodes)) process.on(name, () => onStop(exitCode))
  if (process.env.npm_lifecycle_event === 'start') watchParent(() => onStop(exitCodes.SIGTERM))
  return {
    signal: stop.signal,
    async finish(run) {
      finishing++
      try {
        return await run()
      } finally {
        finishing--
      }
    },
  }
}

/**
 * Calls `gone` when the parent process has ended. A signal to npm alone ends npm and its shell, but it does not reach this process,
 * which would go on unseen.
 */
function watchParent(gone: () => void): void {
  const { ppid } = process
  const timer = setInterval(() => {
    if (process.ppid === ppid) return
    clearInterval(timer)
    gone()
  }, parentMs)
  timer.unref()
}
