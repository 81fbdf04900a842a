/** Reads the examples of a set, a batch at a time. */

import { assertMatrixShape } from '../check/float32.js'
import { asOptions, assertInteger, assertKnown, assertSignal } from '../check/options.js'
import { EscError } from '../error.js'
import { assertIndices, drawFeatures, type FeatureSet } from './feature-set.js'
import type { FeatureMatrix } from './matrix.js'
import { assertNormalizer, type Normalizer, normalizeInto } from './normalizer.js'

/** Shape of a network's input without the batch axis. */
export type InputShape = readonly [channels: number, bins: number, frames: number]

/** Features of some examples, one behind the other. */
export interface FeatureBatch {
  /** Which examples of the set, in order. */
  indices: readonly number[]
  /** [examples, channels, bins, frames]. */
  dims: readonly [number, number, number, number]
  data: Float32Array
  /** What each example is to be learnt as, where it is not its label alone. */
  targets: readonly (Float32Array | undefined)[]
}

/** Options of {@link featureBatches}. */
export interface FeatureBatchOptions {
  batchSize: number
  /** What every example must have. @defaultValue the first example's */
  shape?: InputShape | undefined
  /** Applied to the features. @defaultValue `null`: they are left as they are */
  normalizer?: Normalizer | null | undefined
  signal?: AbortSignal | undefined
}

/**
 * Reads examples without anything random, a batch at a time.
 *
 * @returns Batches in new storage each, in the order of `indices`.
 * @throws EscError INVALID_INPUT naming an example whose features have another shape, or are not finite, an index outside the set, or
 *   if the normalizer is of other features; INVALID_OPTION if
 *   `batchSize` is not an integer >= 1, or an option is unknown; the signal's reason.
 * @example for await (const { dims, data } of featureBatches(set, [0, 1, 2], { batchSize: 32 })) console.log(dims)
 */
export async function* featureBatches(
  set: FeatureSet,
  indices: ArrayLike<number>,
  options: FeatureBatchOptions,
): AsyncGenerator<FeatureBatch> {
  assertKnown('featureBatches', options, { batchSize: true, shape: true, normalizer: true, signal: true })
  const { batchSize, shape, normalizer = null, signal } = asOptions('featureBatches', options)
  assertInteger('batchSize', batchSize, 1)
  assertSignal(signal)
  if (normalizer !== null) assertNormalizer('normalizer', normalizer)
  assertIndices('indices', indices, set)
  let expected = shape
  for (let start = 0; start < indices.length; start += batchSize) {
    signal?.throwIfAborted()
    const chosen = Array.from(
      { length: Math.min(batchSize, indices.length - start) },
      (_, row) => indices[start + row]!,
    )
    const drawn = await drawFeatures(set, chosen)
    const matrices = drawn.map((item) => item?.features)
    expected ??= [1, matrices[0]?.bins ?? 0, matrices[0]?.frames ?? 0]
    if (normalizer && normalizer.mean.length !== expected[1]) {
      const found = `the normalizer has ${normalizer.mean.length} bins, the features have ${expected[1]}`
      throw new EscError('INVALID_INPUT', found)
    }
    const size = expected[0] * expected[1] * expected[2]
    const data = new Float32Array(chosen.length * size)
    for (const [row, index] of chosen.entries()) {
      const features = assertFeatures(set.records[index]!.id, matrices[row], expected)
      if (normalizer) normalizeInto(data, row * size, features, normalizer)
      else data.set(features.data, row * size)
    }
    yield {
      indices: chosen,
      dims: [chosen.length, ...expected],
      data,
      targets: drawn.map(({ target }) => target),
    }
  }
}

/**
 * Checks features from a user's own code. Values must be finite: ONNX Runtime's max pooling swallows NaN, so that nothing
 * behind it would tell.
 *
 * @param id - The example's, for the message.
 * @param shape - What the network reads.
 * @param maker - What made them of the example's own features, for the message.
 * @throws EscError INVALID_INPUT naming the example if its features are not what the network reads.
 * @example assertFeatures('clip 1', features, [1, 13, 431])
 */
export function assertFeatures(
  id: string,
  features: FeatureMatrix | undefined,
  shape: InputShape,
  maker?: string,
): FeatureMatrix {
  const refused = (what: string) =>
    new EscError('INVALID_INPUT', `example '${id}'${maker ? ` after ${maker}` : ''} has ${what}`, {
      detail: { id },
    })
  try {
    assertMatrixShape('features', features)
  } catch (cause) {
    const found =
      features instanceof Promise
        ? 'a promise of features (await it)'
        : `no features: ${(cause as Error).message}`
    throw refused(`${found}; get must return { features: { data: Float32Array, bins, frames } }`)
  }
  const { data, bins, frames } = features
  const fits = shape[0] === 1 && bins === shape[1] && frames === shape[2]
  if (!fits || data.length !== bins * frames) {
    throw refused(
      `features ${bins} × ${frames} in ${data.length} values, where [${shape}] are needed: all examples must have one shape, so clips of other lengths need windows, or a recipe with durationSec`,
    )
  }
  // In float64 a sum of float32 values is finite exactly if all of them are.
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  if (Number.isFinite(sum)) return features
  const at = data.findIndex((value) => !Number.isFinite(value))
  const place = `bin ${Math.floor(at / frames)}, frame ${at % frames}`
  const hint = maker ? `see what ${maker} does` : 'look at its recording, or leave it out'
  throw refused(`features that are not finite: ${data[at]} at ${place}; ${hint}`)
}
