/** What every stage may use, and how stages write numbers on the console. */
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

/** A share as per cent. @example percent(0.6125) // '61.3 %' */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`
}

/** A number of things, with the word in the form it needs. @example plural(1, 'clip') // '1 clip' */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${value} ${value === 1 ? one : many}`
}
