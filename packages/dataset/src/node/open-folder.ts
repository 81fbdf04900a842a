/** Opens a data set that has a folder for each class. */
import { basename, join } from 'node:path'
import { assertCallback, assertKnown, EscError } from '@esc/core'
import * as z from 'zod/mini'
import type { ClipRecord } from '../record.js'
import { bareFilename, toId } from '../table-cells.js'
import { sortedLabels, toDataset } from '../table-dataset.js'
import { type FolderEntry, listFolder, type OpenedDataset, openRoot } from './open-files.js'

/** Options of {@link openFolderDataset}. */
export interface OpenFolderOptions {
  /**
   * What the clips that must stay on one side of a split share (a recording, a site, a speaker), from a file's path in the
   * data set, `dog/12.wav`. Default: each clip is a group of its own.
   */
  groupOf?: (filename: string) => string
}

type FolderClip = Omit<ClipRecord, 'labelIndex'>

/** Sounds that `@esc/audio-io` does not decode: left out in silence they would be missed late. */
const otherSoundName = /\.(aac|amr|ape|au|caf|m4a|mka|mp4|webm|wma|wv)$/i
const partName = /^(train(ing)?|test(ing)?|val(id(ation)?)?|dev|eval(uation)?|fold[ _-]?\d+)$/i

/**
 * Opens a folder that has one sub-folder for each class, named as the class, with its sounds right in it. It lists the
 * folders and opens no sound.
 *
 * Sounds are the files whose names end in wav, wave, aif, aiff, aifc, flac, ogg, oga, opus or mp3; other files and hidden
 * ones are passed over, and so are sub-folders with no sound. What would be a class or a clip lost in silence is an error:
 * a sound beside the sub-folders, a folder in a sub-folder, a sound of a format that cannot be decoded (m4a, wma, …).
 *
 * Labels and files stand in the order of their characters' codes. A record's file name is `{class}/{file}`, its id
 * `{class}__{file without extension}`, its fold `null`.
 *
 * @param dir - The folder; it may itself be a link. Links in it may lead to files in it only.
 * @returns The data set, named as the folder; nothing is `missing`.
 * @throws EscError IO naming the path, if something cannot be read, or a link leads out or to a folder; INVALID_INPUT
 *   naming the path for the above, for fewer than two classes, for folders named as parts (`train`, `test`, `fold1`), for
 *   two files of one id, and for a name that other systems could not hold (`:`, `\`, `..`); INVALID_OPTION if `groupOf`
 *   gives no text.
 * @see Keras `image_dataset_from_directory`, torchvision `DatasetFolder`: the same layout; they descend into folders.
 * @example
 * const { dataset } = await openFolderDataset('birds', { groupOf: (path) => path.split(/[/_]/)[1] }) // north
 * dataset.labels // ['owl', 'wren'], from birds/owl/north_1.wav, birds/wren/…
 */
export async function openFolderDataset(
  dir: string,
  options: OpenFolderOptions = {},
): Promise<OpenedDataset> {
  assertKnown('openFolderDataset', options, { groupOf: true })
  assertCallback('groupOf', options.groupOf)
  const root = await openRoot(dir, 'expected a folder with a folder of sounds for each class')
  const entries = await listFolder(root, root)
  const loose = entries.find(isSound)
  if (loose)
    throw invalid(join(root, loose.name), 'belongs to no class; put it into a folder named as its class')
  const clips: FolderClip[] = []
  for (const { name, kind } of entries) {
    if (kind === 'folder') clips.push(...(await readClass(root, name, options)))
  }
  const labels = sortedLabels(clips)
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
  assertUniqueIds(root, clips)
  return {
    dataset: toDataset(basename(root), clips, labels),
    dir: root,
    pathOf: ({ filename }) => join(root, filename),
    missing: [],
  }
}

/** Whether a file is called as one that can be decoded. @example isSoundName('12.WAV') // true */
export function isSoundName(name: string): boolean {
  return !name.startsWith('.') && /\.(wav|wave|aif|aiff|aifc|flac|ogg|oga|opus|mp3)$/i.test(name)
}

function isSound({ name, kind }: FolderEntry): boolean {
  return kind === 'file' && isSoundName(name)
}

async function readClass(root: string, label: string, options: OpenFolderOptions): Promise<FolderClip[]> {
  const entries = await listFolder(root, join(root, label))
  const folder = entries.find(({ kind }) => kind === 'folder')
  if (folder) {
    const place = join(root, label, folder.name)
    throw invalid(
      place,
      `is a folder in '${label}', and classes have none; open ${label} itself, or use a table`,
    )
  }
  const other = entries.find(({ name, kind }) => kind === 'file' && otherSoundName.test(name))
  if (other) {
    throw invalid(
      join(root, label, other.name),
      'has a format that cannot be decoded; convert it to wav or flac',
    )
  }
  return entries.filter(isSound).map(({ name }) => toClip(root, label, name, options))
}

function toClip(root: string, label: string, name: string, { groupOf }: OpenFolderOptions): FolderClip {
  for (const part of [label, name]) {
    const { error } = z.safeParse(bareFilename, part)
    if (error)
      throw invalid(join(root, label, name), `has a name that ${error.issues[0]!.message}; rename it`)
  }
  const filename = `${label}/${name}`
  const id = toId(filename)
  const group = groupOf ? groupOf(filename) : id
  if (typeof group !== 'string' || group === '') {
    throw new EscError(
      'INVALID_OPTION',
      `groupOf('${filename}')=${String(group)} must be text, and not empty`,
    )
  }
  return { id, filename, fold: null, label, group }
}

function assertUniqueIds(root: string, clips: readonly FolderClip[]): void {
  const names = new Map<string, string>()
  for (const { id, filename } of clips) {
    const earlier = names.get(id)
    if (earlier !== undefined) {
      throw invalid(
        join(root, filename),
        `must differ from ${earlier} in more than its extension; remove or rename one`,
      )
    }
    names.set(id, filename)
  }
}

function invalid(path: string, rule: string): EscError {
  return new EscError('INVALID_INPUT', `${path} ${rule}`, { detail: { path } })
}
