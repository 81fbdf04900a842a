/** The files of a model folder: their names, and whether they are those that the manifest names. */
import { assertBytes, EscError, type FileEntry, type ModelManifest, sha256 } from '@esc/core'

/** The files of a model folder, by name; `model.json` says what each is. */
export type ModelFiles = Readonly<Record<string, Uint8Array>>

/** What the files of a model folder are called. */
export const fileNames = {
  manifest: 'model.json',
  network: 'network.safetensors',
  float: 'model.onnx',
  int8: 'model.int8.onnx',
} as const

/** Which of a model's two ONNX files. */
export type Precision = 'float' | 'int8'

/**
 * The file of the precision that is wanted.
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
 * The network's own file.
 *
 * @throws EscError INVALID_INPUT if the manifest is of version 1, which has none.
 */
export function networkEntryOf({ files }: ModelManifest): FileEntry {
  if (files.network) return files.network
  const advice = 'train it again, or classify with openClassifier'
  throw new EscError(
    'INVALID_INPUT',
    `the model was saved by version 1, without ${fileNames.network}; ${advice}`,
  )
}

/**
 * Bytes of a file, compared with its hash.
 *
 * @throws EscError INVALID_INPUT if it is not there; CORRUPT_DATA if it is another file than the manifest's.
 */
export async function checkedBytes(files: ModelFiles, entry: FileEntry): Promise<Uint8Array> {
  const bytes = files[entry.name]
  if (!bytes)
    throw new EscError('INVALID_INPUT', `the model's file ${entry.name} is missing; copy the whole folder`)
  assertBytes(`files['${entry.name}']`, bytes)
  if (await isFile(entry, bytes)) return bytes
  throw otherFile(entry.name)
}

/** Whether these are the bytes that a manifest names. */
export async function isFile({ sha256: expected }: FileEntry, bytes: Uint8Array): Promise<boolean> {
  return expected === null || (await sha256(bytes)) === expected
}

/** The error for a file that is not the one its manifest names. */
export function otherFile(path: string): EscError {
  const what = `${path} is not the file that ${fileNames.manifest} names: its SHA-256 is another`
  return new EscError('CORRUPT_DATA', `${what}; copy the whole folder again, or save the model again`, {
    detail: { path },
  })
}
