/** Opens a model's folder as a classifier of sound files. */
import { loadAudio } from '@esc/audio-io/node'
import { type AudioClip, assertKnown, assertOneOf } from '@esc/core'
import { ortRuntime } from '@esc/onnx/node'
import {
  type Classifier,
  type ClassifyOptions,
  checkedClip,
  openModel,
  type Prediction,
} from '../classifier.js'
import { entryOf, type ModelFiles, type Precision } from '../model-files.js'
import { readModelFolder } from './read-model-folder.js'

/** A {@link Classifier} that also takes paths of sound files. */
export interface FileClassifier extends Omit<Classifier, 'classify'> {
  /**
   * Labels with their scores, best first; see {@link Classifier.classify}.
   *
   * @param sound - A clip, or the path of a sound file, which is decoded at its own rate and mixed to mono.
   * @throws EscError as {@link Classifier.classify}; what `loadAudio` throws for a file.
   */
  classify(sound: AudioClip | string | URL, options?: ClassifyOptions): Promise<Prediction[]>
}

/** Options of {@link openClassifier}. */
export interface OpenClassifierOptions {
  /** Which of the model's two ONNX files is opened. The choice never depends on the machine, so that answers do not either. @defaultValue `'float'` */
  precision?: Precision | undefined
}

/**
 * Opens the model in a folder that `saveModel` or the pipeline wrote.
 *
 * @throws EscError IO naming a file that cannot be read; INVALID_INPUT if `model.json` is not a manifest, or if `precision` is
 *   `'int8'` and the model has no int8 file; CORRUPT_DATA if a file belongs to another model; UNSUPPORTED_FORMAT if a newer version
 *   wrote the manifest; INVALID_OPTION if `precision` is neither `'float'` nor `'int8'`; INCOMPATIBLE_MODEL if the model takes
 *   features only, or ONNX Runtime refuses it.
 * @example
 * const classifier = await openClassifier('models/esc10')
 * console.log(await classifier.classify('dog.ogg', { topK: 3 }))
 */
export async function openClassifier(
  dir: string,
  options: OpenClassifierOptions = {},
): Promise<FileClassifier> {
  assertKnown('openClassifier', options, { precision: true })
  const { precision = 'float' } = options
  assertOneOf('precision', precision, ['float', 'int8'])
  return createClassifier(await readModelFolder(dir, (manifest) => entryOf(manifest, precision)), {
    precision,
  })
}

/**
 * `createClassifier` of `@esc/edge` on onnxruntime-node. The classifier also takes paths of sound files.
 *
 * @throws EscError as `createClassifier` of `@esc/edge`.
 * @example const classifier = await createClassifier(await packModel(model))
 */
export async function createClassifier(
  files: ModelFiles,
  options: OpenClassifierOptions = {},
): Promise<FileClassifier> {
  assertKnown('createClassifier', options, { precision: true })
  return openModel(files, { ...options, runtime: ortRuntime }, (sound: AudioClip | string | URL) => {
    const isPath = (typeof sound === 'string' && sound !== '') || sound instanceof URL
    return isPath ? loadAudio(sound, { sampleRate: null }) : checkedClip(sound as AudioClip)
  })
}
