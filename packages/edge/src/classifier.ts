/** A classifier: a trained model that takes a clip of sound and returns labels with scores. */
import {
  type AudioClip,
  asOptions,
  assertClipShape,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertSignal,
  clipLogits,
  EscError,
  type ModelManifest,
  scoresOf,
} from '@esc/core'
import { createWindowExtractor } from '@esc/dsp'
import { assertRuntime, floatData, type OnnxRuntime, type Session, singleInputName } from '@esc/onnx'
import { readManifest } from './manifest.js'
import { checkedBytes, entryOf, type ModelFiles, type Precision } from './model-files.js'

/** A label and its score in [0, 1]: how sure the model is that the label is right. */
export interface Prediction {
  label: string
  score: number
}

/** Options of {@link Classifier.classify}. */
export interface ClassifyOptions {
  /** Returns at most this number of labels. @defaultValue all labels */
  topK?: number | undefined
  /** Stops the call; the call then throws the signal's reason. @defaultValue none */
  signal?: AbortSignal | undefined
}

/** A model that is open and ready to classify. */
export interface Classifier {
  readonly labels: readonly string[]
  readonly manifest: ModelManifest
  /**
   * Labels with their scores, best first. A clip that is longer than the model's window is cut into windows, and the scores of
   * the windows are averaged. Before that, the manifest's temperature divides the logits of each window. A shorter clip is padded
   * as in training.
   *
   * @throws EscError INVALID_INPUT if the clip is empty or not finite; INVALID_OPTION if `topK` is not an integer >= 1, or an
   *   option is unknown; INVALID_STATE if `release` was called before or meanwhile; INCOMPATIBLE_MODEL if the ONNX file does
   *   not take the input that the manifest describes; the signal's reason.
   */
  classify(clip: AudioClip, options?: ClassifyOptions): Promise<Prediction[]>
  /** Frees native memory. The classifier cannot be used afterwards. A second call does nothing. */
  release(): Promise<void>
}

/** Options of {@link createClassifier}. */
export interface ClassifierOptions {
  /** Runs the ONNX file. `createClassifier` of `/node` and `/browser` brings its own. */
  runtime: OnnxRuntime
  /** Which of the model's two ONNX files is opened. The choice never depends on the machine, so that answers do not either. @defaultValue `'float'` */
  precision?: Precision | undefined
}

/** After this number of windows, other work of the thread gets a turn: each run of ONNX Runtime blocks the thread. */
const windowsPerTurn = 16

/**
 * Opens a model from its files.
 *
 * @param files - `model.json` and the ONNX file that it names, as `packModel` returns them or as a page has fetched them.
 * @throws EscError INVALID_INPUT if a file is missing, or `model.json` is not a manifest; CORRUPT_DATA if a file belongs to
 *   another model; UNSUPPORTED_FORMAT if a newer version wrote the manifest; INCOMPATIBLE_MODEL if the model has no recipe and
 *   so takes features only, if ONNX Runtime refuses the ONNX file, or if recipe and input shape do not fit each other;
 *   INVALID_OPTION if the recipe or the windows are out of range, or an option is wrong; INVALID_STATE in a page without Web
 *   Crypto (a page loaded over http).
 * @example
 * const classifier = await createClassifier(files, { runtime: ortRuntime })
 * const [best] = await classifier.classify(clip)
 */
export async function createClassifier(files: ModelFiles, options: ClassifierOptions): Promise<Classifier> {
  return openModel(files, options, checkedClip)
}

/** A {@link Classifier} that takes other sounds than clips, such as paths. */
export interface SoundClassifier<Sound> extends Omit<Classifier, 'classify'> {
  classify(sound: Sound, options?: ClassifyOptions): Promise<Prediction[]>
}

/**
 * {@link createClassifier} for sounds that are not clips yet.
 *
 * @param load - Turns a sound into a clip. It is called after the options of `classify` were checked.
 */
