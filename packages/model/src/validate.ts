/** Loss and accuracy on validation examples. */
import { EscError, type FeatureSet, featureBatches, type InputShape, type Normalizer } from '@esc/core'
import type { LossOptions } from '@esc/onnx'
import { targetOf } from './batches.js'
import { logitsByClip, meanLoss, rowsByClip } from './clip-scores.js'
import type { TrainingEngine } from './engine.js'
import { argmaxRows } from './metrics.js'

/** What {@link validate} needs besides the engine. */
export interface Validation {
  set: FeatureSet
  indices: Int32Array
  shape: InputShape
  normalizer: Normalizer | null
  classes: number
  /** Examples a run. */
  batchSize: number
  kind: LossOptions['kind']
  signal: AbortSignal | undefined
}

/**
 * Loss and accuracy of an engine's present weights over clips, in inference mode. The loss is plain cross-entropy: softmax's, or
 * with `kind: 'sigmoid'` the binary one, the mean over clips and classes.
 *
 * @throws EscError INVALID_INPUT naming an example whose features are not finite; DIVERGED naming one whose loss is not; the
 *   signal's reason.
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
  // The windows of a clip have one target.
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
