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
  hasField,
  type NetworkGraph,
  type NetworkNode,
  type NetworkOp,
  type NodeOf,
  nodeShape,
  type Rng,
  wrongValue,
} from '@esc/core'

/**
 * A value in a network that is being made: the network's input, or what a layer makes. Values are made by
 * {@link functional} and by layers, and belong to one network.
 */
export interface Value {
  /** Without the batch axis: [channels, rows, columns], or [features]. */
  readonly shape: readonly number[]
}

/**
 * A layer, or a block of layers: a function from the values that it reads to the value that it makes. Each call adds
 * nodes with weights of their own to the network; a layer that is called twice shares nothing.
 */
export type Layer = (...inputs: Value[]) => Value

/** Options of {@link sequential} and {@link functional}. What training knows of the features, `NetworkInput`, fits. */
export interface NetworkOptions {
  /** Rows of the input: the features' bins. */
  bins: number
  /** Columns of the input: the features' frames. */
  frames: number
  /** Channels of the input. @defaultValue 1, as features have */
  channels?: number | undefined
  /** Classes that the network tells apart. Where it is given, the output must have so many values. @defaultValue none: any number is right */
  classes?: number | undefined
  /** Seed of the initial weights. @defaultValue 42 */
  seed?: number | undefined
  /** The network's name, which is also mixed into the seed. @defaultValue `'network'` */
  name?: string | undefined
}

/**
 * Makes a network of layers that follow one another.
 *
 * The output is the last layer's: one value for each class, before any softmax (logits). Nodes are named after their kind,
 * with a number where there are several: `conv1`, `conv2`, `dense`. Weights start as PyTorch's do.
 *
 * @param layers - From the input to the output.
 * @throws EscError INVALID_OPTION if an option is unknown or out of range; INVALID_INPUT naming a layer that does not fit what it reads, or an
 *   output that is no vector, or not one of `classes` values.
 * @example
 * const { conv2d, batchNorm, relu, maxPool, globalAveragePool, dense } = layers
 * const tiny = (input: NetworkInput) =>
 *   sequential([conv2d({ filters: 16 }), batchNorm(), relu(), maxPool(), globalAveragePool(), dense({ units: input.classes })], input)
 * tiny({ bins: 64, frames: 216, classes: 10, seed: 1 }).nodes.length // 6
 */
export function sequential(layers: readonly Layer[], options: NetworkOptions): NetworkGraph {
  if (!Array.isArray(layers)) throw wrongValue('layers', layers, 'a list of layers')
  for (const [i, layer] of layers.entries()) assertLayer(`layers[${i}]`, layer)
  return functional((input) => layers.reduce((value, layer) => layer(value), input), options)
}

/**
 * Makes a network with branches: `build` calls layers on values, from the input to the output.
 *
 * @param build - Gets the network's input, [channels, bins, frames], and returns the output, the logits. It is called once.
 * @throws EscError as {@link sequential}, and INVALID_INPUT naming a layer that does not lead to the output, or reads a value of
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
  const scope: Scope = { nodes: [], rng: createRng(seed).fork(name), names: new Map() }
  const input: NetworkValue = { shape: [channels, bins, frames], scope, node: null }
  const output = build(input)
  if (!isValueOf(scope, output) || output.node === null) {
    throw wrongValue('the output', output, 'the value that the last layer makes')
  }
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

/** A network that is being made. */
interface Scope {
  nodes: { node: NetworkNode; inputs: readonly NetworkValue[]; isNamed: boolean }[]
  rng: Rng
  /** How many nodes there are of each first part of a name. */
  names: Map<string, number>
}

interface NetworkValue extends Value {
  scope: Scope
  /** The node that makes it; `null` for the network's input. */
  node: NetworkNode | null
}

/** Attributes and weights of a node. */
export type NodeParts<Op extends NetworkOp> = Pick<NodeOf<Op>, 'attributes' | 'weights'>

/**
 * Makes a layer of a kind.
 *
 * @param name - The node's name; without one it is named after its kind.
 * @param make - Attributes and weights, given the shape of the first value that it reads and the network's generator.
 */
export function layerOf<Op extends NetworkOp>(
  op: Op,
  name: string | undefined,
  make: (shape: readonly number[], rng: Rng) => NodeParts<Op>,
): Layer {
  if (name !== undefined) assertText('name', name)
  return (...inputs) => {
    for (const [i, input] of inputs.entries()) {
      if (!isValue(input)) throw wrongValue(`input ${i + 1} of ${op}`, input, valueRule)
    }
    const [first] = inputs as NetworkValue[]
    if (!first) throw new EscError('INVALID_INPUT', `${op} must read a value; call it as relu()(value)`)
    const { scope } = first
    if (!inputs.every((input) => isValueOf(scope, input))) {
      throw new EscError('INVALID_INPUT', `${op} reads values of two networks`)
    }
    const count = (scope.names.get(namePrefixes[op]) ?? 0) + 1
    if (name === undefined) scope.names.set(namePrefixes[op], count)
    const own = {
      op,
      name: name ?? `${namePrefixes[op]}${count}`,
      inputs: inputs.map((_, i) => `input ${i + 1}`),
    }
    const node = { ...own, ...make(first.shape, scope.rng) } as unknown as NetworkNode
    const shapes = inputs.map(({ shape }) => shape)
    const value: NetworkValue = { shape: nodeShape(node, shapes), scope, node }
    scope.nodes.push({ node, inputs: inputs as NetworkValue[], isNamed: name !== undefined })
    return value
  }
}

const valueRule = "a value: the network's input, or what a layer makes"

/** Whether it is a value of a network. */
export function isValue(value: unknown): value is NetworkValue {
  return (
    hasField(value, 'scope') && hasField(value, 'node') && Array.isArray((value as { shape?: unknown }).shape)
  )
}

function isValueOf(scope: Scope, value: unknown): value is NetworkValue {
  return isValue(value) && value.scope === scope
}

function assertLayer(name: string, layer: unknown): void {
  assertCallback(name, layer)
  if (layer === undefined) throw wrongValue(name, layer, 'a layer, as relu() of layers makes one')
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

/** Numbers stand only where there are several nodes of a kind. */
function finalNames({ nodes, names }: Scope): Map<NetworkNode, string> {
  return new Map(
    nodes.map(({ node, isNamed }) => {
      const prefix = namePrefixes[node.op]
      return [node, isNamed || names.get(prefix)! > 1 ? node.name : prefix]
    }),
  )
}

/** What the name of a node begins with. `relu6` would be the sixth ReLU. */
const namePrefixes: Readonly<Record<NetworkOp, string>> = {
  Conv2D: 'conv',
  DepthwiseConv2D: 'depthwise',
  SeparableConv2D: 'separable',
  BatchNorm: 'norm',
  LayerNorm: 'layerNorm',
  ReLU: 'relu',
  ReLU6: 'clippedRelu',
  LeakyReLU: 'leakyRelu',
  Sigmoid: 'sigmoid',
  Tanh: 'tanh',
  HardSigmoid: 'hardSigmoid',
  HardSwish: 'hardSwish',
  Swish: 'swish',
  MaxPool: 'pool',
  AveragePool: 'averagePool',
  GlobalAveragePool: 'average',
  GlobalMaxPool: 'maximum',
  AttentionPool: 'attention',
  Flatten: 'flatten',
  Reshape: 'reshape',
  Dropout: 'dropout',
  Dense: 'dense',
  Add: 'add',
  Multiply: 'multiply',
  Concatenate: 'concatenate',
}
