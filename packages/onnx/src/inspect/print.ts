/** Prints models as text for people. */

import { dataInputs } from '../inputs.js'
import { type Attribute, assertOnnxModel, type OnnxModel, type OnnxNode, type ValueInfo } from '../model.js'
import { sizeOf, type Tensor } from '../tensor.js'
import { findTypes } from './infer/infer-types.js'
import { describeDims } from './infer/sizes.js'

/** The values of a constant are printed if there are at most this many, as of shapes, axes and scales. */
const printedValues = 8

/**
 * A model as text, one line for each operator, with the shapes of inner values where they can be found:
 *
 *     conv1: float32[N, 8, 13, 431] = Conv(input, conv1.kernel, conv1.bias) {pads: [1, 1, 1, 1]}
 *
 * Weights that are also graph inputs are printed once, as constants. A model that contradicts itself is printed, too, with a list of
 * its problems at the end.
 *
 * @example console.log(printGraph(lowerNetwork(graph)))
 */
export function printGraph(model: OnnxModel): string {
  assertOnnxModel('model', model)
  const { graph, opset, producer, metadata } = model
  const { types, problems } = findTypes(model)
  const constants = [...graph.initializers]
  const values = constants.reduce((sum, [, { dims }]) => sum + sizeOf(dims), 0)
  const defaults = new Set(graph.inputs.map(({ name }) => name))
  const typed = (name: string) => {
    const value = types.get(name)
    return value ? describeValue(value) : name
  }
  const lines = [
    `graph ${JSON.stringify(graph.name)} (opset ${opset}, ${producer || 'unknown producer'}; ` +
      `operators: ${graph.nodes.length}, constants: ${constants.length} of ${values} values)`,
    ...Object.entries(metadata).map(([key, value]) => `  metadata ${key}: ${shortened(value)}`),
    ...dataInputs(model).map((value) => `  input ${describeValue(value)}`),
    ...constants.map(
      ([name, tensor]) =>
        `  const ${describeConstant(name, tensor)}${defaults.has(name) ? ' (also an input)' : ''}`,
    ),
    ...graph.nodes.map((node) => `  ${describeNode(node, typed)}`),
    ...graph.outputs.map((value) => `  output ${describeValue(value)}`),
    ...problems.map((problem) => `  wrong: ${problem}`),
  ]
  // Names come from files, so control characters are removed: they could move a terminal's cursor.
  return lines.map((line) => line.replaceAll(/\p{Cc}/gu, '?')).join('\n')
}

function describeNode(
  { outputs, opType, domain, inputs, attributes }: OnnxNode,
  typed: (name: string) => string,
): string {
  const settings = Object.entries(attributes).map(([key, value]) => `${key}: ${describeAttribute(value)}`)
  const made = outputs.map((name) => (name === '' ? '_' : typed(name))).join(', ')
  const read = inputs.map((name) => (name === '' ? '_' : name)).join(', ')
  const call = `${domain === '' ? '' : `${domain}.`}${opType}(${read})`
  return `${made} = ${call}${settings.length > 0 ? ` {${settings.join(', ')}}` : ''}`
}

function describeConstant(name: string, tensor: Tensor): string {
  const { type, dims, data } = tensor
  const value = describeValue({ name, type, dims })
  if (data.length > printedValues || type.endsWith('float16')) return value
  const shown = Array.from(data as ArrayLike<number | bigint>, (item) =>
    typeof item === 'bigint' ? `${item}` : `${Number(item.toPrecision(4))}`,
  )
  return `${value} = ${shown.join(', ')}`
}

function describeValue({ name, type, dims }: ValueInfo): string {
  return `${name}: ${type}${describeDims(dims)}`
}

function describeAttribute(value: Attribute): string {
  if (!('tensor' in value)) return JSON.stringify(Object.values(value)[0])
  return describeConstant('', value.tensor).slice(2)
}

function shortened(text: string): string {
  return text.length > 80 ? `${text.slice(0, 79)}…` : text
}
