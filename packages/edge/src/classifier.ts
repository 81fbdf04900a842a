/** A trained model that answers for a clip. */
import { type AudioClip, assertInteger, EscError, type ModelManifest } from '@esc/core'
import { createExtractor } from '@esc/dsp'
import { floatData, type OnnxRuntime } from '@esc/onnx'

/** A label and how sure the model is of it, in [0, 1]. */
export interface Prediction {
  label: string
  score: number
}

/** A model ready to classify. */
export interface Classifier {
  readonly labels: readonly string[]
  /**
   * Labels with softmax scores, best first; `topK` limits their number (default: all).
   *
   * @throws EscError INVALID_INPUT if the clip is empty or not finite, INVALID_OPTION if `topK` is not an integer >= 1,
   *   INCOMPATIBLE_MODEL if the model cannot take the manifest's input or has not one output per label.
   */
  classify(clip: AudioClip, options?: { topK?: number }): Promise<Prediction[]>
  /** Frees native memory. */
  release(): Promise<void>
}

/**
 * Loads an exported model with its manifest.
 *
 * @param model - Bytes of the manifest's `.onnx` file, float or int8.
 * @throws EscError INCOMPATIBLE_MODEL if ONNX Runtime refuses the model, or recipe and input shape do not fit each other.
 * @example
 * const classifier = await createClassifier(await readFile('model.int8.onnx'), manifest, { runtime: ortRuntime })
 * const [best] = await classifier.classify(await loadAudio('dog.ogg', { sampleRate: null }))
 */
export async function createClassifier(
  model: Uint8Array,
  manifest: ModelManifest,
  { runtime }: { runtime: OnnxRuntime },
): Promise<Classifier> {
  const { labels, recipe, inputShape } = manifest
  const extractor = createExtractor(recipe)
  const [channels, bins, frames] = inputShape
  if (channels !== 1 || extractor.bins !== bins || extractor.frames !== frames) {
    const made = `1 × ${extractor.bins} × ${extractor.frames ?? 'any'}`
    throw new EscError(
      'INCOMPATIBLE_MODEL',
      `the recipe makes ${made}, the manifest's inputShape is [${inputShape}]`,
    )
  }
  const session = await runtime.createSession(model, { threads: 1 })
  const inputName = session.inputNames[0]!
  return {
    labels,
    async classify(clip, { topK = labels.length } = {}) {
      assertInteger('topK', topK, 1)
      const { data } = extractor.extract(clip)
      const outputs = await session.run({ [inputName]: { type: 'float32', dims: [1, ...inputShape], data } })
      const logits = floatData(outputs, 'logits')
      if (logits.length !== labels.length) {
        throw new EscError(
          'INCOMPATIBLE_MODEL',
          `the model has ${logits.length} outputs, the manifest ${labels.length} labels`,
        )
      }
      const scores = softmax(logits)
      const ranked = labels.map((label, i) => ({ label, score: scores[i]! }))
      return ranked.sort((a, b) => b.score - a.score).slice(0, topK)
    },
    release: () => session.release(),
  }
}

function softmax(logits: Float32Array): number[] {
  const max = logits.reduce((a, b) => Math.max(a, b))
  const powers = Array.from(logits, (value) => Math.exp(value - max))
  const sum = powers.reduce((a, b) => a + b, 0)
  return powers.map((power) => power / sum)
}
