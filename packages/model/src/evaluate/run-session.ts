/** Runs a model over examples and averages the windows of each clip. */
import {
  type Activation,
  assertInteger,
  EscError,
  type FeatureSet,
  featureBatches,
  type InputShape,
} from '@esc/core'
import { floatData, type Session, singleInputName } from '@esc/onnx'
import { logitsByClip, rowsByClip } from './clip-scores.js'

/** A model's outputs for clips. */
export interface ClipOutputs {
  clipIds: readonly string[]
  labelIndices: readonly number[]
  /** [clips, classes]. */
  logits: Float32Array
}

/** @throws EscError INVALID_INPUT, INCOMPATIBLE_MODEL as `evaluateSession`; the signal's reason. */
export async function runSession(
  session: Session,
  set: FeatureSet,
  indices: Int32Array,
  options: {
    activation: Activation
    batchSize?: number | undefined
    shape?: InputShape
    signal?: AbortSignal | undefined
  },
): Promise<ClipOutputs> {
  const { activation, batchSize = 32, shape, signal } = options
  assertInteger('batchSize', batchSize, 1)
  const inputName = singleInputName(session)
  const classes = set.labels.length
  const logits = new Float32Array(indices.length * classes)
  let row = 0
  for await (const { dims, data } of featureBatches(set, indices, { batchSize, shape, signal })) {
    const input = { type: 'float32' as const, dims, data }
    const found = floatData(await session.run({ [inputName]: input }), 'logits')
    if (found.length !== dims[0] * classes) {
      const outputs = found.length / dims[0]
      throw new EscError('INCOMPATIBLE_MODEL', `the model has ${outputs} outputs for ${classes} labels`)
    }
    assertFinite(found, set, indices, row, classes)
    logits.set(found, row * classes)
    row += dims[0]
  }
  const records = Array.from(indices, (index) => set.records[index]!)
  const rows = rowsByClip(records.map(({ clipId }) => clipId))
  return {
    clipIds: [...rows.keys()],
    labelIndices: [...rows.values()].map(([first]) => records[first!]!.labelIndex),
    logits: logitsByClip(logits, [...rows.values()], classes, activation),
  }
}

/** A score that is not finite would look like a prediction. */
function assertFinite(
  logits: Float32Array,
  set: FeatureSet,
  indices: Int32Array,
  row: number,
  classes: number,
): void {
  const at = logits.findIndex((value) => !Number.isFinite(value))
  if (at < 0) return
  const { id } = set.records[indices[row + Math.floor(at / classes)]!]!
  const found = `the model's logits are not finite at example '${id}'`
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `${found}: its weights or its normaliser go beyond the range of float32`,
    {
      detail: { id },
    },
  )
}
