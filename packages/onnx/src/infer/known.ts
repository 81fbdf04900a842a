/** What is known of a value before the model runs, and how sizes are reckoned with where some are symbols or unknown. */
import { EscError } from '@esc/core'
import type { Attribute, AttributeKind, OnnxNode } from '../model.js'
import { type ElementType, elementTypeOf, isElementCode } from '../tensor.js'

/** A size: a number, a symbol such as `N`, or null where unknown. */
export type Dim = number | string | null

/** What is known of a value. */
export interface Known {
  type: ElementType | null
  /** Null where not even the rank is known. */
  dims: readonly Dim[] | null
  /** The values themselves of a scalar or a short vector, which may be a shape in the making: sizes can be symbols. */
  content?: readonly Dim[]
}

/** A call of an operator of which the types are to be found. */
export interface Call {
  node: OnnxNode
  opset: number
  /** What is known of the inputs; {@link unknown} for those left out. */
  inputs: readonly Known[]
}

/** Finds what is known of each output. @throws EscError CORRUPT_DATA where the inputs contradict each other or the attributes. */
export type Rule = (call: Call) => readonly Known[]

export const unknown: Known = { type: null, dims: null }

/** Longest vector whose values are followed: shapes, axes, pads and scales are shorter. */
export const maxContent = 64

/** Most dimensions that are followed; NumPy has 64. */
export const maxRank = 64

export function contradiction(what: string): EscError {
  return new EscError('CORRUPT_DATA', what)
}

/** An input, {@link unknown} where it is left out. */
export function input({ inputs }: Call, index: number): Known {
  return inputs[index] ?? unknown
}

export function hasInput({ node }: Call, index: number): boolean {
  return (node.inputs[index] ?? '') !== ''
}

function attribute({ node }: Call, name: string, kind: AttributeKind): unknown {
  const value: Attribute | undefined = Object.hasOwn(node.attributes, name)
    ? node.attributes[name]
    : undefined
  // A kind that is wrong is reported by the signature's check.
  return value !== undefined && kind in value ? (value as Record<string, unknown>)[kind] : undefined
}

export function intOf(call: Call, name: string, fallback: number): number {
  return (attribute(call, name, 'int') as number | undefined) ?? fallback
}

export function stringOf(call: Call, name: string, fallback: string): string {
  return (attribute(call, name, 'string') as string | undefined) ?? fallback
}

export function intsOf(call: Call, name: string): readonly number[] | undefined {
  return attribute(call, name, 'ints') as readonly number[] | undefined
}

/** The element type that an attribute gives the number of; `fallback` where it is not there, null where it is not held. */
export function typeOr(call: Call, name: string, fallback: ElementType | null): ElementType | null {
  const code = intOf(call, name, 0)
  if (code === 0) return fallback
  if (!isElementCode(code)) throw contradiction(`${name} is ${code}, which is the number of no element type`)
  return elementTypeOf(code)
}

/** The content of an input where all of it is numbers. */
export function numbersOf(call: Call, index: number): readonly number[] | undefined {
  const { content } = input(call, index)
  return content?.every((value) => typeof value === 'number') ? (content as readonly number[]) : undefined
}

/** The axes of an input of integers, or of the attribute that it was before. */
export function axesOf(call: Call, index: number, name: string): readonly number[] | 'none' | 'unknown' {
  const listed = intsOf(call, name)
  if (listed) return listed
  return hasInput(call, index) ? (numbersOf(call, index) ?? 'unknown') : 'none'
}

/** An axis counted from the front. */
export function axisIn(axis: number, rank: number, what = 'axis'): number {
  if (Number.isInteger(axis) && axis >= -rank && axis < rank) return axis < 0 ? axis + rank : axis
  throw contradiction(`${what} ${axis} is outside a tensor of ${rank} dimensions`)
}

export function axesIn(axes: readonly number[], rank: number): number[] {
  const found = axes.map((axis) => axisIn(axis, rank))
  if (new Set(found).size === found.length) return found
  throw contradiction(`axes [${axes}] name one twice`)
}

/** Asserts a number of dimensions where it is known. */
export function expectRank({ dims }: Known, what: string, min: number, max = min): void {
  if (dims !== null && (dims.length < min || dims.length > max)) {
    const wanted =
      min === max ? `${min}` : max === Number.POSITIVE_INFINITY ? `at least ${min}` : `${min} to ${max}`
    throw contradiction(
      `${what} is ${describeDims(dims)}, with ${dims.length} dimensions instead of ${wanted}`,
    )
  }
}

/** A size that a graph computes. @throws EscError CORRUPT_DATA if it cannot be one. */
export function asSize(value: Dim): Dim {
  if (typeof value !== 'number' || (Number.isSafeInteger(value) && value >= 0)) return value
  throw contradiction(`${value} is not a size`)
}

/** The result: first input's element type in another shape. */
export function shaped(call: Call, dims: readonly Dim[] | null): readonly Known[] {
  return [{ type: input(call, 0).type, dims }]
}

/** As many unknown sizes as a vector input has values. */
export function unknownSizes(call: Call, index: number): Dim[] | null {
  const length = input(call, index).dims?.[0]
  return typeof length === 'number' && length <= maxRank ? new Array<Dim>(length).fill(null) : null
}

/** Two statements about one size. @throws EscError CORRUPT_DATA if they are different numbers. */
export function sameDim(a: Dim, b: Dim, what: string): Dim {
  if (typeof a === 'number' && typeof b === 'number' && a !== b) throw contradiction(`${what}: ${a} and ${b}`)
  if (typeof a === 'number' || b === null) return a
  return typeof b === 'number' || a === null ? b : a
}

/** The element type that the inputs share, or those at `indices`; inputs left out have none. */
export function sameType(
  call: Call,
  indices: readonly number[] = [...call.inputs.keys()],
): ElementType | null {
  let found: ElementType | null = null
  for (const index of indices) {
    const { type } = input(call, index)
    if (found !== null && type !== null && type !== found) {
      const names = indices.map((i) => `'${call.node.inputs[i]}' ${input(call, i).type ?? 'unknown'}`)
      throw contradiction(`inputs must be of one element type: ${names.join(', ')}`)
    }
    found ??= type
  }
  return found
}

/** Number of values: `N` for [N, 1], null where it depends on more than one symbol. */
export function productOf(dims: readonly Dim[]): Dim {
  let product = 1
  const symbols = dims.filter((dim) => typeof dim !== 'number')
  for (const dim of dims) if (typeof dim === 'number') product *= dim
  if (symbols.length === 0 || product === 0) return symbols.includes(null) ? null : product
  return symbols.length === 1 && product === 1 ? symbols[0]! : null
}

/** NumPy's rule: shapes are aligned at their end, and a size of 1 stretches. */
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

/** `[N, 3, ?]`; `[…]` where the rank is unknown. */
export function describeDims(dims: readonly Dim[] | null): string {
  return `[${dims?.map((dim) => dim ?? '?').join(', ') ?? '…'}]`
}
