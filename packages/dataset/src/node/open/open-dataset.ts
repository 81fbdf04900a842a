/** Opens a data set on disk, whichever of the known layouts it has. */
import { readdir } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { assertKnown, EscError } from '@esc/core'
import { ioError, onDisk } from '@esc/core/node'
import { type ParseEsc50Options, parseEsc50 } from '../../tables/esc50.js'
import { parseUrbanSound8k } from '../../tables/urbansound8k.js'
import { markerPath } from '../layout.js'
import { findSounds } from './find-sounds.js'
import { assertInside, exists, type OpenedDataset, openRoot, readTable } from './open-files.js'
import { countClasses, readFolderDataset } from './open-folder.js'
import { walkFolder } from './walk-folder.js'

/** Options of {@link openDataset}. */
export interface OpenDatasetOptions extends ParseEsc50Options {
  /** In a folder for each class: takes the sounds in the folders below it, too. @defaultValue `false` */
  nested?: boolean | undefined
  /** In a folder for each class: leaves out files that cannot be clips, and names them in a finding. @defaultValue `false` */
  skipBad?: boolean | undefined
}

/** Tables with these names are ESC-50's own. */
const esc50Tables = ['esc50.csv', 'esc10.csv']

const layouts = [
  'meta/esc50.csv and audio/ (ESC-50)',
  'metadata/UrbanSound8K.csv and audio/fold1/ … (UrbanSound8K)',
  'a folder of sounds for each of two classes or more',
].join(', or ')

/**
 * Opens a data set. The layout is found from the folder, in this order:
 *
 * 1. ESC-50: `meta/esc50.csv` (or `meta/esc10.csv`, or the only CSV file in `meta/`) and the sounds in `audio/`; your own data
 *    set in this layout has the name of its folder;
 * 2. UrbanSound8K: `metadata/UrbanSound8K.csv` and the sounds in `audio/fold{N}/`;
 * 3. a folder for each class, as {@link openFolderDataset} reads it, if two or more hold sounds.
 *
 * It reads the table and lists the folders, and decodes no sound. Absent sounds are in `missing`, and `folder` accounts for every
 * file. For other tables see `openCsvDataset`.
 *
 * A link that leads out of the folder is refused: a data set from elsewhere must not make its user read other files.
 *
 * @param dir - The folder; it may itself be a link.
 * @param options - `subset: 'esc10'` goes with ESC-50's layout only, `nested` and `skipBad` with a folder for each class.
 * @throws EscError IO naming the path and what was looked for, if no layout fits, `audio/` is not there, the table has more
 *   than 64 MB or a link leads out of the folder; the codes of {@link parseEsc50} and {@link parseUrbanSound8k}, with the
 *   table's path in the message; those of {@link openFolderDataset}; INVALID_OPTION if there is no such subset.
 * @see github.com/karolpiczak/ESC-50, README, "Repository content".
 * @example
 * const { dataset, pathOf, missing } = await openDataset('ESC-50', { subset: 'esc10' })
 * const clip = await loadAudio(pathOf(dataset.records[0]))
 */
export async function openDataset(dir: string, options: OpenDatasetOptions = {}): Promise<OpenedDataset> {
  assertKnown('openDataset', options, { subset: true, nested: true, skipBad: true })
  const { subset, nested = false, skipBad = false } = options
  const root = await openRoot(dir, `expected a folder with ${layouts}`)
  const esc50Table = await findEsc50Table(root)
  if (esc50Table !== null && (await isEsc50(root, nested))) {
    assertNotNested(nested, "ESC-50's layout")
    return openEsc50(root, esc50Table, { subset: subset ?? 'esc50' })
  }
  const urbanTable = join(root, 'metadata', 'UrbanSound8K.csv')
  if (await exists(urbanTable)) {
    assertWhole(subset, 'UrbanSound8K')
    assertNotNested(nested, 'UrbanSound8K')
    const dataset = await readTable(root, urbanTable, parseUrbanSound8k)
    return findSounds(root, join(root, 'audio'), dataset, { path: urbanTable })
  }
  const walked = await walkFolder(root)
  if (countClasses(walked, nested) >= 2) {
    assertWhole(subset, 'a data set with a folder for each class')
    return readFolderDataset(root, walked, { nested, skipBad })
  }
  const hasMeta = await exists(join(root, 'meta'))
  const reason = hasMeta ? 'there is no CSV file in meta/' : 'there is no meta/'
  const where = nested ? 'in them or below' : 'right in them'
  const hint = !nested && countClasses(walked, true) >= 2 ? ' (there are some deeper; nested takes them)' : ''
  throw new EscError(
    'IO',
    `cannot open ${root}: looked for meta/esc50.csv: ${reason}; for metadata/UrbanSound8K.csv: it is not there; for two ` +
      `folders or more with sounds ${where}: found fewer${hint}. Expected a folder with ${layouts}; for another table use ` +
      'openCsvDataset',
    { detail: { path: root, ...(hint === '' ? {} : { option: 'nested' }) } },
  )
}

/** Without `audio/`, a table in `meta/` may be about something else: there may be a folder of sounds for each class beside it. */
async function isEsc50(root: string, nested: boolean): Promise<boolean> {
  return (await exists(join(root, 'audio'))) || countClasses(await walkFolder(root), nested) < 2
}

async function openEsc50(
  root: string,
  tablePath: string,
  options: Required<ParseEsc50Options>,
): Promise<OpenedDataset> {
  let unused: string[] = []
  const dataset = await readTable(root, tablePath, (text) => {
    // Sounds of rows that were not selected are known to the table, and are no finding.
    if (options.subset !== 'esc50') unused = parseEsc50(text).records.map(({ filename }) => filename)
    return parseEsc50(text, options)
  })
  const isOwn = !esc50Tables.includes(basename(tablePath))
  const name = isOwn ? basename(root) : dataset.name
  const synthetic = await exists(markerPath(root))
  const named = synthetic ? { ...dataset, name: `synthetic-${name}`, synthetic } : { ...dataset, name }
  return findSounds(root, join(root, 'audio'), named, { path: tablePath, unused })
}

async function findEsc50Table(root: string): Promise<string | null> {
  const metaDir = join(root, 'meta')
  if (!(await exists(metaDir))) return null
  await assertInside(root, metaDir)
  const names = await onDisk('open', metaDir, readdir(metaDir))
  const tables = names.filter((name) => /^[^.~].*\.csv$/i.test(name)).sort()
  const known = esc50Tables.find((name) => tables.includes(name))
  if (!known && tables.length > 1) {
    const list = tables.join(', ')
    throw ioError(
      'open',
      metaDir,
      `it is not clear which of ${list} is the table; use openCsvDataset, or keep one`,
    )
  }
  const name = known ?? tables[0]
  return name === undefined ? null : join(metaDir, name)
}

function assertWhole(subset: ParseEsc50Options['subset'], layout: string): void {
  if (subset === undefined || subset === 'esc50') return
  throw new EscError(
    'INVALID_OPTION',
    `subset=${subset} goes with ESC-50's layout; this is ${layout}: leave it out`,
  )
}

function assertNotNested(nested: boolean, layout: string): void {
  if (!nested) return
  throw new EscError(
    'INVALID_OPTION',
    `nested goes with a folder for each class; this is ${layout}, whose table names each file: leave it out`,
  )
}
