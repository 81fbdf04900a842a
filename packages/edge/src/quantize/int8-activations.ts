/** Activations (values that operators pass on) in 8 bits: from a measured range to a scale and a zero point. */

/** The smallest and the largest number that a value had during calibration. */
export interface Range {
  min: number
  max: number
}

/** `value ≈ scale · (quantised - zeroPoint)`; `quantised` is in 0 … 255. */
export interface ActivationScale {
  scale: number
  zeroPoint: number
}

/** The scale of a uint8 value with a zero point. The range is widened to contain 0, so that zeros of padding stay exact. */
export function quantizeActivation(range: Range): ActivationScale {
  const min = Math.min(0, range.min)
  const max = Math.max(0, range.max)
  // A value that is always 0 would have the scale 0, and division by it gives NaN.
  const scale = Math.fround((max - min) / 255) || 1
  return { scale, zeroPoint: Math.round((0 - min) / scale) }
}
