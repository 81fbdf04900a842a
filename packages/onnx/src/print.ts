/** Prints models for people. */
import type { Attribute, OnnxModel, ValueInfo } from './model.js'

/**
 * A model as text, one operator a line: `logits = Gemm(relu3, dense2.kernel, dense2.bias) {transB: 1}`.
 *
 * @example console.log(printGraph(lowerNetwork(graph)))
 */
export function printGraph({ graph, opset, producer }: OnnxModel): string {
  const lines = [`graph ${JSON.stringify(graph.name)} (opset ${opset}, ${producer || 'unknown producer'})`]
  for (const value of graph.inputs) lines.push(`  input ${describeValue(value)}`)
  for (const [name, { type, dims }] of graph.initializers)
    lines.push(`  const ${name}: ${type}[${dims.join(', ')}]`)
  for (const { outputs, opType, domain, inputs, attributes } of graph.nodes) {
    const settings = Object.entries(attributes).map(([key, value]) => `${key}: ${describeAttribute(value)}`)
    const call = `${domain === '' ? '' : `${domain}.`}${opType}(${inputs.join(', ')})`
    lines.push(`  ${outputs.join(', ')} = ${call}${settings.length > 0 ? ` {${settings.join(', ')}}` : ''}`)
  }
  for (const value of graph.outputs) lines.push(`  output ${describeValue(value)}`)
  return lines.join('\n')
}

function describeValue({ name, type, dims }: ValueInfo): string {
  return `${name}: ${type}[${dims?.map((size) => size ?? '?').join(', ') ?? '…'}]`
}

function describeAttribute(value: Attribute): string {
  if ('tensor' in value) return `${value.tensor.type}[${value.tensor.dims.join(', ')}]`
  return JSON.stringify(Object.values(value)[0])
}
