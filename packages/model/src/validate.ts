/** Loss and accuracy on validation examples. */
import { EscError, type Example, type NetworkGraph } from '@esc/core'
import type { LossOptions } from '@esc/onnx'
import { indexRange, packInputs } from './batch.js'
import type { TrainingEngine } from './engine.js'
import { argmaxRows, crossEntropy } from './metrics.js'

/** What {@link validate} needs besides engine and examples. */
export interface ValidateOptions {
  /** Examples a run. */
  batchSize: number
  kind: LossOptions['kind']
  signal: AbortSignal | undefined
}

/**
 * Loss and accuracy of an engine's present weights, in inference mode. The loss is plain cross-entropy: softmax's, or with
 * `kind: 'sigmoid'` the binary one, the mean over clips and classes.
 *
 * @throws EscError INVALID_INPUT naming an example whose features or whose loss are not finite; the signal's reason.
 */
export async function validate(
  engine: TrainingEngine,
  { input: { shape } }: NetworkGraph,
  examples: readonly Example[],
  { batchSize, kind, signal }: ValidateOptions,
): Promise<{ loss: number; accuracy: number }> {
  const order = indexRange(examples.length)
  const storage = new Float32Array(Math.min(batchSize, order.length) * shape[0] * shape[1] * shape[2])
  const parts: Float32Array[] = []
  for (let start = 0; start < order.length; start += batchSize) {
    signal?.throwIfAborted()
    const indices = order.subarray(start, start + batchSize)
    parts.push(await engine.predict(packInputs(examples, indices, shape, storage)))
  }
  const classes = parts[0]!.length / Math.min(batchSize, order.length)
  const yTrue = examples.map(({ labelIndex }) => labelIndex)
  const logits = Float32Array.from(parts.flatMap((part) => [...part]))
  const predicted = argmaxRows(logits, classes)
  const loss =
    kind === 'sigmoid' ? binaryCrossEntropy(logits, yTrue, classes) : crossEntropy(logits, yTrue, classes)
  if (!Number.isFinite(loss)) {
    const broken = examples[Math.floor(logits.findIndex((value) => !Number.isFinite(value)) / classes)]!
    throw new EscError(
      'INVALID_INPUT',
      `validation loss=${loss}, first at example '${broken.id}'; lower the learning rate or normalise the features`,
    )
  }
  return { loss, accuracy: yTrue.filter((label, i) => predicted[i] === label).length / order.length }
}

/** Mean over clips and classes, each class for itself. @see torch.nn.functional.binary_cross_entropy_with_logits */
function binaryCrossEntropy(logits: Float32Array, yTrue: readonly number[], classes: number): number {
  let sum = 0
  for (let i = 0; i < logits.length; i++) {
    const logit = logits[i]!
    const isLabel = i % classes === yTrue[Math.floor(i / classes)]
    sum += Math.max(logit, 0) - (isLabel ? logit : 0) + Math.log1p(Math.exp(-Math.abs(logit)))
  }
  return sum / logits.length
}
