/** Shapes of a network's values, and whether its nodes and weights fit together. */
import { EscError } from './error.js'
import type {
  Conv2DNode,
  DepthwiseConv2DNode,
  NetworkGraph,
  NetworkNode,
  Padding,
  SeparableConv2DNode,
} from './graph.js'
import {
  badNode,
  expectNumber,
  expectPadding,
  expectShape,
  expectSizes,
  imageShape,
  isSize,
  product,
  weightShape,
} from './node-checks.js'
import { type Advice, describeValue, hasField, typeOf, wrongValue } from './wrong-value.js'

/**
 * Checks the frame of a network; {@link inferShapes} looks at what its nodes do.
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
 * Shape of every value in the graph without the batch axis, keyed by node name (and the input's name).
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
    if (!isName(node.name)) throw badNode(node, 'has a name of other things than letters, digits and _./-')
    if (shapes.has(node.name)) throw badNode(node, 'has the name of an earlier node; names must be unique')
    const inputs = node.inputs.map((name: string) => {
      const shape = shapes.get(name)
      if (!shape) throw badNode(node, `reads '${name}', which no earlier node makes`)
      return shape
    })
    const shape = outputShape(node, inputs)
    if (!shape.every((size) => size >= 1)) {
      throw badNode(node, `would make an empty value [${shape}] from [${inputs[0]}]; use a larger input`)
    }
    shapes.set(node.name, shape)
  }
  if (!shapes.has(graph.output) || graph.output === input.name) {
    throw new EscError('INVALID_INPUT', `graph output '${graph.output}' is not the name of a node`)
  }
  return shapes
}

function assertNode(node: NetworkNode): void {
  const { inputs, attributes, weights } = node ?? {}
  if (Array.isArray(inputs) && typeOf(attributes) === 'object' && typeOf(weights) === 'object') return
  const advice = 'each of the nodes must have a list of inputs, attributes and weights, if only {}'
  throw new EscError('INVALID_INPUT', `node '${String(node?.name)}' is incomplete; ${advice}`)
}

const isName = (name: unknown) => typeof name === 'string' && /^[\w./-]+$/.test(name)

/**
 * Number of classes of a network, the length of its output.
 *
 * @throws EscError INVALID_INPUT if the output is not a vector, and where {@link inferShapes} throws.
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

function outputShape(node: NetworkNode, inputs: readonly (readonly number[])[]): readonly number[] {
  if (node.op === 'Concatenate') return concatenatedShape(node, inputs)
  const wanted = node.op === 'Add' || node.op === 'Multiply' ? 2 : 1
  if (inputs.length !== wanted) throw badNode(node, `has ${inputs.length} inputs and needs ${wanted}`)
  const input = inputs[0]!
  switch (node.op) {
    case 'Conv2D':
    case 'DepthwiseConv2D':
    case 'SeparableConv2D':
      return convolvedShape(node, input)
    case 'BatchNorm': {
      if (input.length !== 1) imageShape(node, input)
      for (const key of ['gamma', 'beta', 'mean', 'variance'] as const) {
        expectShape(node, key, node.weights[key], [input[0]!])
      }
      const { epsilon, momentum } = node.attributes
      expectNumber(node, { epsilon }, epsilon >= 0, '>= 0')
      expectNumber(node, { momentum }, momentum >= 0 && momentum <= 1, 'in [0, 1]')
      return input
    }
    case 'LayerNorm': {
      const { gamma, beta } = node.weights
      const rank = gamma?.shape.length ?? 0
      if (rank < 1 || rank > input.length) {
        throw badNode(node, `has a gamma of rank ${rank} and reads [${input}]`)
      }
      expectShape(node, 'gamma', gamma, input.slice(-rank))
      expectShape(node, 'beta', beta, input.slice(-rank))
      const { epsilon } = node.attributes
      expectNumber(node, { epsilon }, epsilon >= 0, '>= 0')
      return input
    }
    case 'MaxPool':
    case 'AveragePool': {
      const [channels, ...image] = imageShape(node, input)
      const { size, strides = size, padding = 'valid' } = node.attributes
      expectSizes(node, { size, strides })
      expectPadding(node, padding)
      return [
        channels,
        ...image.map((length, axis) => windowCount(length, size[axis]!, strides[axis]!, padding)),
      ]
    }
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return [imageShape(node, input)[0]]
    case 'AttentionPool': {
      const [channels] = imageShape(node, input)
      expectShape(node, 'kernel', node.weights.kernel, [channels])
      return [channels]
    }
    case 'Flatten':
      return [product(input)]
    case 'Reshape': {
      const { shape } = node.attributes
      if (
        !Array.isArray(shape) ||
        !shape.every((size) => Number.isSafeInteger(size)) ||
        product(shape) !== product(input)
      ) {
        throw badNode(node, `has shape [${shape}], which does not hold the values of [${input}]`)
      }
      return shape
    }
    case 'Dense': {
      const { kernel, bias } = node.weights
      const [units, width] = weightShape(node, 'kernel', kernel, 2) as [number, number]
      if (input.length !== 1 || input[0] !== width) {
        throw badNode(node, `has a kernel for ${width} inputs and reads [${input}]`)
      }
      expectShape(node, 'bias', bias, [units])
      return [units]
    }
    case 'Add':
    case 'Multiply': {
      const other = inputs[1]!
      const perChannel = input.length === 3 && other.length === 1 && other[0] === input[0]
      if (!perChannel && String(other) !== String(input)) {
        throw badNode(
          node,
          `reads [${input}] and [${other}]; shapes must be equal, or the second one [${input[0]}]`,
        )
      }
      return input
    }
    case 'LeakyReLU': {
      const { alpha } = node.attributes
      expectNumber(node, { alpha }, true, 'a number')
      return input
    }
    case 'Dropout': {
      const { rate } = node.attributes
      expectNumber(node, { rate }, rate >= 0 && rate < 1, 'in [0, 1)')
      return input
    }
    case 'ReLU':
    case 'ReLU6':
    case 'Sigmoid':
    case 'Tanh':
    case 'HardSigmoid':
    case 'HardSwish':
    case 'Swish':
      return input
    default: {
      const { name, op } = node as { name: string; op: string }
      throw new EscError('UNSUPPORTED_LAYER', `node '${name}' has the unknown op '${op}'`, {
        detail: { node: name, op },
      })
    }
  }
}

function convolvedShape(
  node: Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode,
  input: readonly number[],
): readonly number[] {
  const [channels, height, width] = imageShape(node, input)
  const { padding, strides = [1, 1], dilations = [1, 1] } = node.attributes
  expectSizes(node, { strides, dilations })
  expectPadding(node, padding)
  const [key, kernel] =
    node.op === 'SeparableConv2D'
      ? (['depthwise', node.weights.depthwise] as const)
      : (['kernel', node.weights.kernel] as const)
  const [filters, perGroup, kh, kw] = weightShape(node, key, kernel, 4) as [number, number, number, number]
  const groups = node.op === 'Conv2D' ? (node.attributes.groups ?? 1) : channels
  if (!Number.isSafeInteger(groups) || groups < 1 || filters % groups !== 0) {
    throw badNode(node, `has ${filters} filters in ${groups} groups, which must divide them`)
  }
  if (perGroup * groups !== channels) {
    throw badNode(node, `has a kernel for ${perGroup * groups} channels and reads ${channels}`)
  }
  let outputs = filters
  if (node.op === 'SeparableConv2D') {
    const { pointwise } = node.weights
    outputs = weightShape(node, 'pointwise', pointwise, 4)[0]!
    expectShape(node, 'pointwise', pointwise, [outputs, filters, 1, 1])
  }
  expectShape(node, 'bias', node.weights.bias, [outputs])
  return [
    outputs,
    windowCount(height, (kh - 1) * dilations[0] + 1, strides[0], padding),
    windowCount(width, (kw - 1) * dilations[1] + 1, strides[1], padding),
  ]
}

function concatenatedShape(node: NetworkNode, inputs: readonly (readonly number[])[]): readonly number[] {
  if (inputs.length < 2) throw badNode(node, `has ${inputs.length} inputs and needs 2 or more`)
  const [, ...rest] = inputs[0]!
  const fits = inputs.every((shape) => String(shape.slice(1)) === String(rest))
  if (!fits) {
    const found = inputs.map((shape) => `[${shape}]`).join(', ')
    throw badNode(node, `reads ${found}; shapes must be equal but for the first axis`)
  }
  return [inputs.reduce((sum, shape) => sum + shape[0]!, 0), ...rest]
}

/**
 * Windows that fit on an axis: ⌈length / stride⌉ for `same`, for `valid` as many as stay inside.
 *
 * @param window - Values from a window's first to its last, `(taps - 1) · dilation + 1`.
 * @example windowCount(5, 3, 2, 'valid') // 2
 */
export function windowCount(length: number, window: number, stride: number, padding: Padding): number {
  return padding === 'same' ? Math.ceil(length / stride) : Math.floor((length - window) / stride) + 1
}

/**
 * Zeros that a window needs before and behind an axis: none for `valid`; for `same` as many as make ⌈length / stride⌉ windows,
 * the odd one behind.
 *
 * @param window - Values from a window's first to its last, `(taps - 1) · dilation + 1`.
 * @see ONNX Conv, `auto_pad` SAME_UPPER; TensorFlow's `SAME`.
 * @example windowPads(5, 3, 2, 'same') // [1, 1]
 */
export function windowPads(
  length: number,
  window: number,
  stride: number,
  padding: Padding,
): [before: number, behind: number] {
  const reached = (windowCount(length, window, stride, padding) - 1) * stride + window
  const total = padding === 'same' ? Math.max(0, reached - length) : 0
  return [Math.floor(total / 2), Math.ceil(total / 2)]
}
