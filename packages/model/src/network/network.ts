/** Networks made of layers: `sequential` for a chain, `functional` for branches. */
import {
  asOptions,
  assertCallback,
  assertInteger,
  assertKnown,
  assertText,
  classCount,
  createRng,
  EscError,
  type NetworkGraph,
  wrongValue,
} from '@esc/core'
import {
  finalNames,
  isValue,
  isValueOf,
  type Layer,
  type NetworkValue,
  type Scope,
  type Value,
} from './layer.js'

/** What training tells a network function about the network's input and output. */
export interface NetworkInput {
  /** Rows of the features. */
  bins: number
  /** Columns of the features. */
  frames: number
  /** Number of classes: the number of outputs. */
  classes: number
  /** Seed of the initial weights. */
  seed: number
}

/**
 * A network, or a function that builds one for the features of a data set: `melCnn` itself, or
 * `(input) => audioCnn({ ...input, hidden: 128 })`.
 */
export type Network = NetworkGraph | ((input: NetworkInput) => NetworkGraph)

/** Options of {@link sequential} and {@link functional}. A `NetworkInput`, which training passes to a network function, fits. */
export interface NetworkOptions {
  /** Rows of the input: the features' bins. */
  bins: number
  /** Columns of the input: the features' frames. */
  frames: number
  /** Channels of the input. Features have one. @defaultValue `1` */
  channels?: number | undefined
  /** Number of classes. If given, the output must have this many values. @defaultValue none: any number of outputs is accepted */
  classes?: number | undefined
  /** Seed of the initial weights. @defaultValue `42` */
  seed?: number | undefined
  /** The network's name. The initial weights depend on it, too. @defaultValue `'network'` */
  name?: string | undefined
}

/**
 * Builds a network of layers that follow one another.
 *
 * The last layer gives the network's output: one value for each class, before softmax (logits). A node gets the name of its
 * kind, with a number if there are several of that kind: `conv1`, `conv2`, `dense`. Initial weights are drawn as in PyTorch.
 *
 * @param list - The layers from the input to the output.
 * @throws EscError INVALID_OPTION if an option is unknown or out of range; INVALID_INPUT naming a layer that does not fit its
 *   input, or if the output is not a vector, or does not have `classes` values.
 * @example
 * const { conv2d, batchNorm, relu, maxPool, globalAveragePool, dense } = layers
 * const tiny = (input: NetworkInput) =>
 *   sequential([conv2d({ filters: 16 }), batchNorm(), relu(), maxPool(), globalAveragePool(), dense({ units: input.classes })], input)
 * tiny({ bins: 64, frames: 216, classes: 10, seed: 1 }).nodes.length // 6
 */
export function sequential(list: readonly Layer[], options: NetworkOptions): NetworkGraph {
  if (!Array.isArray(list)) throw wrongValue('layers', list, 'a list of layers')
  for (const [i, layer] of list.entries()) assertLayer(`layers[${i}]`, layer)
  return functional((input) => list.reduce((value, layer) => layer(value), input), options)
}

/**
 * Builds a network that may have branches: `build` calls layers on values, from the input to the output.
 *
 * @param build - Gets the network's input, [channels, bins, frames], and returns the output, the logits. It is called once.
 * @throws EscError as {@link sequential}; INVALID_INPUT naming a layer whose value is not used, or that reads a value of
 *   another network.
 * @example
 * const { add, conv2d, dense, globalAveragePool, relu } = layers
 * const residual = functional((input) => {
 *   const x = relu()(conv2d({ filters: 16 })(input))
 *   const y = conv2d({ filters: 16 })(relu()(conv2d({ filters: 16 })(x)))
 *   return dense({ units: 10 })(globalAveragePool()(add()(x, y)))
 * }, { bins: 64, frames: 216 })
 */
export function functional(build: (input: Value) => Value, options: NetworkOptions): NetworkGraph {
  if (typeof build !== 'function') throw wrongValue('build', build, 'a function from the input to the output')
  assertKnown('network', options, optionNames)
  const { bins, frames, channels = 1, classes, seed = 42, name = 'network' } = asOptions('network', options)
  for (const [key, size] of Object.entries({ bins, frames, channels })) assertInteger(key, size, 1)
  if (classes !== undefined) assertInteger('classes', classes, 1)
  assertText('name', name)
  const scope: Scope = { nodes: [], rng: createRng(seed).fork(name) }
  const input: NetworkValue = { shape: [channels, bins, frames], scope, node: null }
  const output = build(input)
  if (!isValueOf(scope, output) || output.node === null) throw wrongOutput(scope, output)
  assertAllUsed(scope, output)
  const nameOf = finalNames(scope)
  const graph: NetworkGraph = {
    name,
    input: { name: 'input', shape: [channels, bins, frames] },
    nodes: scope.nodes.map(({ node, inputs }) => ({
      ...node,
      name: nameOf.get(node)!,
      inputs: inputs.map((from) => (from.node === null ? 'input' : nameOf.get(from.node)!)),
    })),
    output: nameOf.get(output.node)!,
  }
  const found = classCount(graph)
  if (classes !== undefined && found !== classes) {
    throw new EscError(
      'INVALID_INPUT',
      `network '${name}' has ${found} outputs and must have classes=${classes}; end it with dense({ units: ${classes} })`,
    )
  }
  return graph
}

const optionNames: Record<keyof NetworkOptions, true> = {
  bins: true,
  frames: true,
  channels: true,
  classes: true,
  seed: true,
  name: true,
}

function assertLayer(name: string, layer: unknown): void {
  assertCallback(name, layer)
  if (layer === undefined) throw wrongValue(name, layer, 'a layer, such as layers.relu()')
}

function wrongOutput(scope: Scope, output: unknown): EscError {
  const must = 'the value of the last layer'
  if (!isValue(output)) return wrongValue('the output', output, must)
  const found = output.scope === scope ? "the network's input" : 'a value of another network'
  return new EscError('INVALID_INPUT', `the output is ${found}; it must be ${must}`)
}

function assertAllUsed({ nodes }: Scope, output: NetworkValue): void {
  const used = new Set([output.node])
  for (const { node, inputs } of [...nodes].reverse()) {
    if (!used.has(node)) {
      const advice = 'use its value, or leave the layer out'
      throw new EscError('INVALID_INPUT', `node '${node.name}' does not lead to the output; ${advice}`)
    }
    for (const from of inputs) used.add(from.node)
  }
}
