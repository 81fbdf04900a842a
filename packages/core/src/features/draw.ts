/** Reads several examples of a feature set at once. */
import { assertCallback } from '../check/options.js'
import { assertIndices, assertSetShape } from './check-set.js'
import type { DrawContext, DrawnFeatures, FeatureSet } from './feature-set.js'

/**
 * Returns every index of a set, in order.
 *
 * @throws EscError INVALID_INPUT if `set` is not a feature set.
 * @example allIndices(set) // Int32Array [0, 1, …]
 */
export function allIndices(set: FeatureSet): Int32Array {
  assertSetShape(set)
  return Int32Array.from(set.records.keys())
}

/**
 * Reads several examples at once. It copies each result before the set can reuse its arrays.
 *
 * @param context - Returns the context of each example in training, from the example's index and its place in `indices`.
 *   @defaultValue no context: nothing random is done
 * @throws EscError INVALID_INPUT if an index is not one of the set's; whatever `set.get` throws: the first error in the order of
 *   `indices`, when all reads have ended.
 * @example const [first] = await drawFeatures(set, [0, 1])
 */
export async function drawFeatures(
  set: FeatureSet,
  indices: readonly number[],
  context: (index: number, place: number) => DrawContext | undefined = () => undefined,
): Promise<DrawnFeatures[]> {
  assertIndices('indices', indices, set)
  assertCallback('context', context)
  // This waits for all reads, even if one fails. Otherwise the others would still run after the error, and their own errors would
  // be unhandled rejections.
  const drawn = await Promise.allSettled(
    indices.map(async (index, place) => {
      const found = set.get(index, context(index, place))
      return copyOf(found instanceof Promise ? await found : found)
    }),
  )
  return drawn.map((outcome) => {
    if (outcome.status === 'rejected') throw outcome.reason
    return outcome.value
  })
}

/** Copies features. A value without features is returned as it is, so that the caller's checks can report it. */
function copyOf(drawn: DrawnFeatures): DrawnFeatures {
  const { features, target } = drawn ?? {}
  if (!(features?.data instanceof Float32Array)) return drawn
  const copy = { ...features, data: features.data.slice() }
  return target instanceof Float32Array
    ? { features: copy, target: target.slice() }
    : { ...drawn, features: copy }
}
