/** Opens files of a data set from elsewhere. It reads nothing outside the data set's folder, whatever its table and its links say. */
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, relative, resolve, sep } from 'node:path'
import { assertText, EscError, isEscError } from '@esc/core'
import { ioError, onDisk, reasonOf } from '@esc/core/node'
import type { FolderAudit } from '../../audit/folder.js'
import type { ClipRecord, Dataset } from '../../record.js'

/** A data set and the places of its files. */
export interface OpenedDataset {
  dataset: Dataset
  /** Absolute path of the data set's folder. */
  dir: string
  /** Absolute path of a record's sound file, whether it is there or not. */
  pathOf(record: ClipRecord): string
  /** Records whose sound file is not there. */
  missing: ClipRecord[]
  /** Every file in the folder: the clips, and the files that are no clips. */
  folder: FolderAudit
}

// A table of 62 MB (1.1 million rows) takes 1.4 GB of memory and 20 s to read. A far larger one would use up the memory.
const maxTableBytes = 64e6

/**
 * The real path of a data set's folder.
 *
 * @throws EscError IO naming the path, if there is no such folder.
 * @example const root = await openRoot('ESC-50', 'expected a folder')
 */
export async function openRoot(dir: string, expected: string): Promise<string> {
  assertText('dir', dir)
  const path = resolve(dir)
  try {
    const root = await realpath(path)
    await readdir(root)
    return root
  } catch (cause) {
    throw new EscError('IO', `cannot open ${path}: ${reasonOf(cause)}; ${expected}`, {
      detail: { path },
      cause,
    })
  }
}

/**
 * Reads and parses a table.
 *
 * @throws EscError IO naming the path, if it is not a file in `root` of at most 64 MB; CORRUPT_DATA if it is not UTF-8;
 *   the parser's errors, with the table's path in the message.
 * @example await readTable(root, join(root, 'meta', 'esc50.csv'), parseEsc50)
 */
export async function readTable(
  root: string,
  path: string,
  parse: (text: string) => Dataset,
): Promise<Dataset> {
  await assertInside(root, path)
  const facts = await onDisk('open', path, stat(path))
  // Reading a pipe could wait forever.
  if (!facts.isFile()) throw ioError('open', path, 'it is not a file')
  if (facts.size > maxTableBytes) {
    const reason = `it has ${facts.size} bytes, and a table at most ${maxTableBytes}; split the data set`
    throw ioError('open', path, reason)
  }
  const bytes = await onDisk('open', path, readFile(path))
  try {
    return parse(decodeUtf8(bytes))
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    throw new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
  }
}

/** @throws EscError IO if `path` is not there or is a link out of `root`. @example await assertInside(root, join(root, 'audio')) */
export async function assertInside(root: string, path: string): Promise<void> {
  const target = await onDisk('open', path, realpath(path))
  if (isInside(root, target)) return
  const message = `${path} is a link to ${target}, which is not in ${root}; open the real folder`
  throw new EscError('IO', message, { detail: { path, target } })
}

/** Whether a real path is `root` or lies in it. @example isInside('/data', '/data/dog') // true */
export function isInside(root: string, target: string): boolean {
  const way = relative(root, target)
  return !(way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way))
}

/** Whether a file or folder is there; links are followed. @example await exists(join(dir, 'meta')) */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new EscError('CORRUPT_DATA', 'the table is not UTF-8 text; save it as CSV in UTF-8', { cause })
  }
}
