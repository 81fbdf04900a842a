/** `@esc/edge/node`: saves and loads model folders, classifies sound files, and binds the root's functions to onnxruntime-node. */
import { assertKnown, type TrainedModel } from '@esc/core'
import type { OnnxModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import type { ModelFiles } from '../model-files.js'
import { type PackOptions, packNames, packModel as packPortably } from '../pack-model.js'
import { type CalibrateOptions, calibrate as calibratePortably } from '../quantize/calibrate.js'
import type { CalibrationBatch } from '../quantize/feeds.js'
import type { Range } from '../quantize/int8-activations.js'

export { unpackModel } from '../unpack-model.js'
export {
  createClassifier,
  type FileClassifier,
  type OpenClassifierOptions,
  openClassifier,
} from './open-classifier.js'
export { loadModel, type SaveModelOptions, saveModel } from './save-model.js'
export { type WriteModelOptions, writeModelFiles } from './write-model-files.js'

/**
 * `packModel` of `@esc/edge` on onnxruntime-node.
 *
 * @throws EscError as `packModel` of `@esc/edge`.
 * @example const files = await packModel(model, { int8: { calibrateOn: features, indices: split.train } })
 */
export async function packModel(
  model: TrainedModel,
  options: Omit<PackOptions, 'runtime'> = {},
): Promise<ModelFiles> {
  assertKnown('packModel', options, packNames)
  return packPortably(model, { ...options, runtime: ortRuntime })
}

/**
 * `calibrate` of `@esc/edge` on onnxruntime-node.
 *
 * @throws EscError as `calibrate` of `@esc/edge`.
 * @example const int8 = quantizeStatic(model, await calibrate(model, batches))
 */
export async function calibrate(
  model: OnnxModel,
  batches: Iterable<CalibrationBatch> | AsyncIterable<CalibrationBatch>,
  options: Omit<CalibrateOptions, 'runtime'> = {},
): Promise<Map<string, Range>> {
  assertKnown('calibrate', options, { signal: true, onProgress: true })
  return calibratePortably(model, batches, { ...options, runtime: ortRuntime })
}
