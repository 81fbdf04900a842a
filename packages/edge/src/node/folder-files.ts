/** The files of a model folder on the disk: their names, and how one file is read. */
import { readdir, readFile, stat } from 'node:fs/promises'
import type { FileEntry, ModelManifest } from '@esc/core'
import { ioError } from '@esc/core/node'
import { fileNames } from '../model-files.js'

/** The names that a model folder's own files have. */
export const ourNames: readonly string[] = Object.values(fileNames)

/** Second name of a file that a save is about to replace. The old bytes stay under this name until the new manifest is written. */
export const previousName = ({ name, sha256: hash }: { name: string; sha256: string }) =>
  `${name}.${hash.slice(0, 16)}.previous`
export const isPreviousName = (name: string) => /^[\w-][\w.-]*\.[0-9a-f]{16}\.previous$/.test(name)

/** A model file with more bytes than this is refused, because it is read into memory as a whole. */
const largestFile = 2 ** 31 - 1

/** The manifest's entries of the files that are there. */
export function entriesOf({ files: { network, float, int8 } }: ModelManifest): FileEntry[] {
  return [network, float, int8].filter((entry) => entry !== null)
}

/** Reads a file. @throws EscError IO naming the file if it cannot be read, is not a file, or is too large. */
export async function readOne(path: string): Promise<Buffer> {
  try {
    const found = await stat(path)
    // Reading a pipe could wait forever.
    if (!found.isFile()) throw new Error('it is not a file')
    if (found.size > largestFile)
      throw new Error(`it has ${found.size} bytes, but a model file has at most ${largestFile}`)
    return await readFile(path)
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}

/** The names of the files in a folder; none if the folder does not exist. */
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
