/** Finds the sounds that a table names, and describes the other files of its folder. */
import { realpath } from 'node:fs/promises'
import { join, relative } from 'node:path'
import type { Finding } from '../../audit/finding.js'
import { type FolderAudit, leftOut } from '../../audit/folder.js'
import { likenessOf, spell } from '../../characters.js'
import type { ClipRecord, Dataset } from '../../record.js'
import { count, listSome } from '../../words.js'
import { assertInside, type OpenedDataset } from './open-files.js'
import { type WalkedFile, walkFolder } from './walk-folder.js'

/** The table's own file, and files that it names besides the clips. */
export interface TablePlace {
  /** The table itself: an absolute path. */
  path: string
  /** The file names of rows that were not selected. @defaultValue none */
  unused?: readonly string[]
}

/**
 * Finds the sounds of a table that are there, and opens none. A name is found in any Unicode form: some systems write `ü` as one
 * character, some as two.
 *
 * @param audioDir - The folder that file names are relative to.
 * @throws EscError IO naming the path, if `audioDir` is not there, or a row names a link that leads out of `root`.
 * @example const found = await findSounds(root, join(root, 'audio'), dataset, { path })
 */
export async function findSounds(
  root: string,
  audioDir: string,
  dataset: Dataset,
  table: TablePlace,
): Promise<OpenedDataset> {
  await assertInside(root, audioDir)
  const { files } = await walkFolder(root)
  const find = await createFinder(root, audioDir, files, dataset.records)
  const taken = new Map<string, WalkedFile>()
  for (const { filename } of dataset.records) {
    const file = find(filename)
    if (file?.kind === 'odd') await assertInside(root, join(root, file.path)).catch(refuseWayOut)
    else if (file) taken.set(filename, file)
  }
  const missing = dataset.records.filter(({ filename }) => !taken.has(filename))
  const clips = new Set(taken.values())
  const unused = new Set((table.unused ?? []).map(find).filter((file) => file && !clips.has(file)))
  const tablePath = relative(root, table.path).replaceAll('\\', '/')
  const rest = files.filter((file) => !clips.has(file) && !unused.has(file))
  const folder: FolderAudit = {
    files: files.length,
    clips: clips.size,
    unused: unused.size,
    notSound: rest.filter((file) => isNoSound(file, tablePath)).length,
    findings: [
      ...renamedFindings(missing, rest),
      ...restFindings(rest.filter((file) => !isNoSound(file, tablePath))),
    ],
  }
  return {
    dataset,
    dir: root,
    pathOf: ({ filename }) => {
      const file = taken.get(filename)
      return file ? join(root, file.path) : join(audioDir, filename)
    },
    missing,
    folder,
  }
}

/** A link to nothing, or to something that is no file, is a missing sound. A link that leaves the folder is an attack. */
function refuseWayOut(error: { detail?: { target?: unknown } }): void {
  if (error.detail?.target !== undefined) throw error
}

/** Makes a function that finds the file for a name of the table. */
async function createFinder(
  root: string,
  audioDir: string,
  files: readonly WalkedFile[],
  records: readonly ClipRecord[],
): Promise<(filename: string) => WalkedFile | undefined> {
  const named = files.filter(({ hasOddName }) => !hasOddName)
  const byPath = new Map(named.map((file) => [file.path, file]))
  // If several paths have one form, the first in the order of paths is found.
  const byForm = new Map([...named].reverse().map((file) => [file.path.normalize('NFC'), file]))
  const placeOf = async (folder: string) => {
    const path = join(audioDir, folder)
    const target = await realpath(path).catch(() => null)
    if (target === null) return null
    await assertInside(root, path)
    return relative(root, target).replaceAll('\\', '/')
  }
  // Folders may be links to others in the data set.
  const places = new Map<string, string | null>()
  for (const folder of new Set(['', ...records.map(({ filename }) => folderOf(filename))])) {
    places.set(folder, await placeOf(folder))
  }
  const below = (folder: string | null | undefined, name: string) =>
    folder === '' || folder === null || folder === undefined ? name : `${folder}/${name}`
  return (filename) => {
    const real = places.get(folderOf(filename))
    const bare = filename.slice(filename.lastIndexOf('/') + 1)
    const exact = real === null || real === undefined ? undefined : byPath.get(below(real, bare))
    return exact ?? byForm.get(below(places.get(''), filename).normalize('NFC'))
  }
}

function folderOf(filename: string): string {
  return filename.slice(0, Math.max(filename.lastIndexOf('/'), 0))
}

function isNoSound({ kind, path }: WalkedFile, tablePath: string): boolean {
  return kind === 'no sound' || path === tablePath
}

/** Missing sounds that have a file with nearly the same name. */
function renamedFindings(missing: readonly ClipRecord[], rest: readonly WalkedFile[]): Finding[] {
  if (missing.length === 0) return []
  const bareOf = (path: string) => path.slice(path.lastIndexOf('/') + 1)
  const stemOf = (name: string) => name.replace(/\.[^.]*$/, '')
  // People may leave the ending out of their tables.
  const byLikeness = new Map([
    ...rest.map(({ path }) => [likenessOf(stemOf(bareOf(path))), path] as const),
    ...rest.map(({ path }) => [likenessOf(bareOf(path)), path] as const),
  ])
  const pairs = missing.flatMap(({ id, filename }) => {
    const path = byLikeness.get(likenessOf(bareOf(filename)))
    if (path === undefined) return []
    const [wanted, found] = [bareOf(filename), bareOf(path)].map((name) => name.normalize('NFC'))
    const isElsewhere = wanted === found
    const text = isElsewhere ? `${filename} is ${path}` : `${spell(wanted!)} is ${spell(found!)} there`
    return [{ id, isElsewhere, text }]
  })
  const about = (isElsewhere: boolean, code: string, what: string, advice: string): Finding[] => {
    const chosen = pairs.filter((pair) => pair.isElsewhere === isElsewhere)
    if (chosen.length === 0) return []
    const list = listSome(chosen.map(({ text }) => text))
    const message = `${what}: ${count(chosen.length, 'clip')} (${list}); ${advice}`
    return [{ severity: 'warning', code, message, ids: chosen.map(({ id }) => id) }]
  }
  return [
    ...about(
      true,
      'OTHER_FOLDER',
      'clips whose files lie in another folder than the table says',
      'give the folder (audioDir), or correct the table',
    ),
    ...about(
      false,
      'NAME_DIFFERS',
      'clips whose files have other names than the table says',
      'rename the files or correct the table',
    ),
  ]
}

function restFindings(rest: readonly WalkedFile[]): Finding[] {
  const of = (...kinds: WalkedFile['kind'][]) => rest.filter(({ kind }) => kinds.includes(kind))
  return [
    ...leftOut(
      'warning',
      'UNLISTED_SOUND',
      'sounds that the table does not name, left out',
      of('sound', 'other sound'),
    ),
    ...unknownFindings(rest),
  ]
}

/** Findings about files that may be sounds: neither their names nor their first bytes tell. */
export function unknownFindings(rest: readonly WalkedFile[]): Finding[] {
  const of = (wanted: WalkedFile['kind']) => rest.filter(({ kind }) => kind === wanted)
  return [
    ...leftOut('warning', 'ODD_FILE', 'entries that cannot be read as files, left out', of('odd')),
    ...leftOut('warning', 'UNKNOWN_FILE', 'files of unknown type, left out', of('unknown')),
    ...leftOut('info', 'HIDDEN_FILE', 'hidden files, left out', of('hidden')),
  ]
}
