/** One step of long work. `done` counts from 0 to `total`, in the unit that `stage` implies. */
export interface ProgressEvent {
  /** What is being done, as a person would say it: `extract features`. */
  stage: string
  done: number
  total: number
  /** What the step was about: a file name, a loss. */
  detail?: string
}

/** Receives progress; it must not throw and must not block. */
export type OnProgress = (event: ProgressEvent) => void
