/** Writes a model's files into a folder, unless the folder holds another model. */
import { mkdir, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { assertKnown, assertText, EscError, type ModelManifest, typeOf } from '@esc/core'
import { ioError, lockFolder, removeStaleTemporaries, writeAtomically } from '@esc/core/node'
import { readManifest } from '../manifest.js'
import { fileNames, isFile, type ModelFiles, otherFile } from '../model-files.js'
import { entriesOf, isThere, namesIn, ourNames, readOne } from './folder-files.js'
import { replaceModel } from './replace-model.js'

/** This file exists while a program writes into the folder. */
const lockName = 'model.lock'
/**
 * This file exists while a save writes into a folder without a model. If the save is cut off, it shows that files without a manifest
 * are ours.
 */
const unfinishedName = 'model.unfinished'

/** Options of {@link writeModelFiles}. */
export interface WriteModelOptions {
  /** Replaces another model in the folder. @defaultValue `false`: another model in the folder is an error */
  overwrite?: boolean | undefined
}

/**
 * Writes a model's files into a folder, `model.json` last. If the process is killed at any moment, the folder holds the old model or
 * the new one.
 *
 * @param files - The result of `packModel`. Other files in the folder are left alone.
 * @throws EscError INVALID_INPUT if `model.json` or a file that it names is missing, or if there is a file that it does not name;
 *   CORRUPT_DATA if a file belongs to another model; UNSUPPORTED_FORMAT if a newer version wrote `model.json`; INVALID_OPTION if
 *   the folder holds another model and `overwrite` is not set; IO naming a file that cannot be written, or the lock of a program
 *   that is writing into the folder.
 * @example await writeModelFiles('models/esc10', withEvaluation(files, { float: evaluation }), { overwrite: true })
 */
export async function writeModelFiles(
  dir: string,
  files: ModelFiles,
  options: WriteModelOptions = {},
): Promise<void> {
  assertKnown('writeModelFiles', options, { overwrite: true })
  const { overwrite = false } = options
  if (typeof overwrite !== 'boolean') {
    throw new EscError(
      'INVALID_OPTION',
      `overwrite is of type ${typeOf(overwrite)}; it must be true or false`,
    )
  }
  assertText('dir', dir)
  const manifest = readManifest(files)
  await assertComplete(files, manifest)
  const root = resolve(dir)
  await mkdir(root, { recursive: true }).catch((cause) => {
    throw ioError('write', root, cause)
  })
  const unlock = await lockFolder(root, lockName)
  try {
    await removeStaleTemporaries(root)
    const isFirst = !(await isThere(join(root, fileNames.manifest)))
    // Files without a manifest belong to somebody else, unless a first save was cut off here.
    const wasCut = isFirst && (await isThere(join(root, unfinishedName)))
    if (!wasCut && !overwrite) await assertFree(root, files)
    if (isFirst) await writeAtomically(join(root, unfinishedName), '')
    await replaceModel(root, files, manifest)
  } finally {
    await rm(join(root, unfinishedName), { force: true }).catch(() => {})
    await unlock()
  }
}

async function assertComplete(files: ModelFiles, manifest: ModelManifest): Promise<void> {
  const named = entriesOf(manifest).map(({ name }) => name)
  const stray = Object.keys(files).find((name) => name !== fileNames.manifest && !named.includes(name))
  if (stray !== undefined) {
    throw new EscError('INVALID_INPUT', `${fileNames.manifest} does not name '${stray}'; leave that file out`)
  }
  for (const entry of entriesOf(manifest)) {
    const bytes = files[entry.name]
    if (!bytes)
      throw new EscError(
        'INVALID_INPUT',
        `the model's file ${entry.name} is missing; give all files that packModel returned`,
      )
    if (!(await isFile(entry, bytes))) throw otherFile(entry.name)
  }
}

/** Refuses to write over another model. The same model may be written again. */
async function assertFree(root: string, files: ModelFiles): Promise<void> {
  const there = (await namesIn(root)).filter((name) => ourNames.includes(name) || Object.hasOwn(files, name))
  if (there.length === 0 || (await isSameModel(root, there, files))) return
  throw new EscError(
    'INVALID_OPTION',
    `${root} holds another model (${there.join(', ')}); choose another folder, or set overwrite: true`,
    { detail: { path: root } },
  )
}

async function isSameModel(root: string, there: readonly string[], files: ModelFiles): Promise<boolean> {
  const names = new Set([...there, ...Object.keys(files)])
  for (const name of names) {
    const bytes = await readOne(join(root, name)).catch(() => null)
    if (!bytes || !files[name] || !bytes.equals(files[name])) return false
  }
  return true
}
