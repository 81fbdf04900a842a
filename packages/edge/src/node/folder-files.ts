/** The files of a model folder on the disk: their names, and reading one of them. */
import { readdir, readFile, stat } from 'node:fs/promises'
import type { FileEntry, ModelManifest } from '@esc/core'
import { ioError } from '@esc/core/node'
import { fileNames } from '../model-files.js'

export const ourNames: readonly string[] = Object.values(fileNames)

/** A file that a save is about to replace keeps its bytes under this name until the new manifest is there. */
export const previousName = ({ name, sha256: hash }: { name: string; sha256: string }) =>
  `${name}.${hash.slice(0, 16)}.previous`
export const isPreviousName = (name: string) => /^[\w-][\w.-]*\.[0-9a-f]{16}\.previous$/.test(name)

/** A model file of more bytes than this is not read into memory. */
const largestFile = 2 ** 31 - 1

export function entriesOf({ files: { network, float, int8 } }: ModelManifest): FileEntry[] {
  return [network, float, int8].filter((entry) => entry !== null)
}

export async function readOne(path: string): Promise<Buffer> {
  try {
    const found = await stat(path)
    // A pipe would be waited for without end.
    if (!found.isFile()) throw new Error('it is not a file')
    if (found.size > largestFile)
      throw new Error(`it has ${found.size} bytes, a model file at most ${largestFile}`)
    return await readFile(path)
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}

export async function namesIn(root: string): Promise<string[]> {
  return readdir(root).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw ioError('read', root, cause)
  })
}

export async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
