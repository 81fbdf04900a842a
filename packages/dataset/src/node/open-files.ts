/** Files of a data set from elsewhere: nothing outside its folder is read, whatever its table and its links say. */
import { access, readdir, readFile, realpath, stat } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { assertText, EscError, isEscError } from '@esc/core'
import type { ClipRecord, Dataset } from '../record.js'

/** A data set, and where its files are. */
export interface OpenedDataset {
  dataset: Dataset
  /** Absolute path of the data set's folder. */
  dir: string
  /** Absolute path of a record's sound file, whether it is there or not. */
  pathOf(record: ClipRecord): string
  /** Records whose sound file is not there. */
  missing: ClipRecord[]
}

// A table of 62 MB (1.1 million rows) takes 1.4 GB of memory and 20 s to read; far larger ones would end the process.
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
    throw cannotOpen(path, `${reasonOf(cause)}; ${expected}`, cause)
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
  const facts = await inspect(path, stat(path))
  // A pipe would be waited for without end.
  if (!facts.isFile()) throw cannotOpen(path, 'it is not a file')
  if (facts.size > maxTableBytes) {
    const reason = `it has ${facts.size} bytes, and a table at most ${maxTableBytes}; split the data set`
    throw cannotOpen(path, reason)
  }
  const bytes = await inspect(path, readFile(path))
  try {
    return parse(decodeUtf8(bytes))
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    throw new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
  }
}

/**
 * Looks which of a table's sounds are there, and opens none.
 *
 * @param audioDir - The folder that file names are relative to.
 * @throws EscError IO naming the path, if `audioDir` is not there or a link leads out of `root`.
 * @example return findSounds(root, join(root, 'audio'), dataset)
 */
export async function findSounds(root: string, audioDir: string, dataset: Dataset): Promise<OpenedDataset> {
  await assertInside(root, audioDir)
  const present = new Set<string>()
  for (const [folder, wanted] of groupByFolder(dataset.records)) {
    const path = join(audioDir, folder)
    if (folder !== '' && !(await exists(path))) continue
    await assertInside(root, path)
    for (const entry of await inspect(path, readdir(path, { withFileTypes: true }))) {
      if (!wanted.has(entry.name)) continue
      if (!(entry.isFile() || (await leadsToFile(root, join(path, entry.name))))) continue
      present.add(folder === '' ? entry.name : `${folder}/${entry.name}`)
    }
  }
  return {
    dataset,
    dir: root,
    pathOf: ({ filename }) => join(audioDir, filename),
    missing: dataset.records.filter(({ filename }) => !present.has(filename)),
  }
}

/**
 * Whether a link leads to a file: not to a folder, to nothing, or to a pipe, which one would wait for without end.
 *
 * @throws EscError IO naming the path, if it leads out of `root`.
 */
async function leadsToFile(root: string, path: string): Promise<boolean> {
  const target = await stat(path).catch(() => null)
  if (!target?.isFile()) return false
  await assertInside(root, path)
  return true
}

/** An entry of a folder, links followed. */
export interface FolderEntry {
  name: string
  kind: 'file' | 'folder' | 'other'
}

/**
 * Lists a folder by name, without hidden entries.
 *
 * @throws EscError IO naming the path, if it cannot be read, or a link leads out of `root` or to a folder: followed, it
 *   could bring clips in twice.
 * @example await listFolder(root, join(root, 'dog'))
 */
export async function listFolder(root: string, path: string): Promise<FolderEntry[]> {
  const found: FolderEntry[] = []
  for (const entry of await inspect(path, readdir(path, { withFileTypes: true }))) {
    const { name } = entry
    if (name.startsWith('.')) continue
    const place = join(path, name)
    if (!entry.isSymbolicLink()) {
      found.push({ name, kind: entry.isFile() ? 'file' : entry.isDirectory() ? 'folder' : 'other' })
      continue
    }
    await assertInside(root, place)
    const target = await inspect(place, stat(place))
    if (target.isDirectory()) throw cannotOpen(place, 'it is a link to a folder; use the folder itself')
    found.push({ name, kind: target.isFile() ? 'file' : 'other' })
  }
  return found.sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** @throws EscError IO if `path` is not there or is a link out of `root`. @example await assertInside(root, audioDir) */
export async function assertInside(root: string, path: string): Promise<void> {
  const target = await inspect(path, realpath(path))
  const way = relative(root, target)
  if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
    throw new EscError(
      'IO',
      `${path} is a link to ${target}, which is not in ${root}; open the real folder`,
      {
        detail: { path, target },
      },
    )
  }
}

/** Whether something is there, links followed. @example await exists(join(root, 'meta')) */
export function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

/** The error for what cannot be opened. @example throw cannotOpen(path, 'it is not a file') */
export function cannotOpen(path: string, reason: string, cause?: unknown): EscError {
  return new EscError('IO', `cannot open ${path}: ${reason}`, { detail: { path }, cause })
}

/** Waits for a file operation; names the path where it fails. @example await inspect(path, readFile(path)) */
export async function inspect<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw cannotOpen(path, reasonOf(cause), cause)
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause)
}

/** Wanted names by folder, which is '' for `audioDir` itself. */
function groupByFolder(records: readonly ClipRecord[]): Map<string, Set<string>> {
  // `audioDir` is read even where no record lies right in it, so that its absence is an error.
  const folders = new Map([['', new Set<string>()]])
  for (const { filename } of records) {
    const cut = filename.lastIndexOf('/')
    const folder = filename.slice(0, Math.max(cut, 0))
    const names = folders.get(folder) ?? new Set()
    folders.set(folder, names.add(filename.slice(cut + 1)))
  }
  return folders
}

function decodeUtf8(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new EscError('CORRUPT_DATA', 'the table is not UTF-8 text; save it as CSV in UTF-8', { cause })
  }
}
