/** Opens a data set that lies on disk in ESC-50's layout. */
import { access, readdir, readFile, realpath } from 'node:fs/promises'
import { isAbsolute, join, relative, resolve, sep } from 'node:path'
import { EscError, isEscError } from '@esc/core'
import { type ParseEsc50Options, parseEsc50 } from '../esc50.js'
import type { ClipRecord, Dataset } from '../record.js'
import { markerPath } from './layout.js'

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

/**
 * Opens a folder in ESC-50's layout: `meta/esc50.csv` (or `meta/esc10.csv`, or the only CSV file in `meta/`)
 * and the sounds in `audio/`. It reads the table and lists the folder, and opens no sound; absent sounds are
 * in `missing`.
 *
 * A link that leads out of the folder is refused: a data set from elsewhere shall not make its user read
 * other files.
 *
 * @param dir - The folder; it may itself be a link.
 * @throws EscError IO naming the path and the expected layout, if the folder, the table or `audio/` is not
 *   there or a link leads out of the folder; the codes of {@link parseEsc50}, with the table's path in the
 *   message.
 * @see github.com/karolpiczak/ESC-50, README, "Repository content".
 * @example
 * const { dataset, pathOf, missing } = await openDataset('ESC-50', { subset: 'esc10' })
 * const clip = await loadAudio(pathOf(dataset.records[0]))
 */
export async function openDataset(dir: string, options: ParseEsc50Options = {}): Promise<OpenedDataset> {
  const root = await inspect(resolve(dir), realpath(resolve(dir)))
  const tablePath = await findTable(root)
  const text = await inspect(tablePath, readFile(tablePath, 'utf8'))
  const dataset = parseTable(tablePath, text, options)
  const audioDir = join(root, 'audio')
  await assertInside(root, audioDir)
  const entries = await inspect(audioDir, readdir(audioDir, { withFileTypes: true }))
  const wanted = new Set(dataset.records.map(({ filename }) => filename))
  const present = new Set<string>()
  for (const entry of entries) {
    if (!wanted.has(entry.name)) continue
    if (entry.isSymbolicLink()) await assertInside(root, join(audioDir, entry.name))
    if (entry.isFile() || entry.isSymbolicLink()) present.add(entry.name)
  }
  const synthetic = await exists(markerPath(root))
  return {
    dataset: synthetic ? { ...dataset, name: `synthetic-${dataset.name}`, synthetic } : dataset,
    dir: root,
    pathOf: ({ filename }) => join(audioDir, filename),
    missing: dataset.records.filter(({ filename }) => !present.has(filename)),
  }
}

async function findTable(root: string): Promise<string> {
  const metaDir = join(root, 'meta')
  await assertInside(root, metaDir)
  const tables = (await inspect(metaDir, readdir(metaDir))).filter((name) => /\.csv$/i.test(name)).sort()
  const known = ['esc50.csv', 'esc10.csv'].find((name) => tables.includes(name))
  const name = known ?? tables[0]
  if (name === undefined) throw layoutError(join(metaDir, 'esc50.csv'), 'there is no CSV file in this folder')
  if (!known && tables.length > 1) {
    throw layoutError(metaDir, `it is not clear which of ${tables.join(', ')} is the table`)
  }
  await assertInside(root, join(metaDir, name))
  return join(metaDir, name)
}

function parseTable(path: string, text: string, options: ParseEsc50Options): Dataset {
  try {
    return parseEsc50(text, options)
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    throw new EscError(cause.code, `${path}: ${cause.message}`, { detail: { ...cause.detail, path }, cause })
  }
}

async function assertInside(root: string, path: string): Promise<void> {
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

function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  )
}

async function inspect<T>(path: string, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (cause) {
    throw layoutError(path, cause instanceof Error ? cause.message : String(cause), cause)
  }
}

function layoutError(path: string, reason: string, cause?: unknown): EscError {
  return new EscError(
    'IO',
    `cannot open ${path}: ${reason}; expected a folder with meta/esc50.csv and audio/, as ESC-50 has`,
    { detail: { path }, cause },
  )
}
