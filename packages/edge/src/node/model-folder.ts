/** A model's folder on the disk: read with its hashes, and replaced so that a cut leaves the old model or the new one. */
import { link, mkdir, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import {
  assertKnown,
  assertText,
  EscError,
  type FileEntry,
  isEscError,
  type ModelManifest,
  sha256,
  typeOf,
} from '@esc/core'
import { ioError, lockFolder, removeStaleTemporaries, writeAtomically } from '@esc/core/node'
import {
  encodeManifest,
  fileNames,
  isFile,
  type ModelFiles,
  otherFile,
  parseManifestBytes,
  readManifest,
} from '../model-files.js'

const lockName = 'model.lock'
/** There while a save writes into a folder without a model: files without a manifest are then ours. */
const unfinishedName = 'model.unfinished'
const ourNames: readonly string[] = Object.values(fileNames)

/** A file that a save is about to replace keeps its bytes under this name until the new manifest is there. */
const previousName = ({ name, sha256: hash }: { name: string; sha256: string }) =>
  `${name}.${hash.slice(0, 16)}.previous`
const isPreviousName = (name: string) => /^[\w-][\w.-]*\.[0-9a-f]{16}\.previous$/.test(name)

/** A model file of more bytes than this is not read into memory. */
const largestFile = 2 ** 31 - 1

/**
 * Reads `model.json` and the files that are wanted of it.
 *
 * @throws EscError IO naming a file that cannot be read; INVALID_INPUT if `model.json` is no manifest; CORRUPT_DATA if a file is
 *   another model's; UNSUPPORTED_FORMAT if a newer version wrote it.
 */
export async function readModelFolder(
  dir: string,
  wanted: (manifest: ModelManifest) => FileEntry,
): Promise<ModelFiles> {
  assertText('dir', dir)
  const root = resolve(dir)
  for (let attempt = 1; ; attempt++) {
    const bytes = await readManifestFile(root)
    const entry = wanted(inFile(root, () => parseManifestBytes(bytes)))
    const found = await readEntry(root, entry).catch((error: EscError) => error)
    // Another program may have put a new model here since the manifest was read, or two.
    const isChanged = !(await readManifestFile(root)).equals(bytes)
    const isError = found instanceof Error
    // Without a hash (version 1) nothing else tells whether the file is this manifest's.
    if (!isError && (entry.sha256 !== null || !isChanged))
      return { [fileNames.manifest]: bytes, [entry.name]: found }
    if (attempt < 3 && (isChanged || isEscError(found, 'CORRUPT_DATA'))) continue
    throw isError ? found : otherFile(join(root, entry.name))
  }
}

async function readManifestFile(root: string): Promise<Buffer> {
  try {
    return await readOne(join(root, fileNames.manifest))
  } catch (error) {
    if (!isEscError(error)) throw error
    const message = `${error.message}; give the folder that saveModel wrote`
    throw new EscError('IO', message, { detail: error.detail, cause: error.cause })
  }
}

function inFile<T>(root: string, run: () => T): T {
  try {
    return run()
  } catch (cause) {
    if (!isEscError(cause)) throw cause
    throw new EscError(cause.code, `${root}: ${cause.message}`, { detail: { path: root }, cause })
  }
}

/** The bytes that the manifest names: where a save was cut, they still lie under the name for that. */
async function readEntry(root: string, entry: FileEntry): Promise<Uint8Array> {
  const path = join(root, entry.name)
  const bytes = await readOne(path).catch((error: EscError) => error)
  if (!(bytes instanceof EscError) && (await isFile(entry, bytes))) return bytes
  if (entry.sha256 !== null) {
    const kept = await readOne(join(root, previousName(entry as { name: string; sha256: string }))).catch(
      () => null,
    )
    if (kept && (await isFile(entry, kept))) return kept
  }
  throw bytes instanceof EscError ? bytes : otherFile(path)
}

async function readOne(path: string): Promise<Buffer> {
  try {
    const found = await stat(path)
    // A pipe would be waited for without end.
    if (!found.isFile()) throw new Error('it is not a file')
    if (found.size > largestFile)
      throw new Error(`it has ${found.size} bytes, a model file at most ${largestFile}`)
    return await readFile(path)
  } catch (cause) {
    throw ioError('read', path, cause)
  }
}

/** Options of {@link writeModelFiles}. */
export interface WriteModelOptions {
  /** Replaces another model that is in the folder. @defaultValue `false`: that is an error */
  overwrite?: boolean | undefined
}

/**
 * Writes a model's files into a folder, `model.json` last. A process that is killed at any moment leaves the model that was there,
 * or the new one.
 *
 * @param files - What `packModel` made. Other files of the folder are left alone.
 * @throws EscError INVALID_INPUT if `model.json` or a file it names is missing, or it does not name one; CORRUPT_DATA if one is
 *   another model's; UNSUPPORTED_FORMAT if `model.json` is of a newer version; INVALID_OPTION if another model is there
 *   and `overwrite` is not set; IO naming what cannot be written, or the lock of a program that is writing there.
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
    // Files without a manifest are somebody's, unless a first save was cut off here.
    const wasCut = isFirst && (await isThere(join(root, unfinishedName)))
    if (!wasCut && !overwrite) await assertFree(root, files)
    if (isFirst) await writeAtomically(join(root, unfinishedName), '')
    await replace(root, files, manifest)
  } finally {
    await rm(join(root, unfinishedName), { force: true }).catch(() => {})
    await unlock()
  }
}

async function assertComplete(files: ModelFiles, manifest: ModelManifest): Promise<void> {
  const named = entriesOf(manifest).map(({ name }) => name)
  const stray = Object.keys(files).find((name) => name !== fileNames.manifest && !named.includes(name))
  if (stray !== undefined) {
    throw new EscError('INVALID_INPUT', `${fileNames.manifest} does not name '${stray}'; leave it out`)
  }
  for (const entry of entriesOf(manifest)) {
    const bytes = files[entry.name]
    if (!bytes)
      throw new EscError('INVALID_INPUT', `the model's file ${entry.name} is missing among its files`)
    if (!(await isFile(entry, bytes))) throw otherFile(entry.name)
  }
}

function entriesOf({ files: { network, float, int8 } }: ModelManifest): FileEntry[] {
  return [network, float, int8].filter((entry) => entry !== null)
}

/** Refuses to write over another model. The same one may be written again. */
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

async function replace(root: string, files: ModelFiles, manifest: ModelManifest): Promise<void> {
  const old = await previousModel(root)
  const names = [...(old ? entriesOf(old) : []), ...entriesOf(manifest)].map(({ name }) => name)
  const kept = await keepPrevious(root, new Set(names))
  const written: string[] = []
  try {
    for (const { name } of entriesOf(manifest)) {
      await writeAtomically(join(root, name), files[name]!)
      written.push(name)
    }
    await writeAtomically(join(root, fileNames.manifest), files[fileNames.manifest]!)
  } catch (error) {
    await putBack(root, kept, written)
    throw error
  }
  await cleanUp(root, manifest)
}

/** The model that is there, with the hashes of its files; `null` if there is none that can be read. */
async function previousModel(root: string): Promise<ModelManifest | null> {
  const bytes = await readOne(join(root, fileNames.manifest)).catch(() => null)
  if (!bytes) return null
  try {
    const manifest = parseManifestBytes(bytes)
    if (manifest.files.float.sha256 !== null) return manifest
    // Version 1 has no hashes, by which its files would be found while they are being replaced.
    const withHash = async (entry: FileEntry) => {
      return { ...entry, sha256: await sha256(await readOne(join(root, entry.name))) }
    }
    const { float, int8 } = manifest.files
    // An int8 file that was removed costs the float one nothing.
    const hashedInt8 = int8 && (await withHash(int8).catch(() => null))
    const hashed = { network: null, float: await withHash(float), int8: hashedInt8 }
    const upgraded: ModelManifest = { ...manifest, files: hashed }
    await writeAtomically(join(root, fileNames.manifest), encodeManifest(upgraded))
    return upgraded
  } catch {
    return null
  }
}

/**
 * Gives the present files a second name, by which readers find them until the new manifest is there, and a save that fails puts
 * them back.
 */
async function keepPrevious(
  root: string,
  names: ReadonlySet<string>,
): Promise<{ name: string; keptAs: string }[]> {
  const kept: { name: string; keptAs: string }[] = []
  for (const name of names) {
    const bytes = await readOne(join(root, name)).catch(() => null)
    if (!bytes) continue
    const keptAs = previousName({ name, sha256: await sha256(bytes) })
    const [from, to] = [join(root, name), join(root, keptAs)]
    // Not every file system has links.
    await link(from, to).catch(async (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') await writeAtomically(to, bytes)
    })
    kept.push({ name, keptAs })
  }
  return kept
}

async function putBack(
  root: string,
  kept: readonly { name: string; keptAs: string }[],
  written: readonly string[],
): Promise<void> {
  const names = new Set(kept.map(({ name }) => name))
  for (const name of written)
    if (!names.has(name)) await rm(join(root, name), { force: true }).catch(() => {})
  for (const { name, keptAs } of kept) {
    // Where both names are of one file still, rename leaves both. Where it fails, the second name is the last one.
    await rename(join(root, keptAs), join(root, name))
      .then(() => rm(join(root, keptAs), { force: true }))
      .catch(() => {})
  }
}

/** Removes what the new model does not name: files of the old one, and second names. */
async function cleanUp(root: string, manifest: ModelManifest): Promise<void> {
  const present = [fileNames.manifest, ...entriesOf(manifest).map(({ name }) => name)]
  const gone = ourNames.filter((name) => !present.includes(name))
  const second = (await namesIn(root)).filter(isPreviousName)
  for (const name of [...gone, ...second]) await rm(join(root, name), { force: true }).catch(() => {})
}

async function namesIn(root: string): Promise<string[]> {
  return readdir(root).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return []
    throw ioError('read', root, cause)
  })
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  )
}
