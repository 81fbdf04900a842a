/** Opens a data set on disk, whichever of the known layouts it has. */
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { assertKnown, EscError } from '@esc/core'
import { type ParseEsc50Options, parseEsc50 } from '../esc50.js'
import { parseUrbanSound8k } from '../urbansound8k.js'
import { markerPath } from './layout.js'
import {
  assertInside,
  cannotOpen,
  exists,
  findSounds,
  inspect,
  type OpenedDataset,
  openRoot,
  readTable,
} from './open-files.js'
import { isSoundName, openFolderDataset } from './open-folder.js'

const layouts = [
  'meta/esc50.csv and audio/ (ESC-50)',
  'metadata/UrbanSound8K.csv and audio/fold1/ … (UrbanSound8K)',
  'a folder of sounds for each of two classes or more',
].join(', or ')

/**
 * Opens a data set. The layout is found from the folder, in this order:
 *
 * 1. ESC-50: `meta/esc50.csv` (or `meta/esc10.csv`, or the only CSV file in `meta/`) and the sounds in `audio/`;
 * 2. UrbanSound8K: `metadata/UrbanSound8K.csv` and the sounds in `audio/fold{N}/`;
 * 3. a folder for each class, as {@link openFolderDataset} reads it, if two or more hold sounds.
 *
 * It reads the table and lists the folders, and opens no sound; absent sounds are in `missing`. For other tables see
 * `openCsvDataset`.
 *
 * A link that leads out of the folder is refused: a data set from elsewhere shall not make its user read
 * other files.
 *
 * @param dir - The folder; it may itself be a link.
 * @param options - `subset` other than `esc50` goes with ESC-50's layout only.
 * @throws EscError IO naming the path and what was looked for, if no layout fits, `audio/` is not there, the table has more
 *   than 64 MB or a link leads out of the folder; the codes of {@link parseEsc50} and {@link parseUrbanSound8k}, with the
 *   table's path in the message; those of {@link openFolderDataset}; INVALID_OPTION if there is no such subset.
 * @see github.com/karolpiczak/ESC-50, README, "Repository content".
 * @example
 * const { dataset, pathOf, missing } = await openDataset('ESC-50', { subset: 'esc10' })
 * const clip = await loadAudio(pathOf(dataset.records[0]))
 */
export async function openDataset(dir: string, options: ParseEsc50Options = {}): Promise<OpenedDataset> {
  assertKnown('openDataset', options, { subset: true })
  const root = await openRoot(dir, `expected a folder with ${layouts}`)
  const esc50Table = await findEsc50Table(root)
  if (esc50Table !== null) return openEsc50(root, esc50Table, options)
  const urbanTable = join(root, 'metadata', 'UrbanSound8K.csv')
  if (await exists(urbanTable)) {
    assertWhole(options, 'UrbanSound8K')
    return findSounds(root, join(root, 'audio'), await readTable(root, urbanTable, parseUrbanSound8k))
  }
  if ((await countClasses(root)) >= 2) {
    assertWhole(options, 'a data set with a folder for each class')
    return openFolderDataset(root)
  }
  const hasMeta = await exists(join(root, 'meta'))
  const reason = hasMeta ? 'there is no CSV file in meta/' : 'there is no meta/'
  throw cannotOpen(
    root,
    `looked for meta/esc50.csv: ${reason}; for metadata/UrbanSound8K.csv: it is not there; for two folders or more with ` +
      `sounds right in them: found fewer. Expected a folder with ${layouts}; for another table use openCsvDataset`,
  )
}

async function openEsc50(
  root: string,
  tablePath: string,
  options: ParseEsc50Options,
): Promise<OpenedDataset> {
  const dataset = await readTable(root, tablePath, (text) => parseEsc50(text, options))
  const synthetic = await exists(markerPath(root))
  const named = synthetic ? { ...dataset, name: `synthetic-${dataset.name}`, synthetic } : dataset
  return findSounds(root, join(root, 'audio'), named)
}

async function findEsc50Table(root: string): Promise<string | null> {
  const metaDir = join(root, 'meta')
  if (!(await exists(metaDir))) return null
  await assertInside(root, metaDir)
  const tables = (await inspect(metaDir, readdir(metaDir))).filter((name) => /\.csv$/i.test(name)).sort()
  const known = ['esc50.csv', 'esc10.csv'].find((name) => tables.includes(name))
  if (!known && tables.length > 1) {
    const names = tables.join(', ')
    throw cannotOpen(
      metaDir,
      `it is not clear which of ${names} is the table; use openCsvDataset, or keep one`,
    )
  }
  const name = known ?? tables[0]
  return name === undefined ? null : join(metaDir, name)
}

/** How many folders right in `root` hold sounds right in them. What cannot be listed holds none: this only guesses. */
async function countClasses(root: string): Promise<number> {
  let count = 0
  for (const entry of await inspect(root, readdir(root, { withFileTypes: true }))) {
    if (!entry.isDirectory() || entry.name.startsWith('.')) continue
    const names = await readdir(join(root, entry.name)).catch(() => [])
    if (names.some(isSoundName)) count++
  }
  return count
}

function assertWhole({ subset = 'esc50' }: ParseEsc50Options, layout: string): void {
  if (subset === 'esc50') return
  throw new EscError(
    'INVALID_OPTION',
    `subset=${subset} goes with ESC-50's layout; this is ${layout}: leave it out`,
  )
}
