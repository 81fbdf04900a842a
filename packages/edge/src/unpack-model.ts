/** From the files of a model folder to the trained model. */
import { assertTrainedModel, type TrainedModel } from '@esc/core'
import { readManifest } from './manifest.js'
import { checkedBytes, type ModelFiles, networkEntryOf } from './model-files.js'
import { decodeNetwork } from './network-file.js'

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