export async function openModel<Sound>(
  files: ModelFiles,
  options: ClassifierOptions,
  load: (sound: Sound) => AudioClip | Promise<AudioClip>,
): Promise<SoundClassifier<Sound>> {
  assertKnown('createClassifier', options, { runtime: true, precision: true })
  const { runtime, precision = 'float' } = asOptions('createClassifier', options)
  assertRuntime('createClassifier', '@esc/edge/node or /browser', runtime)
  assertOneOf('precision', precision, ['float', 'int8'])
  const manifest = readManifest(files)
  const { labels, inputShape, activation, temperature } = manifest
  const extractor = extractorOf(manifest)
  const session = await runtime.createSession(await checkedBytes(files, entryOf(manifest, precision)), {
    threads: 1,
  })
  const inputName = await inputNameOf(session)
  let releasing: Promise<void> | null = null

  async function logitsOf(data: Float32Array): Promise<Float32Array> {
    const input = { type: 'float32' as const, dims: [1, ...inputShape], data }
    const outputs = await session.run({ [inputName]: input }).catch((error) => {
      // The model is not at fault if its memory was freed during the run.
      assertStillOpen(releasing)
      throw error
    })
    return checkedLogits(floatData(outputs, 'logits'), labels)
  }

  return {
    labels,
    manifest,
    async classify(sound, classifyOptions = {}) {
      assertKnown('classify', classifyOptions, { topK: true, signal: true })
      const { topK = labels.length, signal } = classifyOptions
      assertInteger('topK', topK, 1)
      assertSignal(signal)
      assertOpen(releasing)
      signal?.throwIfAborted()
      const clip = await load(sound)
      assertStillOpen(releasing)
      const windows: number[] = []
      let count = 0
      for (const { data } of extractor.extract(clip)) {
        signal?.throwIfAborted()
        windows.push(...(await logitsOf(data)))
        if (++count % windowsPerTurn === 0) await new Promise((resolve) => setTimeout(resolve, 0))
        assertStillOpen(releasing)
      }
      const logits = clipLogits(Float32Array.from(windows), labels.length, activation, { temperature })
      const [scores] = scoresOf(logits, labels.length, activation)
      // Labels are sorted by logits, as predict sorts them: scores near 1 may be equal where their logits differ.
      const ranked = [...labels.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, topK)
      return ranked.map((i) => ({ label: labels[i]!, score: scores![i]! }))
    },
    async release() {
      releasing ??= session.release()
      await releasing
    },
  }
}

/** Checks a clip, for callers without a type checker. @throws EscError INVALID_INPUT if it is not a clip. */
export function checkedClip(clip: AudioClip): AudioClip {
  assertClipShape('clip', clip)
  return clip
}

/** @throws EscError INCOMPATIBLE_MODEL unless there is one finite logit for each label. */
function checkedLogits(logits: Float32Array, labels: readonly string[]): Float32Array {
  const at = logits.findIndex((logit) => !Number.isFinite(logit))
  if (at >= 0) {
    const message = `the network's output ${at} (a logit) for this clip is ${logits[at]}; it must be a finite number`
    throw new EscError('INCOMPATIBLE_MODEL', message)
  }
  if (logits.length === labels.length) return logits
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `the model has ${logits.length} outputs, but the manifest has ${labels.length} labels`,
  )
}

/** The name of the model's one input. If there is not exactly one, the session is released, and an error is thrown. */
async function inputNameOf(session: Session): Promise<string> {
  try {
    return singleInputName(session)
  } catch (error) {
    await session.release()
    throw error
  }
}

function assertOpen(releasing: Promise<void> | null): void {
  if (releasing) throw new EscError('INVALID_STATE', 'the classifier was released; open it again')
}

function assertStillOpen(releasing: Promise<void> | null): void {
  if (!releasing) return
  const cause = 'release() was called while classify was still running'
  throw new EscError('INVALID_STATE', `${cause}; write "await classifier.classify(...)" before release()`)
}

function extractorOf({ recipe, windows, inputShape }: ModelManifest) {
  if (!recipe || !windows) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      'this model has no recipe, so it takes features and not clips. Call predict of @esc/model with a set of features, or train it on a set that has a recipe: featureSet(examples, { labels, recipe })',
    )
  }
  const extractor = createWindowExtractor(recipe, windows)
  const [channels, bins, frames] = inputShape
  if (channels === 1 && extractor.bins === bins && extractor.frames === frames) return extractor
  const extracted = `1 × ${extractor.bins} × ${extractor.frames}`
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `the recipe makes features of ${extracted}, but inputShape of the manifest is [${inputShape}]`,
  )
}
