/** Writes a run's files. */
import { randomUUID } from 'node:crypto'
import { mkdir, rename, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EscError } from '@esc/core'
import type { EpochRecord } from '@esc/model'

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
    const message = cause instanceof Error ? cause.message : String(cause)
    throw new EscError('IO', `cannot write to ${dir}: ${message}`, { detail: { dir }, cause })
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
