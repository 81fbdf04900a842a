/** What a layer is, and how it adds a node to a network. */
import {
  assertText,
  EscError,
  hasField,
  type NetworkNode,
  type NetworkOp,
  type NodeOf,
  nodeShape,
  type Rng,
  wrongValue,
} from '@esc/core'

/**
 * A value inside a network that is being built: the network's input, or the output of a layer. {@link functional} and layers
 * create values. A value belongs to one network.
 */
export interface Value {
  /** Without the batch axis: [channels, rows, columns], or [features]. */
  readonly shape: readonly number[]
}

/**
 * A layer, or a block of layers: a function from its input values to its output value. Each call adds new nodes with their own
 * weights to the network. Calling one layer twice does not share weights.
 */
export type Layer = (...inputs: Value[]) => Value

/** A network that is being built. */
export interface Scope {
  nodes: { node: NetworkNode; inputs: readonly NetworkValue[]; isNamed: boolean }[]
  /** Draws the initial weights. */
  rng: Rng
}

/** A {@link Value} with what building needs to know about it. */
export interface NetworkValue extends Value {
  scope: Scope
  /** The node that computes it; `null` for the network's input. */
  node: NetworkNode | null
}

/** Attributes and weights of a node. */
export type NodeParts<Op extends NetworkOp> = Pick<NodeOf<Op>, 'attributes' | 'weights'>

/**
 * Creates a layer of a kind.
 *
 * @param name - The node's name. Without it, the node gets the name of its kind.
 * @param make - Returns attributes and weights. It gets the shape of the layer's first input and the network's generator.
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
    if (!first) throw new EscError('INVALID_INPUT', `${op} needs an input value; call it as relu()(value)`)
    const { scope } = first
    if (!inputs.every((input) => isValueOf(scope, input))) {
      throw new EscError(
        'INVALID_INPUT',
        `${op} has inputs from two networks; use only values of the network that is being built`,
      )
    }
    // Errors name the node by this number; `finalNames` drops it where it is not needed.
    const count = scope.nodes.filter(({ node, isNamed }) => node.op === op && !isNamed).length + 1
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

const valueRule = "a value: the network's input, or the output of a layer"

/** Whether this is a value of a network. */
export function isValue(value: unknown): value is NetworkValue {
  return (
    hasField(value, 'scope') && hasField(value, 'node') && Array.isArray((value as { shape?: unknown }).shape)
  )
}

/** Whether this is a value of the network of `scope`. */
export function isValueOf(scope: Scope, value: unknown): value is NetworkValue {
  return isValue(value) && value.scope === scope
}

/**
 * Final names of the nodes. An unnamed node has a number only if there are several unnamed nodes of its kind, or the name is
 * taken; a number that is taken is left out.
 */
export function finalNames({ nodes }: Scope): Map<NetworkNode, string> {
  const taken = new Set(['input', ...nodes.filter(({ isNamed }) => isNamed).map(({ node }) => node.name)])
  const unnamed = nodes.filter(({ isNamed }) => !isNamed).map(({ node }) => namePrefixes[node.op])
  const nameOf = new Map<NetworkNode, string>()
  for (const { node, isNamed } of nodes) {
    const prefix = namePrefixes[node.op]
    const isOnly = unnamed.indexOf(prefix) === unnamed.lastIndexOf(prefix)
    let name = isNamed ? node.name : prefix
    if (!isNamed && (!isOnly || taken.has(prefix))) {
      for (let n = 1; taken.has(name) || name === prefix; n++) name = `${prefix}${n}`
    }
    if (!isNamed) taken.add(name)
    nameOf.set(node, name)
  }
  return nameOf
}

/** The name of an unnamed node begins with this. ReLU6 differs, because `relu6` would also be the sixth ReLU. */
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
  StatsPool: 'statistics',
  Flatten: 'flatten',
  Reshape: 'reshape',
  Dropout: 'dropout',
  Dense: 'dense',
  Add: 'add',
  Multiply: 'multiply',
  Concatenate: 'concatenate',
}
