/** Packs examples into the tensors a network reads. */
import { EscError, type Example, type FeatureMatrix } from '@esc/core'
import type { Tensor } from '@esc/onnx'

/** A tensor of a network's input, targets or logits. */
export type FloatTensor = Tensor & { type: 'float32' }

/**
 * Features of the chosen examples as one tensor [count, 1, bins, frames].
 *
 * @param indices - Which examples, in order.
 * @param inputShape - [channels, bins, frames] of the network.
 * @param into - Storage for at least as many values, which the tensor is a view of; new storage if it is left out.
 * @throws EscError INVALID_INPUT naming an example whose features have another shape or are not finite.
 * @example packInputs(examples, [0, 1], graph.input.shape)
 */
export function packInputs(
  examples: readonly Example[],
  indices: ArrayLike<number>,
  inputShape: readonly [number, number, number],
  into?: Float32Array,
): FloatTensor {
  const size = inputShape[0] * inputShape[1] * inputShape[2]
  const data = into?.subarray(0, indices.length * size) ?? new Float32Array(indices.length * size)
  for (let row = 0; row < indices.length; row++) {
    const { id, features } = examples[indices[row]!]!
    assertFeatures(id, features, inputShape)
    data.set(features.data, row * size)
  }
  return { type: 'float32', dims: [indices.length, ...inputShape], data }
}

/**
 * Labels of the chosen examples as rows of probabilities [count, classes]: 1 at the label, 0 elsewhere.
 *
 * @throws EscError INVALID_INPUT naming an example whose label is not one of the classes.
 * @example packTargets(examples, [0, 1], 10)
 */
export function packTargets(
  examples: readonly Example[],
  indices: ArrayLike<number>,
  classes: number,
): FloatTensor {
  const data = new Float32Array(indices.length * classes)
  for (let row = 0; row < indices.length; row++) {
    const example = examples[indices[row]!]!
    assertLabel(example, classes)
    data[row * classes + example.labelIndex] = 1
  }
  return { type: 'float32', dims: [indices.length, classes], data }
}

/**
 * Values must be finite: ONNX Runtime's max pooling swallows NaN, so that nothing behind it would tell.
 *
 * @param maker - What made them of the example's own features, for the message.
 * @throws EscError INVALID_INPUT naming the example if its features are not what the network reads.
 */
export function assertFeatures(
  id: string,
  features: FeatureMatrix | undefined,
  inputShape: readonly [number, number, number],
  maker?: 'augment' | 'mix',
): void {
  const refused = (what: string) =>
    new EscError('INVALID_INPUT', `example '${id}'${maker ? ` after ${maker}` : ''} has ${what}`)
  if (features?.data?.[Symbol.toStringTag] !== 'Float32Array') {
    const found = features instanceof Promise ? 'a promise of features' : 'no features'
    throw refused(`${found}; they must be there at once, as { data: Float32Array, bins, frames }`)
  }
  const { data, bins, frames } = features
  const fits = inputShape[0] === 1 && bins === inputShape[1] && frames === inputShape[2]
  if (!fits || data.length !== bins * frames) {
    throw refused(`features ${bins} × ${frames} in ${data.length} values, the network reads [${inputShape}]`)
  }
  // In float64 a sum of float32 values is finite exactly if all of them are.
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  if (Number.isFinite(sum)) return
  const at = data.findIndex((value) => !Number.isFinite(value))
  const place = `bin ${Math.floor(at / frames)}, frame ${at % frames}`
  const hint = maker ? `see what ${maker} does` : 'look at its recording, or leave it out'
  throw refused(`features that are not finite: ${data[at]} at ${place}; ${hint}`)
}

/** @throws EscError INVALID_INPUT naming the example if its label is not one of the classes. */
export function assertLabel({ id, labelIndex }: Example, classes: number): void {
  if (!(Number.isInteger(labelIndex) && labelIndex >= 0 && labelIndex < classes)) {
    throw new EscError(
      'INVALID_INPUT',
      `example '${id}' has label ${labelIndex}, not an integer in [0, ${classes})`,
    )
  }
}

/** The numbers 0 … count - 1. */
export function indexRange(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, i) => i)
}
