/** A running maximum over the bins of a matrix. */
import type { FeatureMatrix } from '@esc/core'

/**
 * The largest value among the `size` bins around each bin, in every frame; beyond the ends there are none. The window
 * of an even size reaches one bin further down than up.
 *
 * @param size - An integer >= 1; 1 gives back the same matrix.
 * @see scipy 1.10 `ndimage.maximum_filter1d` with `axis=0`: mirroring at the ends adds no value that is not inside.
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
