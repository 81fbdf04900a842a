/** A model as the files of its folder, for pages and for disks. */
import {
  assertBytes,
  assertTrainedModel,
  EscError,
  type FileEntry,
  type ModelManifest,
  mistakeOf,
  sha256,
  type TrainedModel,
  typeOf,
  wrongValue,
} from '@esc/core'
import { parseManifest } from '@esc/core/manifest'
import { decodeNetwork } from './network-file.js'

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
 * Reads `model.json` of a model's files.
 *
 * @throws EscError INVALID_INPUT if it is not there or no manifest; UNSUPPORTED_FORMAT if a newer version wrote it.
 * @example readManifest(files).labels
 */
export function readManifest(files: ModelFiles): ModelManifest {
  assertFiles(files)
  const bytes = files[fileNames.manifest]
  if (!bytes) {
    const found = Object.keys(files).slice(0, 8).join(', ') || 'nothing'
    throw new EscError(
      'INVALID_INPUT',
      `there is no ${fileNames.manifest} among the model's files (${found}); packModel and saveModel write one`,
    )
  }
  assertBytes(`files['${fileNames.manifest}']`, bytes)
  return parseManifestBytes(bytes)
}

function assertFiles(files: ModelFiles): void {
  if (typeOf(files) === 'object' && mistakeOf(files) === null) return
  throw wrongValue('files', files, 'files by name, as packModel makes them', {
    advice: { 'a trained model': 'pass await packModel(model)' },
  })
}

/** @throws EscError INVALID_INPUT if the bytes are no manifest. */
export function parseManifestBytes(bytes: Uint8Array): ModelManifest {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (cause) {
    throw new EscError('INVALID_INPUT', `${fileNames.manifest} is not JSON`, { cause })
  }
  return parseManifest(json)
}

/** A manifest as the bytes of its file. */
export function encodeManifest(manifest: ModelManifest): Uint8Array {
  return new TextEncoder().encode(`${JSON.stringify(manifest, null, 2)}\n`)
}

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

/**
 * Reads a trained model from the files that `packModel` made. Labels, recipe, windows and activation are those of `model.json`: where
 * somebody has edited them, a classifier and the model say the same.
 *
 * @returns Equal to the model that was packed, to the last bit.
 * @throws EscError INVALID_INPUT if a file is missing, or what `model.json` says does not fit the network; INVALID_OPTION if its
 *   windows are out of range; CORRUPT_DATA if a file is damaged or another model's; UNSUPPORTED_FORMAT if a newer version wrote it.
 * @example const model = await unpackModel(files)
 */
export async function unpackModel(files: ModelFiles): Promise<TrainedModel> {
  const manifest = readManifest(files)
  const model = decodeNetwork(await checkedBytes(files, networkEntryOf(manifest)))
  const { labels, recipe, windows, activation } = manifest
  const told: TrainedModel = { ...model, labels, recipe, windows, activation }
  assertTrainedModel(told)
  return told
}
