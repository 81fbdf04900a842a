/** One call of an operator, and helpers that read its inputs and attributes. Rules find its outputs from them. */
import type { Attribute, AttributeKind, OnnxNode } from '../../model.js'
import { type ElementType, elementTypeOf, isElementCode } from '../../tensor.js'
import { contradiction, type Dim, maxRank } from './sizes.js'

/** What is known about a value before the model runs. */
export interface Known {
  type: ElementType | null
  /** Null if even the number of dimensions is unknown. */
  dims: readonly Dim[] | null
  /** The numbers in a scalar or a short vector, if they are known. The graph may use them as a shape, so they can be symbols, too. */
  content?: readonly Dim[]
}

/** A call of an operator whose output types are wanted. */
export interface Call {
  node: OnnxNode
  opset: number
  /** What is known about the inputs; {@link unknown} for inputs that are left out. */
  inputs: readonly Known[]
}

/** Finds what is known about each output. @throws EscError CORRUPT_DATA if the inputs contradict each other or the attributes. */
export type Rule = (call: Call) => readonly Known[]

/** A value about which nothing is known. */
export const unknown: Known = { type: null, dims: null }

/** What is known about an input; {@link unknown} if it is left out. */
export function input({ inputs }: Call, index: number): Known {
  return inputs[index] ?? unknown
}

/** Whether the call has this input. */
export function hasInput({ node }: Call, index: number): boolean {
  return (node.inputs[index] ?? '') !== ''
}

function attribute({ node }: Call, name: string, kind: AttributeKind): unknown {
  const value: Attribute | undefined = Object.hasOwn(node.attributes, name)
    ? node.attributes[name]
    : undefined
  // The check of signatures reports an attribute of the wrong kind.
  return value !== undefined && kind in value ? (value as Record<string, unknown>)[kind] : undefined
}

/** An integer attribute. */
export function intOf(call: Call, name: string, fallback: number): number {
  return (attribute(call, name, 'int') as number | undefined) ?? fallback
}

/** A string attribute. */
export function stringOf(call: Call, name: string, fallback: string): string {
  return (attribute(call, name, 'string') as string | undefined) ?? fallback
}

/** An attribute of several integers. */
export function intsOf(call: Call, name: string): readonly number[] | undefined {
  return attribute(call, name, 'ints') as readonly number[] | undefined
}

/** The element type whose number is in an attribute; `fallback` without the attribute, null for a type that is not supported. */
export function typeOr(call: Call, name: string, fallback: ElementType | null): ElementType | null {
  const code = intOf(call, name, 0)
  if (code === 0) return fallback
  if (!isElementCode(code)) throw contradiction(`${name} is ${code}, but no element type has this number`)
  return elementTypeOf(code)
}

/** The numbers in an input, if all of them are known. */
export function numbersOf(call: Call, index: number): readonly number[] | undefined {
  const { content } = input(call, index)
  return content?.every((value) => typeof value === 'number') ? (content as readonly number[]) : undefined
}

/** The axes in an input, or in the attribute that older operator sets have instead. */
export function axesOf(call: Call, index: number, name: string): readonly number[] | 'none' | 'unknown' {
  const listed = intsOf(call, name)
  if (listed) return listed
  return hasInput(call, index) ? (numbersOf(call, index) ?? 'unknown') : 'none'
}

/** The common element type of all inputs, or of those at `indices`. Inputs that are left out do not count. */
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

/** One output with the element type of the first input and the shape `dims`. */
export function shaped(call: Call, dims: readonly Dim[] | null): readonly Known[] {
  return [{ type: input(call, 0).type, dims }]
}

/** Unknown sizes, one for each value of a vector input. */
export function unknownSizes(call: Call, index: number): Dim[] | null {
  const length = input(call, index).dims?.[0]
  return typeof length === 'number' && length <= maxRank ? new Array<Dim>(length).fill(null) : null
}
