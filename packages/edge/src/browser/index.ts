/** `@esc/edge/browser`: classifies and packs in a page, and binds the root's functions to onnxruntime-web. */
import { loadAudio } from '@esc/audio-io/browser'
import { type AudioClip, assertKnown, type TrainedModel } from '@esc/core'
import type { OnnxModel } from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/browser'
import {
  type Classifier,
  type ClassifyOptions,
  checkedClip,
  openModel,
  type Prediction,
} from '../classifier.js'
import type { ModelFiles, Precision } from '../model-files.js'
import { type PackOptions, packNames, packModel as packPortably } from '../pack-model.js'
import { type CalibrateOptions, calibrate as calibratePortably } from '../quantize/calibrate.js'
import type { CalibrationBatch } from '../quantize/feeds.js'
import type { Range } from '../quantize/int8-activations.js'

export { unpackModel } from '../unpack-model.js'

/** A {@link Classifier} that also takes sound files. */
export interface BlobClassifier extends Omit<Classifier, 'classify'> {
  /**
   * Labels with their scores, best first; see {@link Classifier.classify}.
   *
   * @param sound - A clip, or a sound file, which is decoded at its own rate and mixed to mono.
   * @throws EscError as {@link Classifier.classify}; what `loadAudio` throws for a file.
   */
  classify(sound: AudioClip | Blob, options?: ClassifyOptions): Promise<Prediction[]>
}

/**
 * `createClassifier` of `@esc/edge` on onnxruntime-web. The classifier also takes sound files.
 *
 * @param files - `model.json` and the ONNX file that it names, as a page has fetched them or as `packModel` returns them.
 * @throws EscError as `createClassifier` of `@esc/edge`.
 * @example
 * const names = ['model.json', 'model.onnx']
 * const fetched = names.map(async (name) => [name, new Uint8Array(await (await fetch(`models/esc10/${name}`)).arrayBuffer())])
 * const classifier = await createClassifier(Object.fromEntries(await Promise.all(fetched)))
 */
export async function createClassifier(
  files: ModelFiles,
  options: { precision?: Precision | undefined } = {},
): Promise<BlobClassifier> {
  assertKnown('createClassifier', options, { precision: true })
  return openModel(files, { ...options, runtime: ortRuntime }, (sound: AudioClip | Blob) => {
    return sound instanceof Blob ? loadAudio(sound, { sampleRate: null }) : checkedClip(sound)
  })
}

/**
 * `packModel` of `@esc/edge` on onnxruntime-web.
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
 * `calibrate` of `@esc/edge` on onnxruntime-web.
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
