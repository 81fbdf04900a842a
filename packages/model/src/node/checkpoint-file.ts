/** Keeps a training's checkpoint in a file. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { assertBytes, assertText } from '@esc/core'
import { ioError, removeStaleTemporaries, writeAtomically } from '@esc/core/node'
import type { CheckpointStore } from '../training/checkpoint/checkpoint-store.js'

/**
 * Keeps a training's checkpoint in a file. If the process is killed at any moment, the file is still complete. The next training
 * removes temporary files of killed processes.
 *
 * @param path - Path of the file. A missing folder is created. Python's `safetensors` can open the file, too.
 * @throws EscError `read` and `write` throw IO naming the path.
 * @example await fit(melCnn, features, split, { checkpoint: checkpointFile('runs/dogs/training.safetensors') })
 */
export function checkpointFile(path: string): CheckpointStore {
  assertText('path', path)
  const file = resolve(path)
  return {
    async read() {
      try {
        await removeStaleTemporaries(dirname(file))
        return await readFile(file)
      } catch (cause) {
        if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return null
        throw ioError('read', file, cause)
      }
    },
    async write(bytes) {
      assertBytes('bytes', bytes)
      await mkdir(dirname(file), { recursive: true }).catch((cause) => {
        throw ioError('write', file, cause)
      })
      await writeAtomically(file, bytes)
    },
  }
}
