/** Opens a data set that has a folder for each class. */
import { basename, join } from 'node:path'
import { assertCallback, assertKnown, EscError } from '@esc/core'
import { type FolderAudit, leftOut } from '../../audit/folder.js'
import { controlCharacterOf } from '../../characters.js'
import type { ClipRecord } from '../../record.js'
import { toId } from '../../tables/cells.js'
import { sortedLabels, toDataset } from '../../tables/to-dataset.js'
import { count, listSome } from '../../words.js'
import { unknownFindings } from './find-sounds.js'
import { type OpenedDataset, openRoot } from './open-files.js'
import { type WalkedFile, type WalkedFolder, walkFolder } from './walk-folder.js'

/** Options of {@link openFolderDataset}. */
export interface OpenFolderOptions {
  /**
   * Gives a clip's group (a recording, a site, a speaker) for its path in the data set, `dog/12.wav`. A split must keep the clips
   * of one group on one side.
   *
   * @defaultValue each clip is a group of its own
   */
  groupOf?: ((filename: string) => string) | undefined
  /** Takes the sounds in the folders below a class's folder, too: `siren/night/a.wav` is a siren. @defaultValue `false` */
  nested?: boolean | undefined
  /** Leaves out files that cannot be clips, and names them in a finding. Without it they are errors. @defaultValue `false` */
  skipBad?: boolean | undefined
}

type FolderClip = Omit<ClipRecord, 'labelIndex'> & { path: string }

/** A file that is or may be a sound, but cannot be a clip. */
interface Trouble {
  file: WalkedFile
  code: string
  errorCode: 'INVALID_INPUT' | 'IO'
  /** The end of a sentence that begins with the path. */
  why: string
  advice: string
}

const partName = /^(train(ing)?|test(ing)?|val(id(ation)?)?|dev|eval(uation)?|fold[ _-]?\d+)$/i

/**
 * Opens a folder that has a sub-folder for each class. The sub-folder has the class's name, and its sounds are right in it, or with
 * `nested` also in folders below it. It lists all folders, and decodes no sound.
 *
 * Sounds are the files whose names end in wav, wave, aif, aiff, aifc, flac, ogg, oga, opus or mp3. A file with an unknown ending
 * (`.bwf`) or none is a sound if its first bytes are those of a sound. `folder` counts or names every other file: it counts files that
 * are no sounds (`notes.txt`, `.DS_Store`, a folder `__MACOSX`, results of these libraries), and unknown files are a finding. Some
 * files could silently lose a clip or a class. Such a file is an error, or with `skipBad` a finding: a sound beside the class
 * folders, a sound in a folder below a class (without `nested`), a sound of a format that cannot be decoded (m4a, 3gp, wma, …), a
 * name that is not UTF-8, a link that leads nowhere.
 *
 * Labels and files stand in the order of their characters' codes. A label is a folder's name in Unicode's composed form (NFC), so
 * that two folders whose names differ in the form only are one class. A record's file name is `{class}/{file}`, its id
 * `{class}__{file without extension}`, its fold `null`.
 *
 * @param dir - The folder; it may itself be a link. Links in it may lead to files in it only.
 * @returns The data set, named as the folder; nothing is `missing`.
 * @throws EscError IO naming the path, if something cannot be read, or a link leads out, to a folder or to nothing;
 *   INVALID_INPUT naming the path for the above, for fewer than two classes, for folders named as parts (`train`, `test`,
 *   `fold1`), and for two files of one id; INVALID_OPTION if `groupOf` gives no text.
 * @see Keras `image_dataset_from_directory`, torchvision `DatasetFolder`: the same layout; they descend into folders.
 * @example
 * const { dataset } = await openFolderDataset('birds', { groupOf: (path) => path.split(/[/_]/)[1] }) // north
 * dataset.labels // ['owl', 'wren'], from birds/owl/north_1.wav, birds/wren/…
 */
