/** Runs models over examples and scores them. */
import { assertInteger, EscError, type Example } from '@esc/core'
import { floatData, type Session } from '@esc/onnx'
import { indexRange, packInputs } from './batch.js'
import { argmaxRows, type ClassificationReport, classificationReport, crossEntropy } from './metrics.js'

/** Options of {@link predictLogits} and {@link evaluate}. */
export interface PredictOptions {
  /** [channels, bins, frames] of the model's input. */
  inputShape: readonly [number, number, number]
  /** Examples a run (default 32). Results do not depend on it beyond rounding. */
  batchSize?: number
  signal?: AbortSignal
}

/**
 * Logits of every example, [examples, classes], from a model with input `input` and output `logits`.
 *
 * @throws EscError INVALID_INPUT naming an example whose features do not fit or are not finite, INCOMPATIBLE_MODEL if the
 *   model has no float32 output `logits`.
 * @example const logits = await predictLogits(session, examples, { inputShape: graph.input.shape })
 */
export async function predictLogits(
  session: Session,
  examples: readonly Example[],
  { inputShape, batchSize = 32, signal }: PredictOptions,
): Promise<Float32Array> {
  assertInteger('batchSize', batchSize, 1)
  const parts: Float32Array[] = []
  const order = indexRange(examples.length)
  for (let start = 0; start < examples.length; start += batchSize) {
    signal?.throwIfAborted()
    const input = packInputs(examples, order.subarray(start, start + batchSize), inputShape)
    parts.push(floatData(await session.run({ [session.inputNames[0]!]: input }), 'logits'))
  }
  const logits = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0))
  let offset = 0
  for (const part of parts) {
    logits.set(part, offset)
    offset += part.length
  }
  return logits
}

/** A {@link ClassificationReport} with the loss and the predictions behind it. */
export interface Evaluation extends ClassificationReport {
  /** Mean softmax cross-entropy. */
  loss: number
  /** [examples, classes]. */
  logits: Float32Array
  /** Predicted class of each example. */
  predictions: Int32Array
}

/**
 * Predicts every example and reports how well.
 *
 * @param labels - Label of each class, in the order of the model's outputs.
 * @throws EscError INVALID_INPUT if there are no examples, INCOMPATIBLE_MODEL if the model has not one output per label; see
 *   {@link predictLogits}.
 * @example const { accuracy } = await evaluate(session, testExamples, labels, { inputShape: graph.input.shape })
 */
export async function evaluate(
  session: Session,
  examples: readonly Example[],
  labels: readonly string[],
  options: PredictOptions,
): Promise<Evaluation> {
  if (examples.length === 0) throw new EscError('INVALID_INPUT', 'evaluation needs at least one example')
  const logits = await predictLogits(session, examples, options)
  if (logits.length !== examples.length * labels.length) {
    const outputs = logits.length / examples.length
    throw new EscError('INCOMPATIBLE_MODEL', `the model has ${outputs} outputs for ${labels.length} labels`)
  }
  const yTrue = examples.map(({ labelIndex }) => labelIndex)
  const predictions = argmaxRows(logits, labels.length)
  return {
    ...classificationReport(yTrue, predictions, labels),
    loss: crossEntropy(logits, yTrue, labels.length),
    logits,
    predictions,
  }
}
