/** Loss and accuracy on the validation examples. */
import { EscError, type FeatureSet, featureBatches, type InputShape, type Normalizer } from '@esc/core'
import type { LossOptions } from '@esc/onnx'
import type { TrainingEngine } from '../engine/engine.js'
import { logitsByClip, meanLoss, rowsByClip } from '../evaluate/clip-scores.js'
import { argmaxRows } from '../evaluate/metrics.js'
import { targetOf } from './targets.js'

/** Input of {@link validate} besides the engine. */
export interface Validation {
  set: FeatureSet
  indices: Int32Array
  shape: InputShape
  normalizer: Normalizer | null
  classes: number
  /** Examples per run. */
  batchSize: number
  kind: LossOptions['kind']
  signal: AbortSignal | undefined
}

/**
 * Loss and accuracy over clips, with the engine's present weights, in inference mode. The loss is cross-entropy without the
 * options of the training loss: softmax cross-entropy, the mean over clips; or with `kind: 'sigmoid'` binary cross-entropy, the
 * mean over clips and classes.
 *
 * @throws EscError INVALID_INPUT naming an example whose features are not finite; DIVERGED naming an example if the loss is not
 *   finite; the signal's reason.
 */
export async function validate(
  engine: TrainingEngine,
  { set, indices, shape, normalizer, classes, batchSize, kind = 'softmax', signal }: Validation,
): Promise<{ loss: number; accuracy: number }> {
  const logits = new Float32Array(indices.length * classes)
  const targets = new Float32Array(indices.length * classes)
  let row = 0
  for await (const batch of featureBatches(set, indices, { batchSize, shape, normalizer, signal })) {
    logits.set(await engine.predict({ type: 'float32', dims: batch.dims, data: batch.data }), row * classes)
    for (const [i, index] of batch.indices.entries()) {
      const target = targetOf(set.records[index]!, batch.targets[i], classes, kind)
      targets.set(target, (row + i) * classes)
    }
    row += batch.indices.length
  }
  const clips = [...rowsByClip(Array.from(indices, (index) => set.records[index]!.clipId)).values()]
  // All windows of a clip have the same target.
  const wanted = new Float32Array(clips.length * classes)
  for (const [clip, rows] of clips.entries())
    wanted.set(targets.subarray(rows[0]! * classes, (rows[0]! + 1) * classes), clip * classes)
  const found = logitsByClip(logits, clips, classes, kind)
  const loss = meanLoss(found, wanted, classes, kind)
  if (!Number.isFinite(loss)) {
    const broken = Math.floor(logits.findIndex((value) => !Number.isFinite(value)) / classes)
    const { id } = set.records[indices[Math.max(0, broken)]!]!
    const advice = normalizer
      ? 'lower the learning rate'
      : 'lower the learning rate, or leave out normalize: null'
    throw new EscError('DIVERGED', `validation loss=${loss}, first at example '${id}'; ${advice}`, {
      detail: { id },
    })
  }
  const [labels, predicted] = [argmaxRows(wanted, classes), argmaxRows(found, classes)]
  return { loss, accuracy: labels.filter((label, i) => predicted[i] === label).length / clips.length }
}
