/**
 * Networks as plain data. Architectures make a {@link NetworkGraph}; training, export, pruning and the tfjs
 * conversion are functions over it.
 *
 * Conventions: activations NCHW (bins are H, frames are W), convolution kernels OIHW, dense kernels [units, inputs],
 * Flatten channel-first, pooling floors. BatchNorm's running averages follow PyTorch:
 * `running = (1 - momentum) * running + momentum * batch`, with the unbiased variance.
 */
import { EscError } from './error.js'

/** A weight: row-major values with their shape. */
export interface Weight {
  shape: readonly number[]
  data: Float32Array
}

interface NodeBase {
  /** Unique in its graph; made of letters, digits, `_`, `.`, `/` and `-`. */
  name: string
  /** Names of the nodes (or of the graph's input) this node reads, in order. */
  inputs: readonly string[]
}

/** 2-D convolution, stride 1. `kernel` [filters, channels, kh, kw], `bias` [filters]; `same` needs odd kernels. */
export interface Conv2DNode extends NodeBase {
  op: 'Conv2D'
  attributes: { padding: 'same' | 'valid' }
  weights: { kernel: Weight; bias: Weight }
}

/** Batch normalisation over N, H and W. All weights have shape [channels]; `mean` and `variance` are running averages. */
export interface BatchNormNode extends NodeBase {
  op: 'BatchNorm'
  attributes: { epsilon: number; momentum: number }
  weights: { gamma: Weight; beta: Weight; mean: Weight; variance: Weight }
}

