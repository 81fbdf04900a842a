/** Checks that a model is a graph that can run from top to bottom. */
import { EscError } from '@esc/core'
import { findTypes, labelOf } from './infer.js'
import type { Attribute, OnnxModel, OnnxNode } from './model.js'
import { type OperatorSignature, operatorSignature } from './operators.js'
import { sizeOf } from './tensor.js'

/**
 * Checks a model in one call:
 * - names and order: every value is made once and before it is read, every output exists, every constant fills its shape;
 * - signatures: every standard operator exists in the model's operator set and has the inputs, outputs and attributes that
 *   it takes there ({@link operatorSignature});
 * - types: element types and shapes fit each other and what the outputs are declared as ({@link inferTypes}).
 *
 * Operators of other domains, and standard ones that are not in the table, are only checked for names and order.
 *
 * @throws EscError CORRUPT_DATA naming the first problem; `detail.problems` lists all that were found.
 * @see ONNX IR specification, «Graphs»: single static assignment, nodes topologically sorted.
 * @example checkModel(graphBuilder.build())
 */
export function checkModel(model: OnnxModel): void {
  const structure = structureProblems(model)
  const { opset, domains, graph } = model
  const signatures = new Map<string, OperatorSignature | null>()
  const calls = graph.nodes.flatMap((node, index) => {
    const { opType, domain } = node
    if (!signatures.has(opType)) signatures.set(opType, operatorSignature(opType, opset))
    const signature = signatures.get(opType) ?? null
    const found = domain === '' ? signatureProblems(node, signature, opset) : domainProblems(node, domains)
    return found.map((problem) => `${labelOf(node, index)}: ${problem}`)
  })
  const found = [...structure, ...calls]
  // Types of a graph that does not hang together would only repeat that.
  const problems = found.length > 0 ? found : findTypes(model).problems
  if (problems.length === 0) return
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more, in detail.problems)`
  throw new EscError('CORRUPT_DATA', `${problems[0]}${more}`, { detail: { problems } })
}

function structureProblems({ graph }: OnnxModel): string[] {
  const problems: string[] = []
  const bad = (what: string) => problems.push(`graph '${graph.name}': ${what}`)
  const values = new Set<string>()
  for (const [name, tensor] of graph.initializers) {
    if (name === '') bad('a constant has no name')
    if (tensor.data.length !== sizeOf(tensor.dims)) {
      bad(`constant '${name}' has ${tensor.data.length} values for shape [${tensor.dims}]`)
    }
    values.add(name)
  }
  const inputs = new Set<string>()
  for (const { name } of graph.inputs) {
    if (name === '' || inputs.has(name)) bad(`input '${name}' is unnamed or declared twice`)
    inputs.add(name)
    // A constant may also be declared as an input: it is then that input's default.
    values.add(name)
  }
  for (const [index, node] of graph.nodes.entries()) {
    for (const name of node.inputs) {
      if (name !== '' && !values.has(name)) {
        problems.push(`${labelOf(node, index)}: reads '${name}', which nothing before it makes`)
      }
    }
    for (const name of node.outputs) {
      if (name !== '' && values.has(name)) {
        problems.push(`${labelOf(node, index)}: makes '${name}', which exists already`)
      }
      values.add(name)
    }
  }
  if (graph.outputs.length === 0) bad('has no outputs')
  for (const { name } of graph.outputs) {
    if (!values.has(name)) bad(`output '${name}' is a value that nothing makes`)
  }
  return problems
}

function domainProblems({ domain }: OnnxNode, domains: OnnxModel['domains']): string[] {
  return Object.hasOwn(domains, domain) ? [] : [`the model does not import operators of domain '${domain}'`]
}

function signatureProblems(
  { inputs, outputs, attributes }: OnnxNode,
  signature: OperatorSignature | null,
  opset: number,
): string[] {
  if (signature === null) return []
  const [since, until] = signature.opsets
  if (opset < since) return [`begins with operator set ${since}; the model has ${opset}`]
  if (opset > until) return [`ended with operator set ${until}; the model has ${opset}`]
  const problems: string[] = []
  const [fewest, most] = signature.inputs
  if (inputs.length < fewest || inputs.length > most) {
    problems.push(`has ${inputs.length} inputs; it takes ${describeRange(signature.inputs)}`)
  }
  const missing = inputs.slice(0, fewest).indexOf('')
  if (missing >= 0) problems.push(`leaves out input ${missing}, which it needs`)
  if (outputs.length < signature.outputs[0] || outputs.length > signature.outputs[1]) {
    problems.push(`has ${outputs.length} outputs; it makes ${describeRange(signature.outputs)}`)
  }
  for (const [name, { kind, required }] of Object.entries(signature.attributes)) {
    const value: Attribute | undefined = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (value === undefined) {
      if (required) problems.push(`lacks attribute '${name}' (${kind})`)
    } else if (!(kind in value)) {
      problems.push(`has attribute '${name}' of kind ${Object.keys(value)[0]}; it must be ${kind}`)
    }
  }
  for (const name of Object.keys(attributes)) {
    if (!Object.hasOwn(signature.attributes, name)) {
      problems.push(`has attribute '${name}', which is unknown in operator set ${opset}`)
    }
  }
  return problems
}

function describeRange([min, max]: readonly [number, number]): string {
  if (max === Number.POSITIVE_INFINITY) return `at least ${min}`
  return min === max ? `${min}` : `${min} to ${max}`
}
