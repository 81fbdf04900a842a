/** Reads the examples of a feature set in batches. */

import { asOptions, assertInteger, assertKnown, assertSignal } from '../check/options.js'
import { EscError } from '../error.js'
import { assertIndices } from './check-set.js'
import { drawFeatures } from './draw.js'
import type { FeatureSet } from './feature-set.js'
import { assertMatrixShape, type FeatureMatrix } from './matrix.js'
import { assertNormalizer, type Normalizer, normalizeInto } from './normalizer.js'

/** Shape of a network's input without the batch axis. */
export type InputShape = readonly [channels: number, bins: number, frames: number]

/** Features of several examples, one after the other. */
export interface FeatureBatch {
  /** Indices of the examples in the set, in order. */
  indices: readonly number[]
  /** [examples, channels, bins, frames]. */
  dims: readonly [number, number, number, number]
  data: Float32Array
  /** The target of each example; `undefined` if its label alone is the target. */
  targets: readonly (Float32Array | undefined)[]
}

/** Options of {@link featureBatches}. */
export interface FeatureBatchOptions {
  /** Number of examples in a batch, an integer >= 1. The last batch may have fewer. */
  batchSize: number
  /** Shape that the features of every example must have. @defaultValue the shape of the first example */
  shape?: InputShape | undefined
  /** It is applied to the features. @defaultValue `null`: the features stay as they are */
  normalizer?: Normalizer | null | undefined
  /** Aborts the reading between two batches. @defaultValue none */
  signal?: AbortSignal | undefined
}

/**
 * Reads examples in batches. It passes no `DrawContext` to the set, so nothing random is done.
 *
 * @returns Batches in the order of `indices`. Each batch has its own storage.
 * @throws EscError INVALID_INPUT if an index is outside the set, if the features of an example have another shape or are not finite
 *   (the message names the example), or if the normalizer has another number of bins; INVALID_OPTION if `batchSize` is not an
 *   integer >= 1, or an option is unknown; the signal's reason.
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
 * Checks features that a user's code computed. Values must be finite: max pooling of ONNX Runtime removes NaN, so no later step
 * would notice it.
 *
 * @param id - Id of the example, for the message.
 * @param shape - Shape of the network's input.
 * @param maker - Name of the function that changed the example's features, for the message.
 *   @defaultValue none: nothing changed them
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
  // In float64 the sum of float32 values is finite if and only if all of them are finite.
  let sum = 0
  for (let i = 0; i < data.length; i++) sum += data[i]!
  if (Number.isFinite(sum)) return features
  const at = data.findIndex((value) => !Number.isFinite(value))
  const place = `bin ${Math.floor(at / frames)}, frame ${at % frames}`
  const hint = maker ? `see what ${maker} does` : 'look at its recording, or leave it out'
  throw refused(`features that are not finite: ${data[at]} at ${place}; ${hint}`)
}
