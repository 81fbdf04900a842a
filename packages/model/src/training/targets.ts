/** Targets of examples: their own, or their label alone; and their check. */
import { EscError, type FeatureRecord } from '@esc/core'
import type { LossOptions } from '@esc/onnx'

/**
 * The target of an example: its own target, or 1 at its label and 0 elsewhere.
 *
 * @throws EscError INVALID_INPUT naming the example if its target does not fit the loss.
 */
export function targetOf(
  { id, labelIndex }: FeatureRecord,
  target: Float32Array | undefined,
  classes: number,
  kind: LossOptions['kind'],
): Float32Array {
  if (target !== undefined) {
    assertTarget(id, target, classes, kind)
    return target
  }
  const label = new Float32Array(classes)
  label[labelIndex] = 1
  return label
}

/** @throws EscError INVALID_INPUT naming the example if the target does not fit the loss. */
function assertTarget(
  id: string,
  target: Float32Array | undefined,
  classes: number,
  kind: LossOptions['kind'] = 'softmax',
): void {
  const refused = (found: string) => new EscError('INVALID_INPUT', `example '${id}' has ${found}`)
  if (target?.[Symbol.toStringTag] !== 'Float32Array') throw refused('no target; it must be a Float32Array')
  if (target.length !== classes) throw refused(`a target of ${target.length} classes, not ${classes}`)
  const most = kind === 'sigmoid' ? 1 : Number.POSITIVE_INFINITY
  const sum = target.reduce((total, share) => total + share, 0)
  const fits = target.every((share) => share >= 0 && share <= most)
  if (fits && (kind === 'sigmoid' || Math.abs(sum - 1) <= 1e-3)) return
  const rule = kind === 'sigmoid' ? 'each value must lie in [0, 1]' : 'its values must be >= 0 and sum to 1'
  throw refused(`the target [${Array.from(target.subarray(0, 10)).join(', ')}]; with ${kind} ${rule}`)
}
