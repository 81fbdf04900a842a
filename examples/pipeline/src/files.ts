/** Writes the files of a run, and checks early that they can be written. */
import { access, constants, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import type { EpochRecord } from '@esc/core'
import {
  createTemporaryFolder,
  ioError,
  onDisk,
  removeStaleTemporaries,
  type TemporaryFolder,
  writeFilesAtomically,
} from '@esc/core/node'

/**
 * Checks that a folder can be made, or written to, and does neither. A run checks this before it trains for an hour.
 *
 * @throws EscError IO naming the folder.
 */
export async function assertWritable(dir: string): Promise<void> {
  for (let path = dir; ; path = dirname(path)) {
    try {
      const found = await stat(path)
      if (!found.isDirectory()) throw new Error(`${path} is not a folder`)
      await access(path, constants.W_OK)
      return
    } catch (cause) {
      const absent = (cause as NodeJS.ErrnoException).code === 'ENOENT'
      if (absent && dirname(path) !== path) continue
      throw ioError('write to', dir, cause)
    }
  }
}

/**
 * Checks that a file can be written, or replaced, and does neither.
 *
 * @throws EscError IO naming the file, or its folder.
 */
export async function assertWritableFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    // The check of the folder, below, reports a folder that is absent or is a file.
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null
    throw ioError('write to', path, cause)
  })
  if (found && !found.isFile())
    throw ioError('write to', path, found.isDirectory() ? 'it is a folder' : 'it is no file')
  await assertWritable(dirname(path))
}

/**
 * Writes files into a folder, each whole or not at all.
 *
 * @throws EscError IO naming the folder. Then each file is the old one or the new one, and never half of one.
 */
export async function writeFiles(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await onDisk('write to', dir, mkdir(dir, { recursive: true }))
  await writeFilesAtomically(dir, files)
}

/** A folder of the results whose files are written one by one, long before the run knows that it ends well. */
export interface PendingFolder {
  /** Makes the temporary folder of the files, if it is not there yet, and returns its path. @throws EscError IO naming the folder. */
  open(): Promise<string>
  /** Moves the files to their place. There they replace only files of the same names. @throws EscError IO naming the folder. */
  commit(): Promise<void>
  /** Removes the files, and every folder that was made for them and is empty. */
  discard(): void
}

/**
 * Makes a folder in `dir` whose files appear together at the end, or not at all.
 *
 * @param name - The folder's path below `dir`: `processed/audio`.
 * @example const pending = pendingFolder(out, 'processed/audio'); await writeWav(join(await pending.open(), '1.wav'), clip)
 */
export function pendingFolder(dir: string, name: string): PendingFolder {
  const target = join(dir, name)
  let folder: TemporaryFolder | undefined
  return {
    async open() {
      folder ??= await createTemporaryFolder(dirname(target))
      return folder.path
    },
    async commit() {
      if (!folder) return
      try {
        await mkdir(target, { recursive: true })
        for (const file of await readdir(folder.path))
          await rename(join(folder.path, file), join(target, file))
        folder.remove()
      } catch (cause) {
        throw ioError('write to', dir, cause)
      }
    },
    discard() {
      folder?.remove()
    },
  }
}

/**
 * Removes the temporary files that killed runs left in the folder of the results.
 *
 * @param names - Names of the folders that {@link pendingFolder} makes there.
 */
export async function clearLeftovers(dir: string, names: readonly string[]): Promise<void> {
  for (const path of [dir, ...names.map((name) => dirname(join(dir, name)))])
    await removeStaleTemporaries(path)
}

/** JSON that people can read, with a line break at its end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** The text of `history.csv`: one row for each epoch. Times are left out, so that the same run gives the same file. */
export function historyCsv(history: readonly EpochRecord[]): string {
  const rows = history.map((record) =>
    [
      record.epoch,
      record.trainLoss.toFixed(6),
      record.trainAccuracy.toFixed(6),
      record.validationLoss?.toFixed(6) ?? '',
      record.validationAccuracy?.toFixed(6) ?? '',
      record.learningRate,
    ].join(','),
  )
  return [
    'epoch,train_loss,train_accuracy,validation_loss,validation_accuracy,learning_rate',
    ...rows,
    '',
  ].join('\n')
}
