/** A call of an operator: what is known of its inputs and attributes, and what a rule makes of them. */
import type { Attribute, AttributeKind, OnnxNode } from '../../model.js'
import { type ElementType, elementTypeOf, isElementCode } from '../../tensor.js'
import { contradiction, type Dim, maxRank } from './sizes.js'

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

/** The result: first input's element type in another shape. */
export function shaped(call: Call, dims: readonly Dim[] | null): readonly Known[] {
  return [{ type: input(call, 0).type, dims }]
}

/** As many unknown sizes as a vector input has values. */
export function unknownSizes(call: Call, index: number): Dim[] | null {
  const length = input(call, index).dims?.[0]
  return typeof length === 'number' && length <= maxRank ? new Array<Dim>(length).fill(null) : null
}
