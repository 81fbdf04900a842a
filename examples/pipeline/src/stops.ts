/** The ways in which a run is told to stop: Ctrl-C, a supervisor, a terminal that is closed. */

/** An abort from outside, and what the shell is told: 128 and the signal's number. */
export class Stopped extends Error {
  readonly exitCode: number
  constructor(exitCode: number) {
    super('stopped')
    this.exitCode = exitCode
  }
}

const exitCodes = { SIGHUP: 129, SIGINT: 130, SIGTERM: 143 } as const

/**
 * One Ctrl-C may come twice: the terminal sends it to all processes of the job, and npm sends it on to those it started. What
 * comes so soon after the first is the same one.
 */
const sameMs = 500

/** How often it is asked whether the parent process is still there. */
const parentMs = 500

/** What {@link listenForStops} makes. */
export interface Stops {
  /** Aborted with a {@link Stopped} by the first stop. */
  signal: AbortSignal
  /** Runs what must come to its end once it has begun: a stop that comes meanwhile changes nothing. */
  finish<T>(run: () => Promise<T>): Promise<T>
}

/**
 * Listens for stops. The first one aborts the signal, so that the run can stop in order. Another one, while it stops, ends the process;
 * listeners of its `exit` remove what is unfinished.
 *
 * @param atOnce - Says the last word before the process is ended.
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
 * Calls `gone` when the parent process has ended. A signal that is sent to npm alone ends npm and its shell, and nobody tells this
 * process, which would go on unseen.
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