export async function openFolderDataset(
  dir: string,
  options: OpenFolderOptions = {},
): Promise<OpenedDataset> {
  assertKnown('openFolderDataset', options, { groupOf: true, nested: true, skipBad: true })
  assertCallback('groupOf', options.groupOf)
  const root = await openRoot(dir, 'expected a folder with a folder of sounds for each class')
  return readFolderDataset(root, await walkFolder(root), options)
}

/** {@link openFolderDataset} of a folder that was listed before. */
export function readFolderDataset(
  root: string,
  walked: WalkedFolder,
  options: OpenFolderOptions,
): OpenedDataset {
  const { files } = walked
  const { nested = false, skipBad = false } = options
  const troubles = files.flatMap((file) => troubleOf(file, nested))
  if (!skipBad) refuse(root, troubles)
  const bad = new Set(troubles.map(({ file }) => file))
  const good = files.filter((file) => !bad.has(file))
  const clips = good.filter(({ kind }) => kind === 'sound').map(({ path }) => toClip(path, options))
  const labels = sortedLabels(clips)
  assertClasses(root, labels)
  assertUniqueIds(root, clips)
  const paths = new Map(clips.map(({ filename, path }) => [filename, path]))
  const notSound = good.filter(({ kind }) => kind === 'no sound').length
  const findings = [
    ...lostClasses(troubles, labels),
    ...troubleFindings(troubles),
    ...unknownFindings(good),
    ...emptyFolders(walked),
  ]
  const folder: FolderAudit = { files: files.length, clips: clips.length, unused: 0, notSound, findings }
  return {
    dataset: toDataset(basename(root), clips, labels),
    dir: root,
    pathOf: ({ filename }) => join(root, paths.get(filename) ?? filename),
    missing: [],
    folder,
  }
}

/** The number of folders right in `root` that hold sounds: right in them, or with `nested` anywhere below. */
export function countClasses({ files }: WalkedFolder, nested: boolean): number {
  const isClip = ({ kind, path }: WalkedFile) => {
    const depth = path.split('/').length
    return (kind === 'sound' || kind === 'other sound') && (depth === 2 || (nested && depth > 2))
  }
  return new Set(files.filter(isClip).map(({ path }) => path.split('/')[0]!.normalize('NFC'))).size
}

function troubleOf(file: WalkedFile, nested: boolean): Trouble[] {
  const { path, kind, why, hasOddName } = file
  const [label = '', ...rest] = path.split('/')
  const as = (
    code: string,
    reason: string,
    advice: string,
    errorCode: Trouble['errorCode'] = 'INVALID_INPUT',
  ) => [{ file, code, errorCode, why: reason, advice }]
  if (kind === 'odd') return as('ODD_FILE', why!, 'remove it', 'IO')
  if (kind !== 'sound' && kind !== 'other sound') return []
  if (hasOddName) return as('ODD_NAME', 'has a name that is not UTF-8', 'rename it')
  const character = controlCharacterOf(path)
  if (character !== null) return as('ODD_NAME', `has a name with the character ${character}`, 'rename it')
  if (kind === 'other sound') {
    const what = why === null ? 'has a format that cannot be decoded' : `is ${why}, which cannot be decoded`
    return as('OTHER_SOUND', what, 'convert it to wav or flac')
  }
  if (rest.length === 0)
    return as('LOOSE_SOUND', 'is in no class folder', 'put it into a folder named as its class')
  if (rest.length > 1 && !nested)
    return as(
      'NESTED_SOUND',
      `lies in a folder in '${label}'`,
      `take such sounds, too (nested), or open ${label} itself`,
    )
  return []
}

/** @throws EscError about the first file in trouble, with the number of files in the same trouble. */
function refuse(root: string, troubles: readonly Trouble[]): void {
  const [first] = troubles
  if (!first) return
  const same = troubles.filter(({ code }) => code === first.code).length - 1
  const more = same > 0 ? ` (and ${count(same, 'more such file')})` : ''
  const path = join(root, first.file.path)
  const detail = { path, skippable: true, ...(first.code === 'NESTED_SOUND' ? { option: 'nested' } : {}) }
  throw new EscError(first.errorCode, `${path}${more} ${first.why}; ${first.advice}, or skip it`, { detail })
}

