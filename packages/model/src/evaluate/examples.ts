/** Which examples of a set are evaluated. */
import { allIndices, assertFeatureSet, assertIndices, EscError, type FeatureSet } from '@esc/core'

/** Last arguments of `predict` and `evaluate`. Without indices, or with `null`, all examples are taken. */
export type Chosen<Options> = [indices?: ArrayLike<number> | null, options?: Options]

/**
 * Reads the arguments after a set. An argument `undefined` does not mean all examples: it probably comes from a split that does not
 * have this part, and all examples would include the training part.
 *
 * @throws EscError INVALID_INPUT if the indices are given as `undefined`.
 */
export function readChosen<Options>(
  rest: Chosen<Options>,
): [indices: ArrayLike<number> | null, options: Options | undefined] {
  const [indices = null, options] = rest
  if (rest.length === 0 || rest[0] !== undefined) return [indices, options]
  throw new EscError(
    'INVALID_INPUT',
    'indices is undefined: does the split have that part? For all examples, leave indices out or pass null',
  )
}

/** @throws EscError INVALID_INPUT if the set or an index is wrong, or there are no examples. */
export function chooseExamples(set: FeatureSet, indices: ArrayLike<number> | null): Int32Array {
  assertFeatureSet(set)
  if (indices === null) return allIndices(set)
  assertIndices('indices', indices, set)
  if (indices.length === 0) throw new EscError('INVALID_INPUT', 'indices is empty; give at least one example')
  return Int32Array.from(indices)
}
