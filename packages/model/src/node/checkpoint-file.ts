/** A training's checkpoint on disk. */
import { randomUUID } from 'node:crypto'
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises'
import { basename, dirname, join, resolve } from 'node:path'
import { EscError } from '@esc/core'
import type { CheckpointStore } from '../checkpoint.js'

/**
 * Keeps a training's checkpoint in a file. Each is written to a temporary name in the same folder, flushed to the disk and
 * renamed, so that a process that is killed at any moment leaves a whole one. What killed processes left of temporary files is
 * removed when the next training begins.
 *
 * @param path - Its folder is made if it is not there. The file opens with Python's `safetensors`, too.
 * @throws EscError IO naming the path: `read` and `write`, if they fail.
 * @example await fit(graph, { train: examples }, { checkpoint: checkpointFile('runs/dogs/training.safetensors') })
 */
export function checkpointFile(path: string): CheckpointStore {
  const file = resolve(path)
  return {
    async read() {
      try {
        await removeLeftovers(file)
        return await readFile(file)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw ioError('read', file, cause)
      }
    },
    async write(bytes) {
      const temporary = `${file}.${process.pid}.${randomUUID()}.tmp`
      try {
        await mkdir(dirname(file), { recursive: true })
        const handle = await open(temporary, 'wx')
        try {
          await handle.writeFile(bytes)
          // Else the rename could reach the disk before the bytes do.
          await handle.sync()
        } finally {
          await handle.close()
        }
        await rename(temporary, file)
      } catch (cause) {
        await rm(temporary, { force: true }).catch(() => {})
        throw ioError('write', file, cause)
      }
    },
  }
}

/** Removes temporary files of this checkpoint whose processes are no more. */
async function removeLeftovers(file: string): Promise<void> {
  const prefix = `${basename(file)}.`
  for (const name of await readdir(dirname(file))) {
    const [, pid] = name.startsWith(prefix)
      ? (/^(\d+)\.[0-9a-f-]{36}\.tmp$/.exec(name.slice(prefix.length)) ?? [])
      : []
    if (pid !== undefined && !isRunning(Number(pid))) await rm(join(dirname(file), name), { force: true })
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    // It is there, and another user's.
    return (error as NodeJS.ErrnoException).code === 'EPERM'
  }
}

function ioError(action: 'read' | 'write', path: string, cause: unknown): EscError {
  const reason = cause instanceof Error ? cause.message : String(cause)
  return new EscError('IO', `cannot ${action} the checkpoint ${path}: ${reason}`, { detail: { path }, cause })
}
