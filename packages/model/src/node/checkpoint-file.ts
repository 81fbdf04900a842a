/** A training's checkpoint on disk. */
import { mkdir, readFile } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { assertBytes, assertText } from '@esc/core'
import { ioError, removeStaleTemporaries, writeAtomically } from '@esc/core/node'
import type { CheckpointStore } from '../training/checkpoint/checkpoint-store.js'

/**
 * Keeps a training's checkpoint in a file. A process that is killed at any moment leaves a whole one. What killed processes left
 * of temporary files is removed when the next training begins.
 *
 * @param path - Its folder is made if it is not there. The file opens with Python's `safetensors`, too.
 * @throws EscError IO naming the path: `read` and `write`, if they fail.
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
