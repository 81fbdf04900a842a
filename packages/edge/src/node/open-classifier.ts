/** Classification of sound files, from a model's folder. */
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

/** A {@link Classifier} that takes paths, too. */
export interface FileClassifier extends Omit<Classifier, 'classify'> {
  /**
   * Labels with their scores, best first; see {@link Classifier.classify}.
   *
   * @param sound - A clip, or the path of a sound file, which is decoded at its own rate and mixed to mono.
   * @throws EscError as {@link Classifier.classify}; what `loadAudio` throws of a file.
   */
  classify(sound: AudioClip | string | URL, options?: ClassifyOptions): Promise<Prediction[]>
}

/** Options of {@link openClassifier}. */
export interface OpenClassifierOptions {
  /** Which of the model's ONNX files. It is never chosen by the machine, so that answers do not depend on it. @defaultValue `'float'` */
  precision?: Precision | undefined
}

/**
 * Opens the model of a folder that `saveModel` or the pipeline wrote.
 *
 * @throws EscError IO naming a file that cannot be read; INVALID_INPUT if `model.json` is no manifest, or the model has no int8
 *   file and that was asked for; CORRUPT_DATA if a file is another model's; UNSUPPORTED_FORMAT if a newer version wrote it;
 *   INVALID_OPTION if `precision` is neither; INCOMPATIBLE_MODEL if the model takes features only, or ONNX Runtime refuses it.
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
 * `createClassifier` of `@esc/edge` on onnxruntime-node; it takes paths of sound files, too.
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
