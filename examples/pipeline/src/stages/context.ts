import type { StageConsole } from '../console.js'
import type { RunOptions } from '../options.js'

/** What every stage may use. */
export interface RunContext {
  options: RunOptions
  console: StageConsole
  signal: AbortSignal
  /** The folder that `runs/` lies in. */
  cwd: string
}

/** `0.6125` → `61.3 %`. */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}
