/** The table from each kind of layer to the standard ONNX operators that infer with it. */
import type {
  AttentionPoolNode,
  Conv2DNode,
  DepthwiseConv2DNode,
  GlobalPoolNode,
  LayerNormNode,
  LayerTable,
  MergeNode,
  PoolNode,
  SeparableConv2DNode,
  StatsPoolNode,
  Weight,
} from '@esc/core'
import type { GraphBuilder } from './builder.js'
import { floatTensor, int64Vector, scalar } from './tensor.js'
import { convWindow, poolWindow } from './window-attributes.js'

/** What a layer may use while it is written. */
export interface LayerContext {
  g: GraphBuilder
  opset: number
  /** Values the layer reads, in order, and their shapes without the batch axis. */
  inputs: readonly string[]
  inputShapes: readonly (readonly number[])[]
}

/** How each kind of layer is written; an entry returns the name of the layer's value. */
export const layerWriters: LayerTable<LayerContext, string> = {
  Conv2D: writeConv,
  DepthwiseConv2D: writeConv,
  SeparableConv2D: writeSeparable,
  BatchNorm({ name, attributes, weights }, { g, inputs }) {
    const { gamma, beta, mean, variance } = weights
    const constants = Object.entries({ gamma, beta, mean, variance }).map(([key, value]) =>
      weight(g, name, key, value),
    )
    const epsilon = { float: attributes.epsilon }
    return g.node('BatchNormalization', [inputs[0]!, ...constants], { epsilon }, name)
  },
  LayerNorm: writeLayerNorm,
  ReLU: ({ name }, { g, inputs }) => g.node('Relu', inputs, {}, name),
  ReLU6({ name }, { g, inputs }) {
    const limits = [g.constant(`${name}:min`, scalar(0)), g.constant(`${name}:max`, scalar(6))]
    return g.node('Clip', [inputs[0]!, ...limits], {}, name)
  },
  LeakyReLU: ({ name, attributes }, { g, inputs }) =>
    g.node('LeakyRelu', inputs, { alpha: { float: attributes.alpha } }, name),
  Sigmoid: ({ name }, { g, inputs }) => g.node('Sigmoid', inputs, {}, name),
  Tanh: ({ name }, { g, inputs }) => g.node('Tanh', inputs, {}, name),
  HardSigmoid: ({ name }, context) => writeHardSigmoid(context, name),
  HardSwish({ name }, context) {
    const { g, opset, inputs } = context
    if (opset >= 14) return g.node('HardSwish', inputs, {}, name)
    return g.node('Mul', [inputs[0]!, writeHardSigmoid(context, `${name}:gate`)], {}, name)
  },
  Swish: ({ name }, { g, inputs }) =>
    g.node('Mul', [inputs[0]!, g.node('Sigmoid', inputs, {}, `${name}:gate`)], {}, name),
  MaxPool: writePool,
  AveragePool: writePool,
  GlobalAveragePool: writeGlobalPool,
  GlobalMaxPool: writeGlobalPool,
  AttentionPool: writeAttentionPool,
  StatsPool: writeStatsPool,
  Flatten: ({ name }, { g, inputs }) => g.node('Flatten', inputs, {}, name),
  Reshape({ name, attributes }, { g, inputs }) {
    // 0 keeps the batch axis.
    const shape = g.constant(`${name}:shape`, int64Vector([0, ...attributes.shape]))
    return g.node('Reshape', [inputs[0]!, shape], {}, name)
  },
  // In inference it changes nothing.
  Dropout: (_, { inputs }) => inputs[0]!,
  Dense({ name, weights: { kernel, bias } }, { g, inputs }) {
    const weights = [weight(g, name, 'kernel', kernel), weight(g, name, 'bias', bias)]
    return g.node('Gemm', [inputs[0]!, ...weights], { transB: { int: 1 } }, name)
  },
  Add: (node, context) => writeMerge(node, context, 'Add'),
  Multiply: (node, context) => writeMerge(node, context, 'Mul'),
  Concatenate: ({ name }, { g, inputs }) => g.node('Concat', inputs, { axis: { int: 1 } }, name),
}

function weight(g: GraphBuilder, name: string, key: string, { shape, data }: Weight): string {
  return g.constant(`${name}.${key}`, floatTensor(data, shape))
}

function writeConv(node: Conv2DNode | DepthwiseConv2DNode, { g, inputs, inputShapes }: LayerContext): string {
  const { name } = node
  const { kernel, bias } = node.weights
  const weights = [weight(g, name, 'kernel', kernel), weight(g, name, 'bias', bias)]
  return g.node('Conv', [inputs[0]!, ...weights], convWindow(node, inputShapes[0]!), name)
}

function writePool(node: PoolNode, { g, inputs, inputShapes }: LayerContext): string {
  return g.node(node.op, inputs, poolWindow(node, inputShapes[0]!), node.name)
}

