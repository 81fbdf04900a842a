/** The files of a model folder: their names, and whether they are those that the manifest names. */
import { assertBytes, EscError, type FileEntry, type ModelManifest, sha256 } from '@esc/core'

/** The files of a model folder, by name. `model.json` says what each of them is. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>

/** The names of the files in a model folder. */
export const fileNames = {
  manifest: 'model.json',
  network: 'network.safetensors',
  float: 'model.onnx',
  int8: 'model.int8.onnx',
} as const

/** One of a model's two ONNX files. */
export type Precision = 'float' | 'int8'

/**
 * The manifest's entry of the ONNX file with this precision.
 *
 * @throws EscError INVALID_INPUT if the model has no int8 file.
 */
export function entryOf({ files }: ModelManifest, precision: Precision): FileEntry {
  const entry = files[precision]
  if (entry) return entry
  throw new EscError(
    'INVALID_INPUT',
    "the model has no int8 file; open it with precision 'float', or save it with int8",
  )
}

/**
 * The manifest's entry of `network.safetensors`.
 *
 * @throws EscError INVALID_INPUT if the manifest has version 1, which did not save the network.
 */
export function networkEntryOf({ files }: ModelManifest): FileEntry {
  if (files.network) return files.network
  const advice = 'train it again, or classify with openClassifier'
  throw new EscError('INVALID_INPUT', `version 1 saved this model, without ${fileNames.network}; ${advice}`)
}

/**
 * The bytes of a file, after their hash was compared with the manifest.
 *
 * @throws EscError INVALID_INPUT if the file is missing; CORRUPT_DATA if it is not the file that the manifest names.
 */
export async function checkedBytes(files: ModelFiles, entry: FileEntry): Promise<Uint8Array> {
  const bytes = files[entry.name]
  if (!bytes)
    throw new EscError('INVALID_INPUT', `the model's file ${entry.name} is missing; copy the whole folder`)
  assertBytes(`files['${entry.name}']`, bytes)
  if (await isFile(entry, bytes)) return bytes
  throw otherFile(entry.name)
}

/** Whether these are the bytes that the manifest's entry names. */
export async function isFile({ sha256: expected }: FileEntry, bytes: Uint8Array): Promise<boolean> {
  return expected === null || (await sha256(bytes)) === expected
}

/** The error for a file that is not the one that the manifest names. */
export function otherFile(path: string): EscError {
  const what = `${path} is not the file that ${fileNames.manifest} names: their SHA-256 differ`
  return new EscError('CORRUPT_DATA', `${what}; copy the whole folder again, or save the model again`, {
    detail: { path },
  })
}
