/** A trained model that answers for a clip. */
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

/** A label and how sure the model is of it, in [0, 1]. */
export interface Prediction {
  label: string
  score: number
}

/** Options of {@link Classifier.classify}. */
export interface ClassifyOptions {
  /** At most so many labels. @defaultValue all */
  topK?: number | undefined
  signal?: AbortSignal | undefined
}

/** A model ready to classify. */
export interface Classifier {
  readonly labels: readonly string[]
  readonly manifest: ModelManifest
  /**
   * Labels with their scores, best first. A clip longer than the model's window is cut into windows, and their scores are averaged;
   * a shorter one is padded as in training.
   *
   * @throws EscError INVALID_INPUT if the clip is empty or not finite; INVALID_OPTION if `topK` is not an integer >= 1, or an
   *   option is unknown; INVALID_STATE after `release`; INCOMPATIBLE_MODEL if the ONNX file does not take what the manifest
   *   says; the signal's reason.
   */
  classify(clip: AudioClip, options?: ClassifyOptions): Promise<Prediction[]>
  /** Frees native memory; the classifier is unusable afterwards. Called again, it does nothing. */
  release(): Promise<void>
}

/** Options of {@link createClassifier}; `/node` and `/browser` bind the runtime. */
export interface ClassifierOptions {
  runtime: OnnxRuntime
  /** Which of the model's ONNX files. It is never chosen by the machine, so that answers do not depend on it. @defaultValue `'float'` */
  precision?: Precision | undefined
}

/** After so many windows whoever else waits gets a turn: a run of ONNX Runtime blocks its thread. */
const windowsATurn = 16

/**
 * Opens a model from its files.
 *
 * @param files - `model.json` and the ONNX file it names; what `packModel` made, or a page fetched.
 * @throws EscError INVALID_INPUT if a file is missing, or `model.json` is no manifest; CORRUPT_DATA if a file is another model's;
 *   UNSUPPORTED_FORMAT if a newer version wrote it; INCOMPATIBLE_MODEL if the model takes features only, ONNX Runtime refuses it,
 *   or recipe and input shape do not fit each other; INVALID_OPTION if its recipe or windows are out of range, or an option is
 *   wrong; INVALID_STATE in a page without Web Crypto (http).
 * @example
 * const classifier = await createClassifier(files, { runtime: ortRuntime })
 * const [best] = await classifier.classify(clip)
 */
export async function createClassifier(files: ModelFiles, options: ClassifierOptions): Promise<Classifier> {
  return openModel(files, options, checkedClip)
}

/** {@link Classifier} of whatever `load` makes a clip of: checks come before a file is decoded. */
export interface SoundClassifier<Sound> extends Omit<Classifier, 'classify'> {
  classify(sound: Sound, options?: ClassifyOptions): Promise<Prediction[]>
}

/** {@link createClassifier} for other sounds than clips. */
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
  const { labels, inputShape, activation } = manifest
  const extractor = extractorOf(manifest)
  const session = await runtime.createSession(await checkedBytes(files, entryOf(manifest, precision)), {
    threads: 1,
  })
  const inputName = await inputNameOf(session)
  let releasing: Promise<void> | null = null

  async function logitsOf(data: Float32Array): Promise<Float32Array> {
    const input = { type: 'float32' as const, dims: [1, ...inputShape], data }
    const outputs = await session.run({ [inputName]: input }).catch((error) => {
      // Not a fault of the model: its memory was given back meanwhile.
      assertOpen(releasing)
      throw error
    })
    const logits = floatData(outputs, 'logits')
    const at = logits.findIndex((logit) => !Number.isFinite(logit))
    if (at >= 0)
      throw new EscError('INCOMPATIBLE_MODEL', `the network's logit ${at} of this clip is ${logits[at]}`)
    if (logits.length === labels.length) return logits
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `the model has ${logits.length} outputs, the manifest ${labels.length} labels`,
    )
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
      assertOpen(releasing)
      const windows: number[] = []
      let count = 0
      for (const { data } of extractor.extract(clip)) {
        signal?.throwIfAborted()
        windows.push(...(await logitsOf(data)))
        if (++count % windowsATurn === 0) await new Promise((resolve) => setTimeout(resolve, 0))
        assertOpen(releasing)
      }
      const logits = clipLogits(Float32Array.from(windows), labels.length, activation)
      const [scores] = scoresOf(logits, labels.length, activation)
      // By logits, as predict does: scores near 1 may be equal where logits are not.
      const ranked = [...labels.keys()].sort((a, b) => logits[b]! - logits[a]!).slice(0, topK)
      return ranked.map((i) => ({ label: labels[i]!, score: scores![i]! }))
    },
    async release() {
      releasing ??= session.release()
      await releasing
    },
  }
}

/** What no type checker has seen is checked, too. @throws EscError INVALID_INPUT if it is no clip. */
export function checkedClip(clip: AudioClip): AudioClip {
  assertClipShape('clip', clip)
  return clip
}

/** The model's one input; a session that is of no use is released. */
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

function extractorOf({ recipe, windows, inputShape }: ModelManifest) {
  if (!recipe || !windows) {
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      'this model has no recipe: it takes features, no clips. Call predict of @esc/model with a set of features, or train it on a set that has a recipe: featureSet(examples, { labels, recipe })',
    )
  }
  const extractor = createWindowExtractor(recipe, windows)
  const [channels, bins, frames] = inputShape
  if (channels === 1 && extractor.bins === bins && extractor.frames === frames) return extractor
  const made = `1 × ${extractor.bins} × ${extractor.frames}`
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `the recipe makes ${made}, the manifest's inputShape is [${inputShape}]`,
  )
}
