/** Lists, counts and replaces the weights of a network. */
import { assertFloat32 } from '../check/float32.js'
import { typeOf, wrongValue } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import type { NetworkGraph, NetworkNode, Weight } from './graph.js'
import { assertGraph } from './infer-shapes.js'

/** One weight of a graph, with its name in ONNX files and checkpoints. */
export interface NamedWeight {
  /** The names of the node and of the weight, as in `dense.bias`. */
  name: string
  weight: Weight
  /** False for BatchNorm's running averages: training updates them without a gradient. */
  trainable: boolean
}

/**
 * Lists all weights of a graph in the order of its nodes.
 *
 * @example namedWeights(graph).filter((w) => w.trainable).length
 */
export function namedWeights(graph: NetworkGraph): NamedWeight[] {
  assertGraph('graph', graph)
  return graph.nodes.flatMap((node) =>
    Object.entries(node.weights as Record<string, Weight>).map(([key, weight]) => ({
      name: `${node.name}.${key}`,
      weight,
      trainable: !(node.op === 'BatchNorm' && (key === 'mean' || key === 'variance')),
    })),
  )
}

/**
 * Counts the trainable values in a graph.
 *
 * @example parameterCount(audioCnn({ bins: 13, frames: 431, classes: 50 }))
 */
export function parameterCount(graph: NetworkGraph): number {
  return namedWeights(graph)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { weight }) => sum + weight.data.length, 0)
}

/**
 * Returns the graph with other values of weights. The shapes stay the same. The arrays of `data` become part of the graph; they are
 * not copied.
 *
 * @param data - Values by name, as in {@link NamedWeight}. Weights that are not named keep their values.
 * @throws EscError INVALID_INPUT if a name is unknown or a length differs.
 * @example withWeights(graph, { 'dense1.bias': new Float32Array(64) })
 */
export function withWeights(graph: NetworkGraph, data: Readonly<Record<string, Float32Array>>): NetworkGraph {
  const known = new Map(namedWeights(graph).map(({ name, weight }) => [name, weight]))
  if (typeOf(data) !== 'object') throw wrongValue('data', data, 'an object of Float32Arrays by name')
  for (const [name, values] of Object.entries(data)) {
    assertFloat32(`data['${name}']`, values)
    const weight = known.get(name)
    if (!weight) throw new EscError('INVALID_INPUT', `graph '${graph.name}' has no weight '${name}'`)
    if (weight.data.length !== values.length) {
      throw new EscError(
        'INVALID_INPUT',
        `weight '${name}' has ${weight.data.length} values, got ${values.length}`,
      )
    }
  }
  const nodes = graph.nodes.map((node) => {
    const weights = Object.entries(node.weights as Record<string, Weight>).map(([key, weight]) => [
      key,
      { shape: weight.shape, data: data[`${node.name}.${key}`] ?? weight.data },
    ])
    return { ...node, weights: Object.fromEntries(weights) } as NetworkNode
  })
  return { ...graph, nodes }
}
