/** Activations in 8 bits: from the range that calibration measured to a scale and a zero point. */

/** Smallest and largest number a value took. */
export interface Range {
  min: number
  max: number
}

/** `value ≈ scale · (quantised - zeroPoint)`, quantised in 0 … 255. */
export interface ActivationScale {
  scale: number
  zeroPoint: number
}

/** uint8 with a zero point. The range is widened to hold 0, so that padding zeros are exact. */
export function quantizeActivation(range: Range): ActivationScale {
  const min = Math.min(0, range.min)
  const max = Math.max(0, range.max)
  // A value that is always 0 would have scale 0, and dividing by it gives NaN.
  const scale = Math.fround((max - min) / 255) || 1
  return { scale, zeroPoint: Math.round((0 - min) / scale) }
}
