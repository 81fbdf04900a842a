/** A running maximum over the bins of a matrix. */
import type { FeatureMatrix } from '@esc/core'

/**
 * Computes the largest value among the `size` bins around each bin, in every frame. The window ends at the
 * ends of the matrix. If the size is even, the window reaches one bin further down than up.
 *
 * @param size - An integer >= 1; 1 returns the same matrix.
 * @see scipy 1.10 `ndimage.maximum_filter1d` with `axis=0`. scipy mirrors at the ends, which adds no new
 *   values.
 * @example maxFilterBins(logMel, 3)
 */
export function maxFilterBins(matrix: FeatureMatrix, size: number): FeatureMatrix {
  if (size === 1) return matrix
  const { data, bins, frames } = matrix
  const below = Math.floor(size / 2)
  const out = data.slice()
  for (let bin = 0; bin < bins; bin++) {
    const row = bin * frames
    const first = Math.max(0, bin - below)
    const last = Math.min(bins - 1, bin - below + size - 1)
    for (let other = first; other <= last; other++) {
      for (let t = 0, i = other * frames; t < frames; t++, i++) {
        if (data[i]! > out[row + t]!) out[row + t] = data[i]!
      }
    }
  }
  return { data: out, bins, frames }
}
