/** How long work reports its progress. */

/** One step of long work. `done` counts from 0 to `total`, in the unit that `stage` implies. */
export interface ProgressEvent {
  /** Name of the work, such as `extract features`. */
  stage: string
  done: number
  total: number
  /** What this step worked on or found: a file name, a loss. @defaultValue none */
  detail?: string
}

/** Receives progress. It must not throw, and it must return quickly. */
export type OnProgress = (event: ProgressEvent) => void
