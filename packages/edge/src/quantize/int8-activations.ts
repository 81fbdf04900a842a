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

/** The smallest and the largest of some numbers; both are 0 if there are none. */
export function rangeOf(data: ArrayLike<number>): Range {
  let [min, max] = data.length === 0 ? [0, 0] : [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  for (let i = 0; i < data.length; i++) {
    min = Math.min(min, data[i]!)
    max = Math.max(max, data[i]!)
  }
  return { min, max }
}

/** Numbers as uint8 of a scale. Ties go to the even neighbour, as QuantizeLinear rounds. */
export function quantizeValues(data: ArrayLike<number>, { scale, zeroPoint }: ActivationScale): Uint8Array {
  return Uint8Array.from(data, (value) =>
    Math.max(0, Math.min(255, roundHalfEven(Math.fround(value / scale)) + zeroPoint)),
  )
}

/** The nearest integer. Ties go to the even neighbour. */
export function roundHalfEven(value: number): number {
  const rounded = Math.round(value)
  return Math.abs(value % 1) === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded
}
