/** Percentiles of many values. */

/** The five percentiles that a box plot shows; between two values they are interpolated, as NumPy's `percentile` does. */
export interface Spread {
  p5: number
  p25: number
  p50: number
  p75: number
  p95: number
}

/** The percentiles of the values; `null` if there are none. */
export function spreadOf(values: readonly number[]): Spread | null {
  if (values.length === 0) return null
  const sorted = Float64Array.from(values).sort()
  const at = (share: number) => {
    const place = share * (sorted.length - 1)
    const below = Math.floor(place)
    const next = sorted[Math.min(below + 1, sorted.length - 1)]!
    return sorted[below]! + (place - below) * (next - sorted[below]!)
  }
  return { p5: at(0.05), p25: at(0.25), p50: at(0.5), p75: at(0.75), p95: at(0.95) }
}
