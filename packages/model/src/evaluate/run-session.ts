/** Runs a model over examples, and averages the windows of each clip. */
import {
  type Activation,
  assertInteger,
  EscError,
  type FeatureRecord,
  type FeatureSet,
  featureBatches,
  type InputShape,
} from '@esc/core'
import { floatData, type Session, singleInputName } from '@esc/onnx'
import { targetOf } from '../training/targets.js'
import { logitsByClip, rowsByClip } from './clip-scores.js'

/** A model's outputs for examples. */
export interface ExampleOutputs {
  records: readonly FeatureRecord[]
  /** [examples, classes], as the network computes them. */
  logits: Float32Array
  /** [examples, classes]; `null` unless they were asked for. */
  targets: Float32Array | null
}

/** A model's outputs for clips. */
export interface ClipOutputs {
  clipIds: readonly string[]
  labelIndices: readonly number[]
  /** The field recording of each clip. */
  groups: readonly string[]
  /** [clips, classes], divided by the temperature. */
  logits: Float32Array
  /** [clips, classes]; `null` unless they were asked for. */
  targets: Float32Array | null
}

/** Options of {@link runSession}. */
export interface RunOptions {
  batchSize?: number | undefined
  shape?: InputShape
  signal?: AbortSignal | undefined
  /** Whether the targets of several labels are read. */
  withTargets: boolean
}

/** @throws EscError INVALID_INPUT, INCOMPATIBLE_MODEL as `evaluateSession`; the signal's reason. */
export async function runSession(
  session: Session,
  set: FeatureSet,
  indices: Int32Array,
  { batchSize = 32, shape, signal, withTargets }: RunOptions,
): Promise<ExampleOutputs> {
  assertInteger('batchSize', batchSize, 1)
  const inputName = singleInputName(session)
  const classes = set.labels.length
  const logits = new Float32Array(indices.length * classes)
  const targets = withTargets ? new Float32Array(logits.length) : null
  let row = 0
  for await (const batch of featureBatches(set, indices, { batchSize, shape, signal })) {
    const { dims, data } = batch
    const input = { type: 'float32' as const, dims, data }
    const found = floatData(await session.run({ [inputName]: input }), 'logits')
    if (found.length !== dims[0] * classes) {
      const outputs = found.length / dims[0]
      throw new EscError('INCOMPATIBLE_MODEL', `the model has ${outputs} outputs for ${classes} labels`)
    }
    assertFinite(found, set, indices, row, classes)
    logits.set(found, row * classes)
    for (const [i, index] of batch.indices.entries()) {
      const record = set.records[index]!
      targets?.set(targetOf(record, batch.targets[i], classes, 'sigmoid'), (row + i) * classes)
    }
    row += dims[0]
  }
  return { records: Array.from(indices, (index) => set.records[index]!), logits, targets }
}

/**
 * Joins the examples of each clip.
 *
 * @throws EscError INVALID_INPUT naming a clip whose examples have different targets.
 */
export function clipOutputsOf(
  { records, logits, targets }: ExampleOutputs,
  activation: Activation,
  temperature: number,
): ClipOutputs {
  const classes = logits.length / records.length
  const clips = rowsByClip(records.map(({ clipId }) => clipId))
  const rows = [...clips.values()]
  const firsts = rows.map(([first]) => records[first!]!)
  return {
    clipIds: [...clips.keys()],
    labelIndices: firsts.map(({ labelIndex }) => labelIndex),
    // A set that another program made may have no groups.
    groups: firsts.map(({ group, clipId }) => (typeof group === 'string' ? group : clipId)),
    logits: logitsByClip(logits, rows, classes, activation, temperature),
    targets: targets && targetsByClip(targets, clips, classes),
  }
}

function targetsByClip(
  targets: Float32Array,
  clips: ReadonlyMap<string, readonly number[]>,
  classes: number,
): Float32Array {
  const byClip = new Float32Array(clips.size * classes)
  let clip = 0
  for (const [clipId, [first, ...others]] of clips) {
    const target = targets.subarray(first! * classes, (first! + 1) * classes)
    for (const row of others) {
      if (target.every((value, c) => value === targets[row * classes + c])) continue
      throw new EscError(
        'INVALID_INPUT',
        `clip '${clipId}' has windows with different targets; give windows of different targets different clipIds and the same group`,
      )
    }
    byClip.set(target, classes * clip++)
  }
  return byClip
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
