/** Frozen layers: training leaves their weights as they are. */
import {
  assertGraph,
  EscError,
  type NamedWeight,
  type NetworkGraph,
  namedWeights,
  wrongOption,
} from '@esc/core'

/**
 * Finds the layers that are named.
 *
 * @param frozen - Names of the graph's nodes, or beginnings of names that end in `*`.
 * @returns Names of nodes.
 * @throws EscError INVALID_OPTION if a name fits no node, listing the nodes; or if no weight with a gradient is left.
 * @example frozenLayers(graph, ['conv*', 'norm1']) // Set { 'conv1', 'conv2', 'norm1' }
 */
export function frozenLayers(graph: NetworkGraph, frozen: readonly string[] = []): ReadonlySet<string> {
  assertGraph('graph', graph)
  if (!Array.isArray(frozen) || !frozen.every((name) => typeof name === 'string'))
    throw wrongOption('frozen', frozen, 'a list of names of layers')
  const names = graph.nodes.map(({ name }) => name)
  const found = new Set<string>()
  for (const pattern of frozen) {
    const start = pattern.endsWith('*') ? pattern.slice(0, -1) : null
    // A name that ends in `*` itself is still a name.
    const fitting = names.filter((name) => name === pattern || (start !== null && name.startsWith(start)))
    if (fitting.length === 0) {
      throw new EscError(
        'INVALID_OPTION',
        `frozen has '${pattern}', which is no layer of '${graph.name}'; its layers are ${names.join(', ')}`,
      )
    }
    for (const name of fitting) found.add(name)
  }
  const isLeft = namedWeights(graph).some((weight) => weight.trainable && !found.has(ownerOf(weight)))
  if (found.size > 0 && !isLeft)
    throw new EscError('INVALID_OPTION', 'frozen leaves no layer with weights to train')
  return found
}

/** A weight, and how training changes it. */
export interface TrainedWeight extends NamedWeight {
  /** The optimiser changes it by its gradient; it is a running average; or it belongs to a frozen layer and stays. */
  change: 'gradient' | 'average' | 'none'
}

/**
 * All weights of a graph, in the order of `namedWeights`.
 *
 * @param frozen - As {@link frozenLayers} takes it.
 * @throws EscError INVALID_OPTION as {@link frozenLayers}.
 * @example trainedWeights(graph, ['conv1']).filter(({ change }) => change === 'gradient')
 */
export function trainedWeights(graph: NetworkGraph, frozen: readonly string[] = []): TrainedWeight[] {
  const layers = frozenLayers(graph, frozen)
  return namedWeights(graph).map((weight) => {
    const change = layers.has(ownerOf(weight)) ? 'none' : weight.trainable ? 'gradient' : 'average'
    return { ...weight, change }
  })
}

/** The name of the weight's node. */
function ownerOf({ name }: NamedWeight): string {
  return name.slice(0, name.lastIndexOf('.'))
}
