/** From the files of a model folder to the trained model. */
import { assertTrainedModel, type TrainedModel } from '@esc/core'
import { readManifest } from './manifest.js'
import { checkedBytes, type ModelFiles, networkEntryOf } from './model-files.js'
import { decodeNetwork } from './network-file.js'

/**
 * Reads a trained model from the files that `packModel` returned. Labels, recipe, windows, activation and temperature come from
 * `model.json`. If somebody has edited them there, the model and a classifier still agree.
 *
 * @returns A model that equals the packed one to the last bit.
 * @throws EscError INVALID_INPUT if a file is missing, or `model.json` does not fit the network; INVALID_OPTION if its windows
 *   are out of range; CORRUPT_DATA if a file is damaged or belongs to another model; UNSUPPORTED_FORMAT if a newer version wrote
 *   a file.
 * @example const model = await unpackModel(files)
 */
export async function unpackModel(files: ModelFiles): Promise<TrainedModel> {
  const manifest = readManifest(files)
  const model = decodeNetwork(await checkedBytes(files, networkEntryOf(manifest)))
  const { labels, recipe, windows, activation, temperature } = manifest
  const edited: TrainedModel = { ...model, labels, recipe, windows, activation, temperature }
  assertTrainedModel(edited)
  return edited
}
