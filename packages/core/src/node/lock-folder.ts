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

/** A process needs less time than this between reading a lock without an owner and removing it. */
const settleMs = 250

/**
 * Locks a folder for this process, until the process unlocks it or exits. A lock of a process that was killed is removed first.
 *
 * @param dir - An existing folder.
 * @param name - Name of the lock file in the folder. @defaultValue `'lock'`
 * @returns A function that unlocks the folder.
 * @throws EscError IO naming the lock file, if a running process holds the lock, or the lock file cannot be written.
 * @example const unlock = await lockFolder('data/ESC-50.download')
 */
export async function lockFolder(dir: string, name = 'lock'): Promise<() => Promise<void>> {
  assertText('dir', dir)
  assertText('name', name)
  const path = join(dir, name)
  // An earlier process may have had the same number, as in a container. The start time tells the two apart.
  const own = `${process.pid} ${performance.timeOrigin}`
  for (let attempt = 1; ; attempt++) {
    // From here to `rmSync` all calls are synchronous, so that a busy process makes no pause between them: see settleMs.
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
    // Another process may have read the old lock, or this lock while it was still empty, and may remove this lock now. So this
    // process waits and reads its lock again. If several processes wrote a lock, the last one to write it holds it.
    await sleep(settleMs)
    if (holderOf(path) !== own) continue
    const forget = removeAtExit(resolve(path))
    return async () => {
      await rm(path, { force: true })
      forget()
    }
  }
}

/** Returns the content of the lock file; an empty text if there is no lock file. */
function holderOf(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}
