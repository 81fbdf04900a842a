/** Looks up the signatures of the standard operators: their inputs with element types, outputs, and attributes. */
import { assertInteger, wrongValue } from '@esc/core'
import type { AttributeKind } from '../model.js'
import type { ElementType } from '../tensor.js'
import { attributeKinds, signatures, typeSets } from './operator-table.js'

/** The inputs, outputs and attributes with which an operator may be called. */
export interface OperatorSignature {
  /** First and last operator set in which the signature is valid. 13 means 13 or earlier, `Infinity` means the latest. */
  opsets: readonly [since: number, until: number]
  /** Smallest and largest number of inputs. The first `min` inputs must not be left out. */
  inputs: readonly [min: number, max: number]
  /**
   * The element types that each input may have. Inputs beyond the last entry are as the last one. Inputs with the same `parameter`
   * (ONNX's `T`) must have the same type. Types that are not an {@link ElementType} are left out.
   */
  inputTypes: readonly { parameter: string; types: readonly ElementType[] }[]
  /** Smallest and largest number of outputs. */
  outputs: readonly [min: number, max: number]
  /** Attributes by name. `values` are the allowed values of a string, where ONNX lists them. */
  attributes: Readonly<Record<string, { kind: AttributeKind; required: boolean; values?: readonly string[] }>>
}

/**
 * The signature of a standard operator, or null if the table does not have the operator. Operators on sequences, strings and
 * optional values, and operators with subgraphs, are not in the table.
 *
 * If the operator does not exist in operator set `opset`, the result is its nearest signature, as its `opsets` show.
 *
 * @see `onnx.defs` of ONNX 1.23.1. The table was compared with it for operator sets 13 to 21.
 * @example
 * const { inputs, inputTypes } = operatorSignature('Conv', 17)!
 * inputs // [2, 3]
 * inputTypes[0] // { parameter: 'f', types: ['float16', 'float32', 'float64'] }, and so are the other two
 */
export function operatorSignature(opType: string, opset: number): OperatorSignature | null {
  if (typeof opType !== 'string') throw wrongValue('opType', opType, 'the name of an operator')
  assertInteger('opset', opset, 1)
  if (!Object.hasOwn(signatures, opType)) return null
  const known = signatures[opType]!.map(parseSignature)
  return known.findLast(({ opsets: [since] }) => since <= opset) ?? known[0]!
}

function parseSignature(line: string): OperatorSignature {
  const [opsets, inputs, outputs, ...attributes] = line.split(' ') as [string, string, string, ...string[]]
  const [since, until] = rangeOf(opsets)
  const parameters = parametersOf(inputs)
  return {
    opsets: [since, opsets.includes('-') ? until : Number.POSITIVE_INFINITY],
    inputs: [
      parametersOf(inputs.split('-')[0]!).length,
      inputs.endsWith('*') ? Number.POSITIVE_INFINITY : parameters.length,
    ],
    inputTypes: parameters.map((parameter) => ({
      parameter,
      types: typeSets[parameter[0]!]!.split(' ') as ElementType[],
    })),
    outputs: rangeOf(outputs),
    attributes: Object.fromEntries(attributes.map(parseAttribute)),
  }
}

function parametersOf(inputs: string): readonly string[] {
  return inputs.match(/[A-Za-z]\d?/g) ?? []
}

function parseAttribute(item: string): [string, OperatorSignature['attributes'][string]] {
  const [, name, kind, values, mark] = /^(\w+):(\w)(?:\((.*)\))?(!?)$/.exec(item)!
  const attribute = { kind: attributeKinds[kind!]!, required: mark === '!' }
  return [name!, values === undefined ? attribute : { ...attribute, values: values.split('|') }]
}

function rangeOf(text: string): [number, number] {
  const [min, max = min] = text.split('-') as [string, string | undefined]
  return [Number(min), max === '*' ? Number.POSITIVE_INFINITY : Number(max)]
}
