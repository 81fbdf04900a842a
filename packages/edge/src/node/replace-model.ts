/** Replaces the model in a folder. If the process is killed at any moment, the folder holds the old model or the new one. */
import { link, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { type FileEntry, type ModelManifest, sha256 } from '@esc/core'
import { writeAtomically } from '@esc/core/node'
import { encodeManifest, parseManifestBytes } from '../manifest.js'
import { fileNames, type ModelFiles } from '../model-files.js'
import { entriesOf, isPreviousName, namesIn, ourNames, previousName, readOne } from './folder-files.js'

/** Writes the new files over the old ones, `model.json` last. If that fails, the old files are put back. */
export async function replaceModel(root: string, files: ModelFiles, manifest: ModelManifest): Promise<void> {
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

/** The manifest of the model in the folder, with hashes; `null` if there is no model that can be read. */
async function previousModel(root: string): Promise<ModelManifest | null> {
  const bytes = await readOne(join(root, fileNames.manifest)).catch(() => null)
  if (!bytes) return null
  try {
    const manifest = parseManifestBytes(bytes)
    if (manifest.files.float.sha256 !== null) return manifest
    // Version 1 has no hashes, but readers need them to find the old files while these are being replaced.
    const withHash = async (entry: FileEntry) => {
      return { ...entry, sha256: await sha256(await readOne(join(root, entry.name))) }
    }
    const { float, int8 } = manifest.files
    // If the int8 file was removed, the float file can still be used.
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
 * Gives the present files a second name. Readers find them by it until the new manifest is written, and a save that fails puts them
 * back.
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
    // Some file systems have no links, so the bytes are copied there.
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
    // If both names still belong to one file, rename leaves both, so the second one is removed. If rename fails, the second name
    // stays: it is the last one of these bytes.
    await rename(join(root, keptAs), join(root, name))
      .then(() => rm(join(root, keptAs), { force: true }))
      .catch(() => {})
  }
}

/** Removes the files that the new model does not have, and all second names. */
async function cleanUp(root: string, manifest: ModelManifest): Promise<void> {
  const present = [fileNames.manifest, ...entriesOf(manifest).map(({ name }) => name)]
  const gone = ourNames.filter((name) => !present.includes(name))
  const second = (await namesIn(root)).filter(isPreviousName)
  for (const name of [...gone, ...second]) await rm(join(root, name), { force: true }).catch(() => {})
}
