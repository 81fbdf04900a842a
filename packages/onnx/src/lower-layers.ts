/** Writes layers in inference mode as standard operators. */
import {
  type ActivationNode,
  type AttentionPoolNode,
  EscError,
  type LayerNormNode,
  type NetworkNode,
  type SeparableConv2DNode,
  type Weight,
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

/** Writes one layer and returns its value's name. @throws EscError UNSUPPORTED_LAYER naming a node of an unknown kind. */
export function writeLayer(context: LayerContext, node: NetworkNode): string {
  const { g, opset, inputs, inputShapes } = context
  const { name } = node
  const [input, inputShape] = [inputs[0]!, inputShapes[0]!]
  switch (node.op) {
    case 'Conv2D':
    case 'DepthwiseConv2D': {
      const { kernel, bias } = node.weights
      const weights = [weight(g, node, 'kernel', kernel), weight(g, node, 'bias', bias)]
      return g.node('Conv', [input, ...weights], convWindow(node, inputShape), name)
    }
    case 'SeparableConv2D':
      return writeSeparable(context, node)
    case 'BatchNorm': {
      const { gamma, beta, mean, variance } = node.weights
      const weights = Object.entries({ gamma, beta, mean, variance })
      const constants = weights.map(([key, value]) => weight(g, node, key, value))
      const attributes = { epsilon: { float: node.attributes.epsilon } }
      return g.node('BatchNormalization', [input, ...constants], attributes, name)
    }
    case 'LayerNorm':
      return writeLayerNorm(context, node)
    case 'ReLU':
    case 'ReLU6':
    case 'Sigmoid':
    case 'Tanh':
    case 'HardSigmoid':
    case 'HardSwish':
    case 'Swish':
      return writeActivation(g, node, input, opset)
    case 'LeakyReLU':
      return g.node('LeakyRelu', [input], { alpha: { float: node.attributes.alpha } }, name)
    case 'MaxPool':
    case 'AveragePool':
      return g.node(node.op, [input], poolWindow(node, inputShape), name)
    case 'GlobalAveragePool':
    case 'GlobalMaxPool':
      return g.node('Flatten', [g.node(node.op, [input])], {}, name)
    case 'AttentionPool':
      return writeAttentionPool(context, node)
    case 'Flatten':
      return g.node('Flatten', [input], {}, name)
    case 'Reshape': {
      // 0 keeps the batch axis.
      const shape = g.constant(`${name}:shape`, int64Vector([0, ...node.attributes.shape]))
      return g.node('Reshape', [input, shape], {}, name)
    }
    case 'Dropout':
      return input
    case 'Dense': {
      const { kernel, bias } = node.weights
      const weights = [weight(g, node, 'kernel', kernel), weight(g, node, 'bias', bias)]
      return g.node('Gemm', [input, ...weights], { transB: { int: 1 } }, name)
    }
    case 'Add':
    case 'Multiply': {
      const perChannel = inputShapes[1]!.length < inputShape.length
      const other = perChannel ? perPixel(g, name, inputs[1]!) : inputs[1]!
      return g.node(node.op === 'Add' ? 'Add' : 'Mul', [input, other], {}, name)
    }
    case 'Concatenate':
      return g.node('Concat', inputs, { axis: { int: 1 } }, name)
    default: {
      const { op } = node as { op: string }
      throw new EscError('UNSUPPORTED_LAYER', `node '${name}' (${op}) cannot be exported`, {
        detail: { node: name, op },
      })
    }
  }
}

function weight(g: GraphBuilder, { name }: NetworkNode, key: string, { shape, data }: Weight): string {
  return g.constant(`${name}.${key}`, floatTensor(data, shape))
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

function writeSeparable({ g, inputs, inputShapes }: LayerContext, node: SeparableConv2DNode): string {
  const { depthwise, pointwise, bias } = node.weights
  const perChannel = g.node(
    'Conv',
    [inputs[0]!, weight(g, node, 'depthwise', depthwise)],
    convWindow(node, inputShapes[0]!),
    `${node.name}:depthwise`,
  )
  const weights = [weight(g, node, 'pointwise', pointwise), weight(g, node, 'bias', bias)]
  return g.node('Conv', [perChannel, ...weights], { kernel_shape: { ints: [1, 1] } }, node.name)
}

function writeActivation(
  g: GraphBuilder,
  { op, name }: ActivationNode,
  input: string,
  opset: number,
): string {
  const hardSigmoid = (wish: string) =>
    g.node('HardSigmoid', [input], { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }, wish)
  switch (op) {
    case 'ReLU':
      return g.node('Relu', [input], {}, name)
    case 'ReLU6': {
      const limits = [g.constant(`${name}:min`, scalar(0)), g.constant(`${name}:max`, scalar(6))]
      return g.node('Clip', [input, ...limits], {}, name)
    }
    case 'HardSigmoid':
      return hardSigmoid(name)
    case 'HardSwish':
      if (opset >= 14) return g.node('HardSwish', [input], {}, name)
      return g.node('Mul', [input, hardSigmoid(`${name}:gate`)], {}, name)
    case 'Swish':
      return g.node('Mul', [input, g.node('Sigmoid', [input], {}, `${name}:gate`)], {}, name)
    default:
      return g.node(op, [input], {}, name)
  }
}

function writeLayerNorm(context: LayerContext, node: LayerNormNode): string {
  const { g, opset } = context
  const [input, { name }] = [context.inputs[0]!, node]
  const { gamma, beta } = node.weights
  const { epsilon } = node.attributes
  const [scale, shift] = [weight(g, node, 'gamma', gamma), weight(g, node, 'beta', beta)]
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

function writeAttentionPool(context: LayerContext, node: AttentionPoolNode): string {
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
