/** Filters over the bins of a spectrum, stored without their zeros. */

/**
 * Filter f covers the bins from `first[f]` up to, but not including, `last[f]`. Its weights follow those of
 * the filter before it.
 */
export interface FilterBank {
  first: Int32Array
  last: Int32Array
  weights: Float64Array
}

/** Writes the sum of the spectrum under each filter into `out`. */
export function applyFilterBank(
  { first, last, weights }: FilterBank,
  spectrum: Float64Array,
  out: Float64Array,
): void {
  for (let filter = 0, w = 0; filter < first.length; filter++) {
    const end = last[filter]!
    let bin = first[filter]!
    let sum = 0
    // Four at a time: one round of the loop costs more than the product itself.
    for (; bin + 4 <= end; bin += 4, w += 4) {
      sum +=
        weights[w]! * spectrum[bin]! +
        weights[w + 1]! * spectrum[bin + 1]! +
        (weights[w + 2]! * spectrum[bin + 2]! + weights[w + 3]! * spectrum[bin + 3]!)
    }
    for (; bin < end; bin++) sum += weights[w++]! * spectrum[bin]!
    out[filter] = sum
  }
}
