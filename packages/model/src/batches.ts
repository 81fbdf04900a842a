/** Prepares training batches: augmented, mixed, and packed into arrays that take turns. */
import { EscError, type Example, type FeatureMatrix, type NetworkGraph, type Rng } from '@esc/core'
import type { LossOptions } from '@esc/onnx'
import { assertFeatures, type FloatTensor } from './batch.js'
import type { LabeledFeatures, TrainOptions } from './train-options.js'

/** One step's input, and whose it is. */
export interface PreparedBatch {
  examples: readonly Example[]
  input: FloatTensor
  target: FloatTensor
  /** Where there is a teacher. */
  teacherLogits?: FloatTensor
}

/** Makes batches. */
export interface BatchSource {
  /**
   * The batch of the examples with these indices. It lies in arrays that the call after the next one fills again: one batch can
   * be prepared while a step reads the other.
   */
  prepare(epoch: number, indices: Int32Array): PreparedBatch
}

/**
 * A source of batches of one training.
 *
 * What becomes of an example depends on the generator's seed, the epoch, its id and, where it is mixed, its neighbour in the
 * batch, and not on what was prepared before.
 *
 * @param examples - All training examples.
 * @param classes - Width of the network's output.
 * @throws EscError INVALID_INPUT if there is not one row of `teacherLogits` for each example; `prepare` throws it where what
 *   `augment` or `mix` made does not fit the network.
 */
export function createBatchSource(
  examples: readonly Example[],
  { input: { shape } }: NetworkGraph,
  classes: number,
  options: Pick<TrainOptions, 'augment' | 'mix' | 'teacherLogits' | 'loss'> & { batchSize: number; rng: Rng },
): BatchSource {
  const { augment, mix, teacherLogits, loss, batchSize, rng } = options
  if (teacherLogits && teacherLogits.length !== examples.length * classes) {
    throw new EscError(
      'INVALID_INPUT',
      `teacherLogits has ${teacherLogits.length} values; ${examples.length} examples of ${classes} classes need ${examples.length * classes}`,
    )
  }
  const rows = Math.min(batchSize, examples.length)
  const size = shape[0] * shape[1] * shape[2]
  const sets = [0, 1].map(() => ({
    input: new Float32Array(rows * size),
    target: new Float32Array(rows * classes),
    teacher: new Float32Array(teacherLogits ? rows * classes : 0),
  }))
  let turn = 0

  const features = (epoch: number, { id, features }: Example): FeatureMatrix => {
    if (!augment) return features
    const changed = augment(features, rng.fork(`augment ${epoch} ${id}`))
    assertFeatures(id, changed, shape, 'augment')
    return changed
  }
  const mixed = (epoch: number, { id }: Example, a: LabeledFeatures, b: LabeledFeatures) => {
    const made = mix!(a, b, rng.fork(`mix ${epoch} ${id}`))
    assertFeatures(id, made?.features, shape, 'mix')
    assertMixedLabel(id, made.label, classes, loss?.kind)
    return made
  }

  return {
    prepare(epoch, indices) {
      const set = sets[turn]!
      turn = 1 - turn
      const chosen = Array.from(indices, (index) => examples[index]!)
      const single = chosen.map((example): LabeledFeatures => {
        const label = new Float32Array(classes)
        label[example.labelIndex] = 1
        return { features: features(epoch, example), label }
      })
      const view = (data: Float32Array, dims: readonly number[]): FloatTensor => ({
        type: 'float32',
        dims: [chosen.length, ...dims],
        data: data.subarray(0, (data.length / rows) * chosen.length),
      })
      chosen.forEach((example, row) => {
        const neighbour = single[(row + 1) % single.length]!
        const made = mix ? mixed(epoch, example, single[row]!, neighbour) : single[row]!
        set.input.set(made.features.data, row * size)
        set.target.set(made.label, row * classes)
        if (teacherLogits) {
          const from = indices[row]! * classes
          set.teacher.set(teacherLogits.subarray(from, from + classes), row * classes)
        }
      })
      return {
        examples: chosen,
        input: view(set.input, shape),
        target: view(set.target, [classes]),
        ...(teacherLogits ? { teacherLogits: view(set.teacher, [classes]) } : {}),
      }
    },
  }
}

/** @throws EscError INVALID_INPUT naming the example if its label is not what the loss reads. */
function assertMixedLabel(
  id: string,
  label: Float32Array | undefined,
  classes: number,
  kind: LossOptions['kind'] = 'softmax',
): void {
  const refused = (what: string) => new EscError('INVALID_INPUT', `example '${id}' is mixed to ${what}`)
  if (label?.[Symbol.toStringTag] !== 'Float32Array') throw refused('no label; it must be a Float32Array')
  if (label.length !== classes) throw refused(`a label of ${label.length} classes, not ${classes}`)
  const most = kind === 'sigmoid' ? 1 : Number.POSITIVE_INFINITY
  const sum = label.reduce((total, share) => total + share, 0)
  const fits = label.every((share) => share >= 0 && share <= most)
  if (fits && (kind === 'sigmoid' || Math.abs(sum - 1) <= 1e-3)) return
  const rule = kind === 'sigmoid' ? 'each value must lie in [0, 1]' : 'its values must be >= 0 and sum to 1'
  throw refused(`the label [${Array.from(label.subarray(0, 10)).join(', ')}]; with ${kind} ${rule}`)
}
