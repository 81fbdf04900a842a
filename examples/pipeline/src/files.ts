/** Writes a run's files. */
import { access, constants, mkdir, readdir, rename, stat } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EpochRecord, EscError } from '@esc/core'
import {
  createTemporaryFolder,
  removeStaleTemporaries,
  type TemporaryFolder,
  writeFilesAtomically,
} from '@esc/core/node'

/**
 * Checks that a folder can be made, or written to, without doing either: better before an hour of training than after.
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
      throw cannotWrite(dir, cause)
    }
  }
}

function cannotWrite(dir: string, cause: unknown): EscError {
  const message = cause instanceof Error ? cause.message : String(cause)
  return new EscError('IO', `cannot write to ${dir}: ${message}`, { detail: { dir }, cause })
}

/**
 * Checks that a file can be written, or written anew, without doing either.
 *
 * @throws EscError IO naming the file, or its folder.
 */
export async function assertWritableFile(path: string): Promise<void> {
  const found = await stat(path).catch((cause: NodeJS.ErrnoException) => {
    // That its folder is absent, or is a file, is told below.
    if (cause.code === 'ENOENT' || cause.code === 'ENOTDIR') return null
    throw cannotWrite(path, cause)
  })
  if (found && !found.isFile())
    throw cannotWrite(path, found.isDirectory() ? 'it is a folder' : 'it is no file')
  await assertWritable(dirname(path))
}

/**
 * Writes files into a folder, each whole or not at all.
 *
 * @throws EscError IO naming the folder; then no file has been replaced by half a one.
 */
export async function writeFiles(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  await mkdir(dir, { recursive: true }).catch((cause) => {
    throw cannotWrite(dir, cause)
  })
  await writeFilesAtomically(dir, files)
}

/** Files of a folder of the results that come one by one, long before the run knows that it ends well. */
export interface PendingFolder {
  /** Where they lie meanwhile; made by the first call. @throws EscError IO naming the folder. */
  open(): Promise<string>
  /** Puts them where they belong; of what is there already, only files of the same names go. @throws EscError IO naming the folder. */
  commit(): Promise<void>
  /** Removes them, and every folder that was made for them and is empty. */
  discard(): void
}

/**
 * A folder in `dir` whose files come to light together, at the end or not at all.
 *
 * @param name - Below `dir`: `processed/audio`.
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
        throw cannotWrite(dir, cause)
      }
    },
    discard() {
      folder?.remove()
    },
  }
}

/**
 * Removes what killed runs left in the folder of the results.
 *
 * @param names - Of the folders that {@link pendingFolder} makes in it.
 */
export async function clearLeftovers(dir: string, names: readonly string[]): Promise<void> {
  for (const path of [dir, ...names.map((name) => dirname(join(dir, name)))])
    await removeStaleTemporaries(path)
}

/** JSON that people can read, with a line break at its end. */
export function toJson(value: unknown): string {
  return `${JSON.stringify(value, null, 2)}\n`
}

/** `history.csv`: one row an epoch; times are left out, so that the same run gives the same file. */
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
