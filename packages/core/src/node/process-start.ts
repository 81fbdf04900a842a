/** Whether a process runs, and when it started. */
import { readFileSync } from 'node:fs'

/** Whether a process with this number runs. @example isRunning(process.pid) // true */
export function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // EPERM: the process runs, but it belongs to another user.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * Returns when a process started, in ticks of Linux's clock since the machine started. Process numbers are used again, soon in a
 * container, where numbers are small. The start time tells whether two processes with the same number are the same process.
 *
 * @returns 0 if the process does not run, or if the system does not report the time.
 *
 * @see proc(5), `/proc/pid/stat`, field 22.
 */
export function processStart(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets. The name may contain spaces and brackets, too.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return 0
  }
}
