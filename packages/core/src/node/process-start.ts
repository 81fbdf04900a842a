/** Which process made something, and whether it is still there. */
import { readFileSync } from 'node:fs'

/** Whether a process with this number runs. @example isRunning(process.pid) // true */
export function isRunning(pid: number): boolean {
  if (!(pid > 0)) return false
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

/**
 * When a process started, in ticks of Linux's clock since the machine started: it tells a process from a later one that has the
 * same number, as in a container, where numbers are small. 0 where the system does not say.
 *
 * @see proc(5), `/proc/pid/stat`, field 22.
 */
export function processStart(pid: number): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the program's name in brackets, which may hold spaces and brackets.
    return Number(text.slice(text.lastIndexOf(')') + 2).split(' ')[19])
  } catch {
    return 0
  }
}