/** `max(x, 0)`. */
export interface ReluNode extends NodeBase {
  op: 'ReLU'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** Non-overlapping max pooling over `size` = [rows, columns]; what is left over at the far edge is dropped. */
export interface MaxPoolNode extends NodeBase {
  op: 'MaxPool'
  attributes: { size: readonly [number, number] }
  weights: Record<never, never>
}

/** Mean over H and W: [N, C, H, W] → [N, C]. */
export interface GlobalAveragePoolNode extends NodeBase {
  op: 'GlobalAveragePool'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** [N, C, H, W] → [N, C·H·W], channel first. */
export interface FlattenNode extends NodeBase {
  op: 'Flatten'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** In training, zeroes a share `rate` of the values and scales the others by `1 / (1 - rate)`; else the identity. */
export interface DropoutNode extends NodeBase {
  op: 'Dropout'
  attributes: { rate: number }
  weights: Record<never, never>
}

/** `y = x · kernelᵀ + bias`; `kernel` [units, inputs], `bias` [units]. */
export interface DenseNode extends NodeBase {
  op: 'Dense'
  attributes: Record<never, never>
  weights: { kernel: Weight; bias: Weight }
}

export type NetworkNode =
  | Conv2DNode
  | BatchNormNode
  | ReluNode
  | MaxPoolNode
  | GlobalAveragePoolNode
  | FlattenNode
  | DropoutNode
  | DenseNode

/** The name of a layer kind. */
export type NetworkOp = NetworkNode['op']

/** A network: nodes in an order in which every input comes before its reader. */
export interface NetworkGraph {
  /** The architecture's name, e.g. `audio-cnn`. */
  name: string
  input: { name: string; shape: readonly [channels: number, bins: number, frames: number] }
  nodes: readonly NetworkNode[]
  /** Name of the node whose value is the logits, [N, classes]. */
  output: string
}

/**
 * Shape of every value in the graph without the batch axis, keyed by node name (and the input's name).
 *
 * @throws EscError INVALID_INPUT naming the node, if an input is unknown or comes later, a name repeats, a weight's
 *   shape does not fit, or a value would be empty (an input too small for its pools).
 * @example inferShapes(audioCnn({ bins: 13, frames: 431, classes: 10 })).get('pool1') // [16, 6, 215]
 */
export function inferShapes(graph: NetworkGraph): Map<string, readonly number[]> {
  const shapes = new Map<string, readonly number[]>([[graph.input.name, graph.input.shape]])
  for (const node of graph.nodes) {
    if (shapes.has(node.name)) throw badNode(node, 'has the name of an earlier node; names must be unique')
    const inputs = node.inputs.map((name) => {
      const shape = shapes.get(name)
      if (!shape) throw badNode(node, `reads '${name}', which no earlier node makes`)
      return shape
    })
    if (inputs.length !== 1) throw badNode(node, `has ${inputs.length} inputs and needs 1`)
    const shape = outputShape(node, inputs[0]!)
    if (!shape.every((size) => size >= 1)) {
      throw badNode(node, `would make an empty value [${shape}] from [${inputs[0]}]; use a larger input`)
    }
    shapes.set(node.name, shape)
  }
  if (!shapes.has(graph.output)) {
    throw new EscError('INVALID_INPUT', `graph output '${graph.output}' is not the name of a node`)
  }
  return shapes
}

function outputShape(node: NetworkNode, input: readonly number[]): readonly number[] {
  switch (node.op) {
    case 'Conv2D': {
      const [channels, height, width] = imageShape(node, input)
      const [filters, inChannels, kh, kw] = weightShape(node, 'kernel', node.weights.kernel, 4)
      if (inChannels !== channels) {
        throw badNode(node, `has a kernel for ${inChannels} channels and reads ${channels}`)
      }
      expectShape(node, 'bias', node.weights.bias, [filters!])
      if (node.attributes.padding === 'valid') return [filters!, height - kh! + 1, width - kw! + 1]
      if (kh! % 2 === 0 || kw! % 2 === 0) {
        throw badNode(node, `has a ${kh}×${kw} kernel; padding 'same' needs odd sizes`)
      }
      return [filters!, height, width]
    }
    case 'BatchNorm': {
      const [channels] = imageShape(node, input)
      for (const key of ['gamma', 'beta', 'mean', 'variance'] as const) {
        expectShape(node, key, node.weights[key], [channels])
      }
      return input
    }
    case 'MaxPool': {
      const [channels, height, width] = imageShape(node, input)
      const [rows, columns] = node.attributes.size
      if (![rows, columns].every((size) => Number.isSafeInteger(size) && size >= 1)) {
        throw badNode(node, `has size [${node.attributes.size}]; both must be integers >= 1`)
      }
      return [channels, Math.floor(height / rows), Math.floor(width / columns)]
    }
    case 'GlobalAveragePool':
      return [imageShape(node, input)[0]]
    case 'Flatten':
      return [input.reduce((product, size) => product * size, 1)]
    case 'Dense': {
      const [units, inputs] = weightShape(node, 'kernel', node.weights.kernel, 2)
      if (input.length !== 1 || input[0] !== inputs) {
        throw badNode(node, `has a kernel for ${inputs} inputs and reads [${input}]`)
      }
      expectShape(node, 'bias', node.weights.bias, [units!])
      return [units!]
    }
    case 'ReLU':
    case 'Dropout':
      return input
    default:
      throw new EscError(
        'UNSUPPORTED_LAYER',
        `node '${(node as NodeBase).name}' has the unknown op '${(node as { op: string }).op}'`,
      )
  }
}

function imageShape(node: NetworkNode, shape: readonly number[]): [number, number, number] {
  if (shape.length !== 3) throw badNode(node, `needs [channels, bins, frames] and reads [${shape}]`)
  return [shape[0]!, shape[1]!, shape[2]!]
}

function weightShape(node: NetworkNode, key: string, weight: Weight, rank: number): readonly number[] {
  if (weight.shape.length !== rank)
    throw badNode(node, `has a ${key} of shape [${weight.shape}], not of rank ${rank}`)
  expectShape(node, key, weight, weight.shape)
  return weight.shape
}

function expectShape(node: NetworkNode, key: string, weight: Weight, shape: readonly number[]): void {
  const size = shape.reduce((product, length) => product * length, 1)
  const fits =
    weight.shape.length === shape.length && weight.shape.every((length, axis) => length === shape[axis])
  if (!fits || weight.data.length !== size) {
    throw badNode(
      node,
      `has a ${key} of shape [${weight.shape}] with ${weight.data.length} values; it must be [${shape}]`,
    )
  }
}

function badNode(node: NodeBase, what: string): EscError {
  return new EscError('INVALID_INPUT', `node '${node.name}' ${what}`, { detail: { node: node.name } })
}

/** One weight of a graph, with the name it goes by in ONNX files and checkpoints: `node.weight`. */
export interface NamedWeight {
  name: string
  weight: Weight
  /** False for BatchNorm's running averages, which training updates without a gradient. */
  trainable: boolean
}

/**
 * All weights of a graph in node order, named `node.weight`.
 *
 * @example namedWeights(graph).filter((w) => w.trainable).length
 */
export function namedWeights(graph: NetworkGraph): NamedWeight[] {
  return graph.nodes.flatMap((node) =>
    Object.entries(node.weights as Record<string, Weight>).map(([key, weight]) => ({
      name: `${node.name}.${key}`,
      weight,
      trainable: !(node.op === 'BatchNorm' && (key === 'mean' || key === 'variance')),
    })),
  )
}

/** Number of trainable values in a graph. @example parameterCount(audioCnn({ bins: 13, frames: 431, classes: 50 })) */
export function parameterCount(graph: NetworkGraph): number {
  return namedWeights(graph)
    .filter(({ trainable }) => trainable)
    .reduce((sum, { weight }) => sum + weight.data.length, 0)
}

/**
 * The same graph with other weight values; shapes stay. Storage of `data` is taken over, not copied.
 *
 * @param data - Values by `node.weight`; weights that are not named keep theirs.
 * @throws EscError INVALID_INPUT if a name is unknown or a length differs.
 * @example withWeights(graph, { 'dense1.bias': new Float32Array(64) })
 */
export function withWeights(graph: NetworkGraph, data: Readonly<Record<string, Float32Array>>): NetworkGraph {
  const known = new Map(namedWeights(graph).map(({ name, weight }) => [name, weight]))
  for (const [name, values] of Object.entries(data)) {
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