const troubleNames: Readonly<Record<string, string>> = {
  ODD_FILE: 'entries that cannot be read as files, left out',
  ODD_NAME: 'sounds with a name that cannot be used, left out',
  OTHER_SOUND: 'sounds of a format that cannot be decoded, left out',
  LOOSE_SOUND: 'sounds that are in no class folder, left out',
  NESTED_SOUND: 'sounds in folders below a class, left out',
}

function troubleFindings(troubles: readonly Trouble[]) {
  return Object.entries(troubleNames).flatMap(([code, what]) => {
    const files = troubles.filter((trouble) => trouble.code === code)
    return leftOut(
      'warning',
      code,
      what,
      files.map(({ file: { path }, why }) => ({ path, why })),
    )
  })
}

/** Classes that lost all their sounds. */
function lostClasses(troubles: readonly Trouble[], labels: readonly string[]): FolderAudit['findings'] {
  const folders = troubles.flatMap(({ file: { path } }) => (path.includes('/') ? [path.split('/')[0]!] : []))
  const lost = [...new Set(folders.map((name) => name.normalize('NFC')))].filter(
    (name) => !labels.includes(name),
  )
  if (lost.length === 0) return []
  const message = `classes that lost all their sounds and are left out: ${listSome(lost)}; the next findings say why`
  return [{ severity: 'warning', code: 'LOST_CLASS', message, ids: [] }]
}

function emptyFolders({ files, folders, outputs }: WalkedFolder): FolderAudit['findings'] {
  const topOf = (path: string) => path.split('/')[0]!
  const sounds = files.filter(({ kind }) => kind === 'sound' || kind === 'other sound')
  const used = new Set([...sounds.map(({ path }) => topOf(path)), ...outputs.map(topOf)])
  const empty = folders.filter((path) => !path.includes('/') && !used.has(path))
  if (empty.length === 0) return []
  const message = `folders without a sound, which are no classes: ${listSome(empty)}`
  return [{ severity: 'info', code: 'EMPTY_FOLDER', message, ids: [] }]
}

function toClip(path: string, { groupOf }: OpenFolderOptions): FolderClip {
  const filename = path.normalize('NFC')
  const id = toId(filename)
  const group = groupOf ? groupOf(filename) : id
  if (typeof group !== 'string' || group === '') {
    throw new EscError(
      'INVALID_OPTION',
      `groupOf('${filename}')=${String(group)} must be text, and not empty`,
    )
  }
  return { id, filename, fold: null, label: filename.slice(0, filename.indexOf('/')), group, path }
}

function assertClasses(root: string, labels: readonly string[]): void {
  if (labels.length < 2) {
    const found = labels.length === 0 ? 'none' : `only '${labels[0]}'`
    throw invalid(root, `must have a folder of sounds for each of two classes or more; found ${found}`)
  }
  if (labels.every((label) => partName.test(label))) {
    throw invalid(
      root,
      `has parts instead of classes (${labels.join(', ')}); open one of them, or use a table`,
    )
  }
}

function assertUniqueIds(root: string, clips: readonly FolderClip[]): void {
  const paths = new Map<string, string>()
  for (const { id, path } of clips) {
    const earlier = paths.get(id)
    if (earlier !== undefined) {
      const isForm = path !== earlier && path.normalize('NFC') === earlier.normalize('NFC')
      const why = isForm
        ? `has the name of ${earlier} in another Unicode form`
        : `has the id '${id}', and so has ${earlier}`
      throw invalid(join(root, path), `${why}; rename or remove one`)
    }
    paths.set(id, path)
  }
}

function invalid(path: string, rule: string): EscError {
  return new EscError('INVALID_INPUT', `${path} ${rule}`, { detail: { path } })
}
