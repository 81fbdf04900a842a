/** Keeps two processes out of one folder. */
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { assertText } from '../check/options.js'
import { EscError } from '../error.js'
import { ioError } from './io-error.js'
import { isRunning } from './process-start.js'
import { removeAtExit } from './temporary.js'

/** Longer than a process takes from reading a lock that nobody holds to removing it. */
const SETTLE_MS = 250

/**
 * Takes a folder for this process, until it gives it back or exits. What a killed process left is taken over.
 *
 * @param dir - A folder that is there.
 * @param name - Of the lock file in it. Default `lock`.
 * @returns A function that gives the folder back.
 * @throws EscError IO naming the lock file, if a process that runs has it, or it cannot be written.
 * @example const unlock = await lockFolder('data/ESC-50.download')
 */
export async function lockFolder(dir: string, name = 'lock'): Promise<() => Promise<void>> {
  assertText('dir', dir)
  assertText('name', name)
  const path = join(dir, name)
  // The start time tells this process from an earlier one that had the same number, as in a container.
  const own = `${process.pid} ${performance.timeOrigin}`
  for (let attempt = 1; ; attempt++) {
    // Without a pause from here to the removal, however busy this process is: see SETTLE_MS.
    try {
      writeFileSync(path, own, { flag: 'wx' })
    } catch (cause) {
      const holder = holderOf(path)
      const pid = Number(holder.split(' ')[0])
      const isHeld = pid === process.pid ? holder === own : isRunning(pid)
      if ((cause as NodeJS.ErrnoException).code !== 'EEXIST' || isHeld || attempt === 3) {
        const reason = isHeld
          ? `process ${pid} is at work here; wait for it, or remove this file`
          : (cause as Error).message
        throw new EscError('IO', `cannot take ${path}: ${reason}`, { detail: { path }, cause })
      }
      try {
        rmSync(path, { force: true })
      } catch (cause) {
        throw ioError('remove', path, cause)
      }
      continue
    }
    // Another process may have found the same old lock, or this one before it was written, and remove it only now: of
    // several, the last one to write has it.
    await sleep(SETTLE_MS)
    if (holderOf(path) !== own) continue
    const forget = removeAtExit(resolve(path))
    return async () => {
      await rm(path, { force: true })
      forget()
    }
  }
}

/** What the lock says; empty if it is not there. */
function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
