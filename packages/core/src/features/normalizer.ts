/** Normalisation of features with the means and deviations of the training examples. */
import { hasField, isNumberList, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import { assertMatrixShape, type FeatureMatrix } from './matrix.js'

/**
 * Mean and standard deviation of each bin. A value `x` becomes `(x - mean[bin]) / std[bin]`. It is plain JSON, and stands in
 * `model.json`.
 */
export interface Normalizer {
  mean: readonly number[]
  /** All > 0. */
  std: readonly number[]
}

/**
 * Computes the mean and the (population) standard deviation of every bin over all frames of all matrices. A constant bin gets
 * standard deviation 1, as in scikit-learn's `StandardScaler`.
 *
 * Pass training examples only. Statistics of test clips would be a leak: the model would know something about its test.
 *
 * @throws EscError INVALID_INPUT if there are no matrices, their bins differ, or a value is not finite.
 * @example fitNormalizer(clips.map((clip) => melSpectrogram(clip)))
 */
export function fitNormalizer(matrices: Iterable<FeatureMatrix>): Normalizer {
  if (typeof matrices === 'string' || typeof matrices?.[Symbol.iterator] !== 'function') {
    throw wrongValue('matrices', matrices, 'a list of matrices', { advice: { 'a matrix': 'pass [matrix]' } })
  }
  const fit = createNormalizerFit()
  let index = 0
  for (const matrix of matrices) {
    assertMatrixShape(`matrices[${index++}]`, matrix)
    fit.add(matrix)
  }
  return fit.finish()
}

/** Computes a normalizer from one matrix at a time, for features that do not all fit into memory. */
export interface NormalizerFit {
  /** @throws EscError INVALID_INPUT if the matrix has another number of bins than the first one. */
  add(matrix: FeatureMatrix): void
  /** @throws EscError INVALID_INPUT if there were no matrices, or a value was not finite. */
  finish(): Normalizer
}

/**
 * Does the same as {@link fitNormalizer}, with one matrix at a time.
 *
 * @example const fit = createNormalizerFit(); fit.add(features); const normalizer = fit.finish()
 */
export function createNormalizerFit(): NormalizerFit {
  let bins = 0
  let count = 0
  let mean: Float64Array = new Float64Array(0)
  let m2: Float64Array = new Float64Array(0)
  return {
    add(matrix) {
      assertMatrixShape('matrix', matrix)
      if (count === 0) {
        bins = matrix.bins
        mean = new Float64Array(bins)
        m2 = new Float64Array(bins)
      } else if (matrix.bins !== bins) {
        throw new EscError('INVALID_INPUT', `matrix has ${matrix.bins} bins, the first had ${bins}`)
      }
      // Chan et al. 1979: this merges the moments of each matrix. A sum of squares would lose digits.
      for (let bin = 0; bin < bins; bin++) {
        const [matrixMean, matrixM2] = momentsOf(matrix, bin)
        const delta = matrixMean - mean[bin]!
        const total = count + matrix.frames
        mean[bin]! += (delta * matrix.frames) / total
        m2[bin]! += matrixM2 + (delta * delta * count * matrix.frames) / total
      }
      count += matrix.frames
    },
    finish() {
      if (count === 0)
        throw new EscError('INVALID_INPUT', 'a normalizer needs at least one matrix with frames')
      const bad = mean.findIndex((value, bin) => !Number.isFinite(value + m2[bin]!))
      if (bad >= 0) throw new EscError('INVALID_INPUT', `bin ${bad} holds values that are not finite`)
      return { mean: Array.from(mean), std: Array.from(m2, (sum) => Math.sqrt(sum / count) || 1) }
    },
  }
}

function momentsOf({ data, frames }: FeatureMatrix, bin: number): [mean: number, m2: number] {
  const start = bin * frames
  let sum = 0
  for (let i = start; i < start + frames; i++) sum += data[i]!
  const mean = frames > 0 ? sum / frames : 0
  let m2 = 0
  for (let i = start; i < start + frames; i++) m2 += (data[i]! - mean) ** 2
  return [mean, m2]
}

/**
 * Applies a normalizer.
 *
 * @returns New storage, same shape.
 * @throws EscError INVALID_INPUT if the matrix has another number of bins.
 * @example applyNormalizer(features, normalizer)
 */
export function applyNormalizer(matrix: FeatureMatrix, normalizer: Normalizer): FeatureMatrix {
  assertMatrixShape('matrix', matrix)
  assertNormalizer('normalizer', normalizer)
  const { bins, frames } = matrix
  const { mean, std } = normalizer
  if (mean.length !== bins || std.length !== bins) {
    throw new EscError('INVALID_INPUT', `normalizer has ${mean.length} bins, the matrix ${bins}`)
  }
  const data = new Float32Array(bins * frames)
  normalizeInto(data, 0, matrix, { mean, std })
  return { data, bins, frames }
}

/**
 * @throws EscError INVALID_INPUT unless it is `{ mean, std }`, two lists of numbers.
 * @example assertNormalizer('normalizer', normalizer)
 */
export function assertNormalizer(name: string, normalizer: unknown): asserts normalizer is Normalizer {
  if (!hasField(normalizer, 'mean')) throw wrongValue(name, normalizer, 'a normalizer, { mean, std }')
  const { mean, std } = normalizer as unknown as Normalizer
  for (const [field, values] of Object.entries({ mean, std })) {
    if (!isNumberList(values))
      throw wrongValue(`${name}.${field}`, values, 'a list of numbers, one for each bin')
  }
}

/**
 * Writes normalised features into a batch, from index `offset` on. The caller must have checked the number of bins.
 *
 * @example normalizeInto(batch, 0, features, normalizer)
 */
export function normalizeInto(
  batch: Float32Array,
  offset: number,
  { data, bins, frames }: FeatureMatrix,
  { mean, std }: Normalizer,
): void {
  for (let bin = 0; bin < bins; bin++) {
    const [centre, deviation] = [mean[bin]!, std[bin]!]
    for (let i = bin * frames; i < (bin + 1) * frames; i++)
      batch[offset + i] = (data[i]! - centre) / deviation
  }
}
