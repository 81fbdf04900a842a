/** Reads a model's folder: the manifest and one file, which must be the one that the manifest names. */
import { join, resolve } from 'node:path'
import { assertText, EscError, type FileEntry, isEscError, type ModelManifest } from '@esc/core'
import { parseManifestBytes } from '../manifest.js'
import { fileNames, isFile, type ModelFiles, otherFile } from '../model-files.js'
import { previousName, readOne } from './folder-files.js'

/**
 * Reads `model.json` and one of the files that it names.
 *
 * @param wanted - Chooses the file.
 * @throws EscError IO naming a file that cannot be read; INVALID_INPUT if `model.json` is not a manifest; CORRUPT_DATA if the file
 *   belongs to another model; UNSUPPORTED_FORMAT if a newer version wrote the manifest.
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
    // Another program may have saved a new model here since the manifest was read, even more than once.
    const isChanged = !(await readManifestFile(root)).equals(bytes)
    const isError = found instanceof Error
    // Version 1 has no hashes. Then the file belongs to this manifest only if the manifest did not change meanwhile.
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

/** The bytes that the manifest names. After a save was cut off, they may still be under their second name. */
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