function writeGlobalPool({ op, name }: GlobalPoolNode, { g, inputs }: LayerContext): string {
  return g.node('Flatten', [g.node(op, inputs)], {}, name)
}

function writeHardSigmoid({ g, inputs }: LayerContext, wish: string): string {
  return g.node('HardSigmoid', inputs, { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }, wish)
}

function writeMerge(
  { name }: MergeNode,
  { g, inputs, inputShapes }: LayerContext,
  operator: 'Add' | 'Mul',
): string {
  const isPerChannel = inputShapes[1]!.length < inputShapes[0]!.length
  const second = isPerChannel ? perPixel(g, name, inputs[1]!) : inputs[1]!
  return g.node(operator, [inputs[0]!, second], {}, name)
}

/** [N, C] → [N, C, 1, 1]. */
function perPixel(g: GraphBuilder, name: string, value: string): string {
  return g.node('Unsqueeze', [value, g.constant(`${name}:imageAxes`, int64Vector([2, 3]))])
}

/** ReduceMean over axes counted from the end, kept as 1. Its axes became an input in operator set 18. */
function writeMean({ g, opset }: LayerContext, value: string, axes: readonly number[], wish: string): string {
  if (opset < 18) return g.node('ReduceMean', [value], { axes: { ints: axes } }, wish)
  return g.node('ReduceMean', [value, g.constant(`${wish}/axes`, int64Vector(axes))], {}, wish)
}

function writeSeparable(node: SeparableConv2DNode, { g, inputs, inputShapes }: LayerContext): string {
  const { depthwise, pointwise, bias } = node.weights
  const perChannel = g.node(
    'Conv',
    [inputs[0]!, weight(g, node.name, 'depthwise', depthwise)],
    convWindow(node, inputShapes[0]!),
    `${node.name}:depthwise`,
  )
  const weights = [weight(g, node.name, 'pointwise', pointwise), weight(g, node.name, 'bias', bias)]
  return g.node('Conv', [perChannel, ...weights], { kernel_shape: { ints: [1, 1] } }, node.name)
}

function writeLayerNorm(node: LayerNormNode, context: LayerContext): string {
  const { g, opset } = context
  const [input, { name }] = [context.inputs[0]!, node]
  const { gamma, beta } = node.weights
  const { epsilon } = node.attributes
  const [scale, shift] = [weight(g, node.name, 'gamma', gamma), weight(g, node.name, 'beta', beta)]
  const rank = gamma.shape.length
  if (opset >= 17) {
    const attributes = { axis: { int: -rank }, epsilon: { float: epsilon } }
    return g.node('LayerNormalization', [input, scale, shift], attributes, name)
  }
  const axes = Array.from({ length: rank }, (_, i) => i - rank)
  const centred = g.node('Sub', [input, writeMean(context, input, axes, `${name}:mean`)])
  const variance = writeMean(context, g.node('Mul', [centred, centred]), axes, `${name}:variance`)
  const std = g.node('Sqrt', [g.node('Add', [variance, g.constant(`${name}:epsilon`, scalar(epsilon))])])
  return g.node('Add', [g.node('Mul', [g.node('Div', [centred, std]), scale]), shift], {}, name)
}

function writeAttentionPool(node: AttentionPoolNode, context: LayerContext): string {
  const { g, inputs } = context
  const { name } = node
  const { shape, data } = node.weights.kernel
  const kernel = g.constant(`${name}.kernel`, floatTensor(data, [1, shape[0]!]))
  const meanOverRows = writeMean(context, inputs[0]!, [-2], `${name}:mean`)
  const rows = g.node('Squeeze', [meanOverRows, g.constant(`${name}:rowAxis`, int64Vector([2]))])
  const shares = g.node(
    'Softmax',
    [g.node('MatMul', [kernel, rows])],
    { axis: { int: -1 } },
    `${name}:shares`,
  )
  const lastAxis = g.constant(`${name}:lastAxis`, int64Vector([-1]))
  return g.node('ReduceSum', [g.node('Mul', [rows, shares]), lastAxis], { keepdims: { int: 0 } }, name)
}

/** The deviation is computed from centred values: E[x²] - E[x]² would lose most digits where the mean is large. */
function writeStatsPool({ name }: StatsPoolNode, context: LayerContext): string {
  const { g, inputs } = context
  const mean = writeMean(context, inputs[0]!, [-1], `${name}:mean`)
  const centred = g.node('Sub', [inputs[0]!, mean])
  const variance = writeMean(context, g.node('Mul', [centred, centred]), [-1], `${name}:variance`)
  const both = g.node('Concat', [mean, g.node('Sqrt', [variance])], { axis: { int: 1 } })
  return g.node('Flatten', [both], {}, name)
}
