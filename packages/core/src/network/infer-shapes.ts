/** Computes the shapes of a network's values, and checks that its nodes and weights fit together. */

import { type Advice, describeValue, hasField, typeOf, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import type { NetworkGraph, NetworkNode } from './graph.js'
import { layerShapes, type Shape } from './layer-shapes.js'
import { applyLayer } from './layer-table.js'
import { badNode, isSize } from './node-checks.js'

/**
 * Checks that a value has the fields of a network. {@link inferShapes} also checks whether its nodes fit together.
 *
 * @throws EscError INVALID_INPUT unless it has an input with a shape, a list of nodes with inputs, attributes and weights, and the
 *   name of an output.
 * @example assertGraph('graph', graph)
 */
export function assertGraph(name: string, graph: unknown): asserts graph is NetworkGraph {
  if (!hasField(graph, 'nodes') && !hasField(graph, 'input')) {
    throw wrongValue(name, graph, 'a NetworkGraph, as melCnn makes one', { advice: graphAdvice })
  }
  const { input, nodes, output } = graph as unknown as NetworkGraph
  for (const [field, value, fits] of [
    ['input', input, Array.isArray(input?.shape)],
    ['nodes', nodes, Array.isArray(nodes)],
  ] as const) {
    if (fits) continue
    const found = `${name}.${field} is ${describeValue(value)}`
    throw new EscError(
      'INVALID_INPUT',
      `${found}; a network must have input: { name, shape }, a list of nodes, and output`,
    )
  }
  if (typeof output !== 'string') throw wrongValue(`${name}.output`, output, 'the name of a node')
  for (const node of nodes) assertNode(node)
}

const graphAdvice: Advice = {
  'a trained model': 'pass model.graph',
  numbers: 'the bytes of a saved model are read by unpackModel of @esc/edge',
}

/**
 * Returns the shape of every value in the graph, without the batch axis, by the name of its node. The input is among them.
 *
 * @throws EscError INVALID_INPUT naming the node, if an input is unknown or comes later, a name repeats, a weight's
 *   shape or an attribute does not fit, or a value would be empty (an input too small for its pools); UNSUPPORTED_LAYER
 *   naming a node of an unknown kind.
 * @example inferShapes(audioCnn({ bins: 13, frames: 431, classes: 10 })).get('pool1') // [16, 6, 215]
 */
export function inferShapes(graph: NetworkGraph): Map<string, readonly number[]> {
  assertGraph('graph', graph)
  const { input, nodes } = graph
  if (input.shape.length !== 3 || !input.shape.every(isSize) || !isName(input.name)) {
    throw new EscError(
      'INVALID_INPUT',
      `graph input '${input.name}' [${input.shape}] must have a name of letters, digits and _./- and three sizes >= 1`,
    )
  }
  const shapes = new Map<string, readonly number[]>([[input.name, input.shape]])
  for (const node of nodes) {
    if (!isName(node.name))
      throw badNode(node, 'has a name with characters other than letters, digits and _./-')
    if (shapes.has(node.name)) throw badNode(node, 'has the name of an earlier node; names must be unique')
    const inputs = node.inputs.map((name: string) => {
      const shape = shapes.get(name)
      if (!shape) throw badNode(node, `reads '${name}', which no earlier node makes`)
      return shape
    })
    shapes.set(node.name, nodeShape(node, inputs))
  }
  if (!shapes.has(graph.output) || graph.output === input.name) {
    throw new EscError('INVALID_INPUT', `graph output '${graph.output}' is not the name of a node`)
  }
  return shapes
}

/**
 * Returns the shape of a node's output, without the batch axis.
 *
 * @param inputs - The shapes of the node's inputs, in order.
 * @throws EscError INVALID_INPUT naming the node, if a weight, an attribute or an input does not fit, or the output would be
 *   empty; UNSUPPORTED_LAYER if its kind is unknown.
 * @example nodeShape(node, [[16, 6, 215]]) // [32, 6, 215]
 */
export function nodeShape(node: NetworkNode, inputs: readonly Shape[]): Shape {
  const shape = applyLayer(layerShapes, node, inputs)
  if (!shape.every((size) => size >= 1)) {
    throw badNode(node, `would make an empty value [${shape}] from [${inputs[0]}]; use a larger input`)
  }
  return shape
}

function assertNode(node: NetworkNode): void {
  const { inputs, attributes, weights } = node ?? {}
  if (Array.isArray(inputs) && typeOf(attributes) === 'object' && typeOf(weights) === 'object') return
  const advice =
    "each of the network's nodes must have a list of inputs, and objects attributes and weights, which may be empty"
  throw new EscError('INVALID_INPUT', `node '${String(node?.name)}' is incomplete; ${advice}`)
}

const isName = (name: unknown) => typeof name === 'string' && /^[\w./-]+$/.test(name)

/**
 * Returns the number of classes of a network: the length of its output.
 *
 * @throws EscError INVALID_INPUT if the output is not a vector; whatever {@link inferShapes} throws.
 * @example classCount(audioCnn({ bins: 13, frames: 431, classes: 10 })) // 10
 */
export function classCount(graph: NetworkGraph): number {
  const shape = inferShapes(graph).get(graph.output)!
  if (shape.length !== 1) {
    throw new EscError(
      'INVALID_INPUT',
      `graph output '${graph.output}' has shape [${shape}] and must be [classes]; pool or flatten before it`,
    )
  }
  return shape[0]!
}
