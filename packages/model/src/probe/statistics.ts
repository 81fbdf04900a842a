/** Reads examples as the linear probe sees them: mean and deviation over time of each bin. */
import {
  assertFeatures,
  createNormalizerFit,
  drawFeatures,
  type FeatureMatrix,
  type FeatureSet,
  type InputShape,
  type Normalizer,
} from '@esc/core'
import { targetOf } from '../training/targets.js'

/** Statistics of the training part. */
export interface ClipStatistics {
  /** [examples, 2 · bins]: the means of all bins, then their population standard deviations. */
  values: Float64Array
  /** [examples, classes]: how much each example belongs to each class. */
  targets: Float64Array
  /** Mean and deviation of each bin over all frames of all examples. */
  normalizer: Normalizer
}

/** How many examples are read at the same time, because a set may read them from a disk. */
const readAhead = 16

/**
 * Reads every example once, without augmentation.
 *
 * @throws EscError INVALID_INPUT naming an example whose features or target do not fit; the signal's reason.
 */
export async function readStatistics(
  set: FeatureSet,
  indices: Int32Array,
  shape: InputShape,
  signal: AbortSignal | undefined,
): Promise<ClipStatistics> {
  const [, bins] = shape
  const classes = set.labels.length
  const values = new Float64Array(indices.length * 2 * bins)
  const targets = new Float64Array(indices.length * classes)
  const fit = createNormalizerFit()
  for (let start = 0; start < indices.length; start += readAhead) {
    signal?.throwIfAborted()
    const chosen = Array.from(indices.subarray(start, start + readAhead))
    const drawn = await drawFeatures(set, chosen)
    for (const [i, index] of chosen.entries()) {
      const record = set.records[index]!
      const features = assertFeatures(record.id, drawn[i]?.features, shape)
      targets.set(targetOf(record, drawn[i]!.target, classes, 'softmax'), (start + i) * classes)
      writeStatistics(features, values, (start + i) * 2 * bins)
      fit.add(features)
    }
  }
  return { values, targets, normalizer: fit.finish() }
}

function writeStatistics({ data, bins, frames }: FeatureMatrix, out: Float64Array, offset: number): void {
  for (let bin = 0; bin < bins; bin++) {
    const [from, to] = [bin * frames, (bin + 1) * frames]
    let sum = 0
    for (let i = from; i < to; i++) sum += data[i]!
    const mean = sum / frames
    let squares = 0
    for (let i = from; i < to; i++) squares += (data[i]! - mean) ** 2
    out[offset + bin] = mean
    out[offset + bins + bin] = Math.sqrt(squares / frames)
  }
}

/** Mean and scale of each column. */
export interface Scaler {
  mean: Float64Array
  /** The population standard deviation; 1 where the column is constant. */
  scale: Float64Array
}

/**
 * Fits scikit-learn's `StandardScaler`. A column counts as constant if its variance may come from rounding alone.
 *
 * @param values - [rows, columns].
 * @see scikit-learn 1.2, `_is_constant_feature` in `sklearn/preprocessing/_data.py`.
 */
export function fitScaler(values: Float64Array, columns: number): Scaler {
  const rows = values.length / columns
  const mean = new Float64Array(columns)
  const scale = new Float64Array(columns)
  for (let column = 0; column < columns; column++) {
    let sum = 0
    for (let i = column; i < values.length; i += columns) sum += values[i]!
    const centre = sum / rows
    let squares = 0
    for (let i = column; i < values.length; i += columns) squares += (values[i]! - centre) ** 2
    const variance = squares / rows
    const rounding = rows * Number.EPSILON * variance + (rows * centre * Number.EPSILON) ** 2
    mean[column] = centre
    scale[column] = variance <= rounding ? 1 : Math.sqrt(variance)
  }
  return { mean, scale }
}
