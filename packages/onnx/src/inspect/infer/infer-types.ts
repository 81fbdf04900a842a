/** Finds the element type and shape of every value in a model, operator by operator. */
import { EscError, isEscError } from '@esc/core'
import { assertOnnxModel, type OnnxModel, type OnnxNode, type ValueInfo } from '../../model.js'
import { type Call, type Known, type Rule, unknown } from './call.js'
import { constantRules } from './constants.js'
import { convolutionRules } from './convolution.js'
import { elementwiseRules } from './elementwise.js'
import { matrixRules } from './matrix.js'
import { reshapeRules } from './reshape.js'
import { scalingRules } from './scaling.js'
import { selectRules } from './select.js'
import { contradiction, type Dim, describeDims, maxRank } from './sizes.js'
import { transformRules } from './transform.js'
import { contentOf, foldContent } from './values.js'

/**
 * The element type and shape of every value that can be found before the model runs, by name: inputs, constants, and outputs of
 * operators.
 *
 * Symbols such as `N` stay symbols, and unknown sizes are null. Shapes that a graph computes from shapes (`Shape → Gather →
 * Concat → Reshape`, as exporters write them) are followed. A value is missing if its element type is unknown: behind operators
 * of other domains, and behind operators with sequences, strings or recurrence.
 *
 * @throws EscError CORRUPT_DATA naming the first operator whose inputs contradict each other, its attributes, or the declared
 *   outputs of the model.
 * @see `onnx.shape_inference.infer_shapes` (strict, with data propagation). The tests compare with it.
 * @example inferTypes(model).get('logits') // { name: 'logits', type: 'float32', dims: ['N', 50] }
 */
export function inferTypes(model: OnnxModel): ReadonlyMap<string, ValueInfo> {
  assertOnnxModel('model', model)
  const { types, problems } = findTypes(model)
  if (problems.length > 0) throw new EscError('CORRUPT_DATA', problems[0]!, { detail: { problems } })
  return types
}

/** As {@link inferTypes}, but returns all contradictions instead of throwing the first one. */
export function findTypes(model: OnnxModel): { types: Map<string, ValueInfo>; problems: string[] } {
  const { graph } = model
  const problems: string[] = []
  const known = new Map<string, Known>(graph.inputs.map((value) => [value.name, declaredType(value)]))
  for (const [name, tensor] of graph.initializers) {
    const declared = known.get(name)
    const value = limited({ type: tensor.type, dims: tensor.dims })
    if (declared && !agree(declared, value)) {
      problems.push(
        `constant '${name}' is ${describe(value)}, but the input of the same name is ${describe(declared)}`,
      )
    }
    const content = contentOf(tensor)
    known.set(name, content ? { ...value, content } : value)
  }
  const makers = new Map<string, string>()
  for (const [index, node] of graph.nodes.entries()) {
    const label = labelOf(node, index)
    for (const name of node.outputs) makers.set(name, label)
    try {
      outputsOf(model, node, known).forEach((value, position) => {
        if (node.outputs[position]) known.set(node.outputs[position], value)
      })
    } catch (error) {
      if (!isEscError(error, 'CORRUPT_DATA')) throw error
      problems.push(`${label}: ${error.message}`)
    }
  }
  for (const output of graph.outputs) {
    const found = known.get(output.name) ?? unknown
    if (!agree(found, output)) {
      const made = `makes '${output.name}' as ${describe(found)}, but the model declares ${describe(output)}`
      problems.push(`${makers.get(output.name) ?? `graph '${graph.name}'`}: ${made}`)
    } else known.set(output.name, merged(output, found))
  }
  const types = new Map<string, ValueInfo>()
  for (const [name, { type, dims }] of known) if (type !== null) types.set(name, { name, type, dims })
  return { types, problems }
}

const ruleTables: readonly Readonly<Record<string, Rule>>[] = [
  elementwiseRules,
  matrixRules,
  scalingRules,
  reshapeRules,
  selectRules,
  constantRules,
  convolutionRules,
  transformRules,
]

/** The name of an operator in messages: `node 3 'conv1' (Conv)`. */
export function labelOf({ name, opType, domain }: OnnxNode, index: number): string {
  return `node ${index} '${name}' (${domain === '' ? '' : `${domain}.`}${opType})`
}

function outputsOf(
  { opset }: OnnxModel,
  node: OnnxNode,
  known: ReadonlyMap<string, Known>,
): readonly Known[] {
  const rules = ruleTables.find((table) => Object.hasOwn(table, node.opType))
  if (node.domain !== '' || !rules) return []
  const call: Call = { node, opset, inputs: node.inputs.map((name) => known.get(name) ?? unknown) }
  return rules[node.opType]!(call).map((made, position) => {
    const value = limited(made)
    const odd = value.dims?.find((dim) => typeof dim === 'number' && !(Number.isSafeInteger(dim) && dim >= 0))
    if (odd !== undefined) throw contradiction(`makes ${describe(value)}, but ${odd} is not a size`)
    const content = value.content ?? (position === 0 ? foldContent(call, value) : undefined)
    return content ? { ...value, content } : value
  })
}

/** The declared type and shape of a value. A number that cannot be a size counts as unknown. */
function declaredType({ type, dims }: ValueInfo): Known {
  const isSize = (dim: Dim) => typeof dim !== 'number' || (Number.isSafeInteger(dim) && dim >= 0)
  return limited({ type, dims: dims?.map((dim) => (isSize(dim) ? dim : null)) ?? null })
}

/** Treats a shape of very many dimensions as unknown: no real tensor has so many, but a damaged file may claim them. */
function limited(value: Known): Known {
  return value.dims !== null && value.dims.length > maxRank ? { ...value, dims: null } : value
}

/** Whether two types and shapes can both be true of one value. */
function agree(a: Known, b: Known): boolean {
  if (a.type !== null && b.type !== null && a.type !== b.type) return false
  if (a.dims === null || b.dims === null) return true
  const other = b.dims
  return (
    a.dims.length === other.length &&
    a.dims.every(
      (dim, axis) => typeof dim !== 'number' || typeof other[axis] !== 'number' || dim === other[axis],
    )
  )
}

/** Joins two types and shapes that agree. If neither has a number for a size, the declared symbol is kept. */
function merged(declared: Known, found: Known): Known {
  const dims = declared.dims?.map((dim, axis): Dim => {
    const size = found.dims?.[axis] ?? null
    return typeof dim === 'number' || typeof size !== 'number' ? (dim ?? size) : size
  })
  return { type: declared.type, dims: dims ?? found.dims }
}

function describe({ type, dims }: Known): string {
  return `${type ?? 'unknown'}${describeDims(dims)}`
}
