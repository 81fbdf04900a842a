/** Saves a trained model as a folder, and loads it again. */
import { assertKnown, assertText, type TrainedModel } from '@esc/core'
import { ortRuntime } from '@esc/onnx/node'
import { networkEntryOf } from '../model-files.js'
import { type PackOptions, packNames, packModel as packPortably } from '../pack-model.js'
import { unpackModel } from '../unpack-model.js'
import { readModelFolder } from './read-model-folder.js'
import { type WriteModelOptions, writeModelFiles } from './write-model-files.js'

/** Options of {@link saveModel}. */
export interface SaveModelOptions extends Omit<PackOptions, 'runtime'>, WriteModelOptions {}

/**
 * Saves a trained model as a folder: `network.safetensors` (to continue training, or to export again), `model.onnx`,
 * `model.int8.onnx` if `int8` is given, and last `model.json` with the SHA-256 of each file. If a save is cut off, the folder still
 * holds the model that was there before.
 *
 * @param dir - The folder. It is created if it does not exist. Other files in it are left alone.
 * @throws EscError INVALID_OPTION if the folder holds another model and `overwrite` is not set, or an option is unknown;
 *   INVALID_INPUT if the model's parts do not fit each other, or the calibration examples do not fit the model; IO naming a
 *   file that cannot be written, or the lock of a program that is writing into the folder; the signal's reason.
 * @example
 * await saveModel('models/esc10', model, { int8: { calibrateOn: features, indices: split.train }, split, evaluation })
 */
export async function saveModel(
  dir: string,
  model: TrainedModel,
  options: SaveModelOptions = {},
): Promise<void> {
  assertKnown('saveModel', options, { ...packNames, overwrite: true })
  assertText('dir', dir)
  const { overwrite, ...packOptions } = options
  const files = await packPortably(model, { ...packOptions, runtime: ortRuntime })
  await writeModelFiles(dir, files, { overwrite })
}

/**
 * Loads a trained model from a folder that {@link saveModel} wrote. The result equals the saved model to the last bit.
 *
 * @throws EscError IO naming a file that cannot be read; INVALID_INPUT if `model.json` is not a manifest, or has version 1;
 *   CORRUPT_DATA if a file is damaged or belongs to another model; UNSUPPORTED_FORMAT if a newer version wrote a file.
 * @example const { history } = await loadModel('models/esc10')
 */
export async function loadModel(dir: string): Promise<TrainedModel> {
  return unpackModel(await readModelFolder(dir, networkEntryOf))
}
