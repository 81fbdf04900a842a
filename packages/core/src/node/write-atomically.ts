/** Writes a file whole or not at all. */
import { randomUUID } from 'node:crypto'
import { open, readdir, rename, rm } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { assertBytes, assertText } from '../check.js'
import { ioError } from './io-error.js'

/** `<name>.<process id>.<uuid>.tmp`: who made it can be asked whether he is still at work. */
const temporaryName = /^(.+)\.(\d+)\.[0-9a-f]{8}-[0-9a-f-]{27}\.tmp$/

/**
 * Writes a file to a temporary name in its folder, flushes it to the disk, and renames it: a process that is killed at any
 * moment leaves the old file or the new one.
 *
 * @throws EscError IO naming the path if it cannot be written: no space, no permission.
 * @example await writeAtomically('model.json', `${JSON.stringify(manifest)}\n`)
 */
export async function writeAtomically(path: string, content: string | Uint8Array): Promise<void> {
  assertText('path', path)
  if (typeof content !== 'string') assertBytes('content', content)
  const temporary = `${path}.${process.pid}.${randomUUID()}.tmp`
  try {
    const handle = await open(temporary, 'wx')
    try {
      await handle.writeFile(content)
      // Else the rename could reach the disk before the bytes do.
      await handle.sync()
    } finally {
      await handle.close()
    }
    await rename(temporary, path)
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {})
    throw ioError('write', path, cause)
  }
}

/**
 * Removes what processes that are no more left of {@link writeAtomically} for one file.
 *
 * @throws the system's own error if the folder cannot be listed.
 * @example await removeLeftovers('runs/dogs/training.safetensors')
 */
export async function removeLeftovers(path: string): Promise<void> {
  assertText('path', path)
  for (const found of await readdir(dirname(path))) {
    const [, name, pid] = temporaryName.exec(found) ?? []
    if (name === basename(path) && !isRunning(Number(pid)))
      await rm(join(dirname(path), found), { force: true })
  }
}

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
