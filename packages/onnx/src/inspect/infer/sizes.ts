/** Sizes and axes of tensors before a model runs: a size is a number, a symbol such as `N`, or unknown. */
import { EscError } from '@esc/core'

/** A size: a number, a symbol such as `N`, or null if it is unknown. */
export type Dim = number | string | null

/** Shapes with more dimensions than this count as unknown; NumPy allows 64. */
export const maxRank = 64

/** The error for a call whose parts contradict each other. */
export function contradiction(what: string): EscError {
  return new EscError('CORRUPT_DATA', what)
}

/** An axis counted from the front; negative ones count from the end. @throws EscError CORRUPT_DATA if there is no such axis. */
export function axisIn(axis: number, rank: number, what = 'axis'): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis
  throw contradiction(`${what} ${axis} is outside a tensor of ${rank} dimensions`)
}

/** Several axes counted from the front. @throws EscError CORRUPT_DATA if one does not exist, or is named twice. */
export function axesIn(axes: readonly number[], rank: number): number[] {
  const found = axes.map((axis) => axisIn(axis, rank))
  if (new Set(found).size === found.length) return found
  throw contradiction(`axes [${axes}] name one axis twice`)
}

/** Checks the number of dimensions, if it is known. */
export function expectRank(
  { dims }: { readonly dims: readonly Dim[] | null },
  what: string,
  min: number,
  max = min,
): void {
  if (dims !== null && (dims.length < min || dims.length > max)) {
    const wanted =
      min === max ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`
    throw contradiction(
      `${what} is ${describeDims(dims)}, with ${dims.length} dimensions instead of ${wanted}`,
    )
  }
}

/** Checks a size that the graph computes. @throws EscError CORRUPT_DATA if it cannot be a size. */
export function asSize(value: Dim): Dim {
  if (typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0)) return value
  throw contradiction(`${value} is not a size`)
}

/** Joins what two places say about one size. @throws EscError CORRUPT_DATA if they give different numbers. */
export function sameDim(a: Dim, b: Dim, what: string): Dim {
  if (typeof a === 'number' && typeof b === 'number' && a !== b) throw contradiction(`${what}: ${a} and ${b}`)
  if (typeof a === 'number' || b === null) return a
  return typeof b === 'number' || a === null ? b : a
}

/** The number of values in a shape: `N` for [N, 1], null if it depends on more than one symbol. */
export function productOf(dims: readonly Dim[]): Dim {
  let product = 1
  const symbols = dims.filter((dim) => typeof dim !== 'number')
  for (const dim of dims) if (typeof dim === 'number') product *= dim
  if (symbols.length === 0 || product === 0) return symbols.includes(null) ? null : product
  return symbols.length === 1 && product === 1 ? symbols[0]! : null
}

/** Broadcasts shapes by NumPy's rule: they are aligned at their ends, and a size of 1 is repeated. */
export function broadcast(
  shapes: readonly (readonly Dim[] | null)[],
  names: readonly string[],
): Dim[] | null {
  if (shapes.includes(null)) return null
  const known = shapes as readonly (readonly Dim[])[]
  const rank = known.reduce((most, { length }) => Math.max(most, length), 0)
  return Array.from({ length: rank }, (_, axis) => {
    const sizes = known.map(
      (dims) => dims[axis - rank + dims.length] ?? (axis < rank - dims.length ? 1 : null),
    )
    const stretched = sizes.filter((size) => size !== 1)
    const numbers = stretched.filter((size) => typeof size === 'number')
    if (numbers.some((size) => size !== numbers[0])) {
      const shown = known.map((dims, i) => `'${names[i] ?? ''}' ${describeDims(dims)}`)
      throw contradiction(`shapes do not broadcast: ${shown.join(', ')}`)
    }
    if (numbers.length > 0) return numbers[0]!
    if (stretched.length === 0) return 1
    return stretched.every((size) => size === stretched[0]) ? stretched[0]! : null
  })
}

/** `[N, 3, ?]`; `[…]` if the number of dimensions is unknown. */
export function describeDims(dims: readonly Dim[] | null): string {
  return `[${dims?.map((dim) => dim ?? '?').join(', ') ?? '…'}]`
}
