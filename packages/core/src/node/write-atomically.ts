/** Writes files whole or not at all. A reader never sees half a file. */
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
   * Waits until the bytes are on the disk before the file is renamed. Then the old file or the new one is whole even if the machine
   * loses its power. It takes some milliseconds for each file.
   *
   * @defaultValue `true`
   */
  flush?: boolean | undefined
}

/**
 * Writes a file under a temporary name in its folder, flushes it to the disk, and renames it. If the process is killed at any
 * moment, the old file or the new one is there, whole. If the process exits, its temporary file is removed. If it is killed,
 * `removeStaleTemporaries` removes the temporary file later.
 *
 * @throws EscError IO naming the path if it cannot be written, for example because there is no space or no permission.
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
 * Writes files into a folder as {@link writeAtomically} does, and renames them when all are written. If there is no space for the
 * last file, no file has been replaced.
 *
 * @param dir - An existing folder.
 * @param files - Content by file name.
 * @throws EscError IO naming the folder if a file cannot be written.
 * @example await writeFilesAtomically('runs/dogs', { 'notes.txt': text, 'dog.flac': bytes })
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
  shownPath: string,
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
    throw ioError('write', shownPath, cause)
  } finally {
    for (const { forget } of written) forget()
  }
}

function assertContent(path: string, content: string | Uint8Array): void {
  assertText('path', path)
  if (typeof content !== 'string') assertBytes('content', content)
}

async function writeNew(path: string, content: string | Uint8Array, flush: boolean): Promise<void> {
  // This call is synchronous. With an asynchronous one the system could make the file after the exit has tried to remove it.
  closeSync(openSync(path, 'wx'))
  const handle = await open(path, 'r+')
  try {
    await handle.writeFile(content)
    // Without this the new name could reach the disk before the bytes do.
    if (flush) await handle.sync()
  } finally {
    await handle.close()
  }
}

/** Options of {@link writeAtomicallySync}. */
export interface WriteSyncOptions {
  /** A folder of `createTemporaryFolder` on the same disk, for the temporary file. @defaultValue the file's own folder */
  temporaryDir?: string | undefined
}

/**
 * Writes a small file whole or not at all, without promises: for many small files these take longer than the writing. The file is
 * not flushed to the disk, so it may be lost if the machine loses its power.
 *
 * @throws EscError IO naming the path if it cannot be written, for example because there is no space or no permission.
 * @example writeAtomicallySync('features/index.json', text)
 */
export function writeAtomicallySync(
  path: string,
  content: string | Uint8Array,
  { temporaryDir }: WriteSyncOptions = {},
): void {
  assertContent(path, content)
  // A temporary folder has the owner in its own name, so a file in it needs no such name.
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
