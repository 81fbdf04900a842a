/** Checks a model: names and order, calls of operators, element types, and shapes. */
import { EscError } from '@esc/core'
import { type Attribute, assertOnnxModel, type OnnxModel, type OnnxNode, type ValueInfo } from '../model.js'
import { type ElementType, sizeOf } from '../tensor.js'
import { findTypes, labelOf } from './infer/infer-types.js'
import { type OperatorSignature, operatorSignature } from './operators.js'

/**
 * Checks a model in one call:
 * - names and order: every value is made once and before it is read, every output exists, every constant fills its shape;
 * - signatures: every standard operator exists in the model's operator set, with the inputs, outputs and attributes that it has
 *   there ({@link operatorSignature});
 * - element types: each input has a type that the operator accepts there;
 * - shapes: element types and shapes fit each other and the declared outputs ({@link inferTypes}).
 *
 * For operators of other domains, and for standard ones that are not in the table, only names and order are checked. Element
 * types are checked only if names and signatures are right, and shapes only if element types are right. Otherwise one mistake
 * would be reported several times.
 *
 * @throws EscError CORRUPT_DATA naming the first problem; `detail.problems` lists all problems.
 * @see ONNX IR specification, «Graphs»: single static assignment, nodes topologically sorted.
 * @example checkModel(lowerNetwork(graph))
 */
export function checkModel(model: OnnxModel): void {
  assertOnnxModel('model', model)
  const problems = problemsOf(model)
  if (problems.length === 0) return
  const more = problems.length === 1 ? '' : ` (and ${problems.length - 1} more, in detail.problems)`
  throw new EscError('CORRUPT_DATA', `${problems[0]}${more}`, { detail: { problems } })
}

function problemsOf(model: OnnxModel): string[] {
  const { opset, domains, graph } = model
  const known = new Map<string, OperatorSignature | null>()
  const signatures = graph.nodes.map(({ opType, domain }) => {
    if (domain !== '') return null
    if (!known.has(opType)) known.set(opType, operatorSignature(opType, opset))
    return known.get(opType) ?? null
  })
  const calls = graph.nodes.flatMap((node, index) => {
    const signature = signatures[index] ?? null
    const found =
      node.domain === '' ? signatureProblems(node, signature, opset) : domainProblems(node, domains)
    return found.map((problem) => `${labelOf(node, index)}: ${problem}`)
  })
  const found = [...structureProblems(model), ...calls]
  if (found.length > 0) return found
  const { types, problems } = findTypes(model)
  const refused = refusedTypes(graph.nodes, signatures, types)
  return refused.length > 0 ? refused : problems
}

function structureProblems({ graph }: OnnxModel): string[] {
  const problems: string[] = []
  const bad = (what: string) => problems.push(`graph '${graph.name}': ${what}`)
  const values = new Set<string>()
  for (const [name, tensor] of graph.initializers) {
    if (name === '') bad('a constant has no name')
    if (!tensor.dims.every(isSize) || tensor.data.length !== sizeOf(tensor.dims)) {
      bad(`constant '${name}' has ${tensor.data.length} values for shape [${tensor.dims}]`)
    }
    values.add(name)
  }
  const inputs = new Set<string>()
  for (const { name, dims } of graph.inputs) {
    const odd = oddSize(dims)
    if (odd !== undefined) bad(`input '${name}' has ${odd}`)
    if (name === '' || inputs.has(name)) bad(`input '${name}' is unnamed or declared twice`)
    inputs.add(name)
    // A constant may also be declared as an input. It is then the default value of that input.
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
  for (const { name, dims } of graph.outputs) {
    const odd = oddSize(dims)
    if (odd !== undefined) bad(`output '${name}' has ${odd}`)
    if (!values.has(name)) bad(`output '${name}' is a value that nothing makes`)
  }
  return problems
}

function isSize(dim: number): boolean {
  return Number.isSafeInteger(dim) && dim >= 0
}

/** Describes the first declared size that is not possible. */
function oddSize(dims: ValueInfo['dims']): string | undefined {
  const odd = dims?.find((dim) => typeof dim === 'number' && !isSize(dim))
  return odd === undefined
    ? undefined
    : `size ${odd}; it must be an integer >= 0, a symbol, or null if it is unknown`
}

function domainProblems({ domain }: OnnxNode, domains: OnnxModel['domains']): string[] {
  return Object.hasOwn(domains, domain) ? [] : [`the model does not import operators of domain '${domain}'`]
}

/** Inputs with an element type that their operator does not accept. Unknown types, and types behind a wrong call, are not reported. */
function refusedTypes(
  nodes: readonly OnnxNode[],
  signatures: readonly (OperatorSignature | null)[],
  types: ReadonlyMap<string, ValueInfo>,
): string[] {
  const doubtful = new Set<string>()
  return nodes.flatMap((node, index) => {
    const signature = signatures[index] ?? null
    const inputs = node.inputs.map((name) => (doubtful.has(name) ? undefined : types.get(name)?.type))
    const found = signature === null ? [] : typeProblems(node, signature, inputs)
    if (found.length > 0 || node.inputs.some((name) => doubtful.has(name))) {
      for (const name of node.outputs) if (name !== '') doubtful.add(name)
    }
    return found.map((problem) => `${labelOf(node, index)}: ${problem}`)
  })
}

function typeProblems(
  { inputs }: OnnxNode,
  { inputTypes }: OperatorSignature,
  found: readonly (ElementType | undefined)[],
): string[] {
  const problems: string[] = []
  const sharing = new Map<string, number[]>()
  for (const [index, type] of found.entries()) {
    const wanted = inputTypes[Math.min(index, inputTypes.length - 1)]
    if (type === undefined || wanted === undefined) continue
    if (!wanted.types.includes(type)) {
      problems.push(`input ${index} '${inputs[index]}' is ${type}; it takes ${listOf(wanted.types)}`)
      continue
    }
    const indices = sharing.get(wanted.parameter) ?? []
    indices.push(index)
    sharing.set(wanted.parameter, indices)
  }
  for (const indices of sharing.values()) {
    if (indices.every((index) => found[index] === found[indices[0]!])) continue
    const listed = indices.map((index) => `'${inputs[index]}' ${found[index]}`)
    problems.push(`inputs must be of one element type: ${listed.join(', ')}`)
  }
  return problems
}

function signatureProblems(
  { inputs, outputs, attributes }: OnnxNode,
  signature: OperatorSignature | null,
  opset: number,
): string[] {
  if (signature === null) return []
  const [since, until] = signature.opsets
  if (opset < since) return [`exists from operator set ${since} on; the model has ${opset}`]
  if (opset > until) return [`exists up to operator set ${until}; the model has ${opset}`]
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
  for (const [name, { kind, required, values }] of Object.entries(signature.attributes)) {
    const value: Attribute | undefined = Object.hasOwn(attributes, name) ? attributes[name] : undefined
    if (value === undefined) {
      if (required) problems.push(`lacks attribute '${name}' (${kind})`)
    } else if (!(kind in value)) {
      problems.push(`has attribute '${name}' of kind ${Object.keys(value)[0]}; it must be ${kind}`)
    } else if (values && 'string' in value && !values.includes(value.string)) {
      problems.push(`has attribute '${name}' '${value.string}'; it must be ${listOf(values)}`)
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

/** `a, b or c`. */
function listOf(items: readonly string[]): string {
  return items.length === 1 ? items[0]! : `${items.slice(0, -1).join(', ')} or ${items.at(-1)}`
}
