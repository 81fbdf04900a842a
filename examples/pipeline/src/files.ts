/** Writes a run's files. */
import { randomUUID } from 'node:crypto'
import { access, constants, mkdir, readdir, rename, rm, rmdir, stat, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type EpochRecord, EscError } from '@esc/core'

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
 * Writes files into a folder, each whole or not at all: to temporary names first, which are renamed when all are written.
 *
 * @throws EscError IO naming the folder; then no file has been replaced by half a one.
 */
export async function writeFiles(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  const suffix = `.${randomUUID()}.tmp`
  try {
    await mkdir(dir, { recursive: true })
    for (const [name, content] of Object.entries(files))
      await writeFile(join(dir, name + suffix), content, { flag: 'wx' })
    for (const name of Object.keys(files)) await rename(join(dir, name + suffix), join(dir, name))
  } catch (cause) {
    await Promise.all(
      Object.keys(files).map((name) => rm(join(dir, name + suffix), { force: true }).catch(() => {})),
    )
    throw cannotWrite(dir, cause)
  }
}

/** Files of a folder of the results that come one by one, long before the run knows that it ends well. */
export interface PendingFolder {
  /** Where they lie meanwhile; made by the first call. @throws EscError IO naming the folder. */
  open(): Promise<string>
  /** Puts them where they belong; of what is there already, only files of the same names go. @throws EscError IO naming the folder. */
  commit(): Promise<void>
  /** Removes them, and every folder that was made for them and is empty. */
  discard(): Promise<void>
}

/**
 * A folder in `dir` whose files come to light together, at the end or not at all.
 *
 * @param name - Below `dir`: `processed/audio`.
 * @example const pending = pendingFolder(out, 'processed/audio'); await writeWav(join(await pending.open(), '1.wav'), clip)
 */
export function pendingFolder(dir: string, name: string): PendingFolder {
  const target = join(dir, name)
  const temporary = `${target}.${randomUUID()}.tmp`
  let firstMade: string | undefined
  return {
    async open() {
      try {
        firstMade ??= await mkdir(temporary, { recursive: true })
        return temporary
      } catch (cause) {
        throw cannotWrite(dir, cause)
      }
    },
    async commit() {
      if (firstMade === undefined) return
      try {
        await mkdir(target, { recursive: true })
        for (const file of await readdir(temporary)) await rename(join(temporary, file), join(target, file))
        await rmdir(temporary)
        firstMade = undefined
      } catch (cause) {
        throw cannotWrite(dir, cause)
      }
    },
    async discard() {
      if (firstMade === undefined) return
      await rm(temporary, { recursive: true, force: true })
      // Somebody may have filled the folders that were made for them: a checkpoint, a store, another run.
      for (let made = dirname(temporary); made.length >= firstMade.length; made = dirname(made)) {
        const isGone = await rmdir(made).then(
          () => true,
          () => false,
        )
        if (!isGone) return
      }
    },
  }
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
