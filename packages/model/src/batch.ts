/** Packs examples into the tensors a network reads. */
import { EscError, type Example } from '@esc/core'
import type { Tensor } from '@esc/onnx'

/**
 * Features of the chosen examples as one tensor [count, 1, bins, frames].
 *
 * @param indices - Which examples, in order.
 * @param inputShape - [channels, bins, frames] of the network.
 * @throws EscError INVALID_INPUT naming an example whose features have another shape.
 * @example packInputs(examples, [0, 1], graph.input.shape)
 */
export function packInputs(
  examples: readonly Example[],
  indices: ArrayLike<number>,
  inputShape: readonly [number, number, number],
): Tensor {
  const [channels, bins, frames] = inputShape
  const size = channels * bins * frames
  const data = new Float32Array(indices.length * size)
  for (let row = 0; row < indices.length; row++) {
    const { id, features } = examples[indices[row]!]!
    const fits = channels === 1 && features.bins === bins && features.frames === frames
    if (!fits || features.data.length !== size) {
      throw new EscError(
        'INVALID_INPUT',
        `example '${id}' has features ${features.bins} × ${features.frames} in ${features.data.length} values, the network reads [${inputShape}]`,
      )
    }
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
): Tensor {
  const data = new Float32Array(indices.length * classes)
  for (let row = 0; row < indices.length; row++) {
    const example = examples[indices[row]!]!
    assertLabel(example, classes)
    data[row * classes + example.labelIndex] = 1
  }
  return { type: 'float32', dims: [indices.length, classes], data }
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
