/** Writes files whole or not at all. */
import { randomBytes } from 'node:crypto'
import { closeSync, openSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { open, rename, rm } from 'node:fs/promises'
import { dirname, join, resolve } from 'node:path'
import { assertBytes, assertText } from '../check/options.js'
import { typeOf, wrongValue } from '../check/wrong-value.js'
import { ioError } from './io-error.js'
import { removeAtExit, temporaryPath } from './temporary.js'

/** Options of {@link writeAtomically}. */
export interface WriteAtomicallyOptions {
  /**
   * Waits until the bytes are on the disk before the file is renamed, so that a machine that loses its power keeps the old file
   * or the new one, too. It takes some milliseconds a file.
   *
   * @defaultValue `true`
   */
  flush?: boolean | undefined
}

/**
 * Writes a file to a temporary name in its folder, flushes it to the disk, and renames it: a process that is killed at any
 * moment leaves the old file or the new one. The temporary file of a process that exits goes with it; that of one that was
 * killed goes with `removeStaleTemporaries`.
 *
 * @throws EscError IO naming the path if it cannot be written: no space, no permission.
 * @example await writeAtomically('model.json', `${JSON.stringify(manifest)}\n`)
 */
export async function writeAtomically(
  path: string,
  content: string | Uint8Array,
  { flush = true }: WriteAtomicallyOptions = {},
): Promise<void> {
  assertContent(path, content)
  await writeAll(new Map([[path, content]]), path, flush)
}

/**
 * Writes files into a folder as {@link writeAtomically} does, and renames them when all are written: where there is no space
 * for the last one, none has been replaced.
 *
 * @param dir - A folder that is there.
 * @param files - Content by file name.
 * @throws EscError IO naming the folder.
 * @example await writeFilesAtomically('runs/dogs', { 'metrics.json': metrics, 'report.html': page })
 */
export async function writeFilesAtomically(
  dir: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  assertText('dir', dir)
  if (typeOf(files) !== 'object') throw wrongValue('files', files, 'contents by file name')
  const contents = Object.entries(files).map(([name, content]) => [join(dir, name), content] as const)
  await writeAll(new Map(contents), dir, true)
}

async function writeAll(
  contents: ReadonlyMap<string, string | Uint8Array>,
  toldPath: string,
  flush: boolean,
): Promise<void> {
  const written: { temporary: string; path: string; forget: () => void }[] = []
  try {
    for (const [path, content] of contents) {
      const temporary = temporaryPath(resolve(dirname(path)))
      written.push({ temporary, path, forget: removeAtExit(temporary) })
      await writeNew(temporary, content, flush)
    }
    for (const { temporary, path } of written) await rename(temporary, path)
  } catch (cause) {
    for (const { temporary } of written) await rm(temporary, { force: true }).catch(() => {})
    throw ioError('write', toldPath, cause)
  } finally {
    for (const { forget } of written) forget()
  }
}

function assertContent(path: string, content: string | Uint8Array): void {
  assertText('path', path)
  if (typeof content !== 'string') assertBytes('content', content)
}

async function writeNew(path: string, content: string | Uint8Array, flush: boolean): Promise<void> {
  // Made at once: a process that exits must not find it missing, and the system make it a moment later.
  closeSync(openSync(path, 'wx'))
  const handle = await open(path, 'r+')
  try {
    await handle.writeFile(content)
    // Else the rename could reach the disk before the bytes do.
    if (flush) await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Options of {@link writeAtomicallySync}. */
export interface WriteSyncOptions {
  /** A temporary folder on the same disk, as `createTemporaryFolder` makes. @defaultValue the file's own folder */
  temporaryDir?: string | undefined
}

/**
 * Writes a small file so that it is there whole or not at all, where a promise for each step would take longer than the step. It
 * is not flushed: a machine that loses its power may lose it.
 *
 * @throws EscError IO naming the path if it cannot be written: no space, no permission.
 * @example writeAtomicallySync('features/index.json', text)
 */
export function writeAtomicallySync(
  path: string,
  content: string | Uint8Array,
  { temporaryDir }: WriteSyncOptions = {},
): void {
  assertContent(path, content)
  // The folder's name says already whose it is.
  const temporary = temporaryDir
    ? join(temporaryDir, randomBytes(6).toString('hex'))
    : temporaryPath(dirname(path))
  try {
    writeFileSync(temporary, content, { flag: 'wx' })
    renameSync(temporary, path)
  } catch (cause) {
    rmSync(temporary, { force: true })
    throw ioError('write', path, cause)
  }
}
