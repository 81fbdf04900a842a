/**
 * The table from layer to forward and backward rules, in standard ONNX operators.
 *
 * Activations are [N, C, H, W] with N left open; weights are graph inputs named `node.weight`.
 */
import type {
  BatchNormNode,
  Conv2DNode,
  DenseNode,
  DropoutNode,
  FlattenNode,
  GlobalAveragePoolNode,
  MaxPoolNode,
  NetworkOp,
  ReluNode,
} from '@esc/core'
import type { GraphBuilder } from '../builder.js'
import { convPads } from '../lower.js'
import { int64Vector, scalar } from '../tensor.js'
import type { LayerRule } from './rule.js'

/** Below this many input channels one product over gathered patches is faster than one product per kernel tap. */
const gatherBelowChannels = 8

const conv2d: LayerRule<Conv2DNode> = ({ g, inputShape, outputShape, needsInputGradient }, node, input) => {
  const { kernel } = node.weights
  const pads = convPads(node)
  const output = g.node('Conv', [input, `${node.name}.kernel`, `${node.name}.bias`], {
    pads: { ints: [...pads, ...pads] },
  })
  return {
    output,
    backward(dOutput) {
      return {
        input: needsInputGradient ? convInputGradient(g, node, dOutput) : null,
        weights: {
          kernel: convKernelGradient(g, node, input, dOutput, inputShape, outputShape, kernel.shape),
          bias: g.node('ReduceSum', [dOutput, axes(g, node.name, [0, 2, 3])], { keepdims: { int: 0 } }),
        },
      }
    },
  }
}

/** A convolution's input gradient is the convolution of the output's gradient with the kernel flipped and its channel axes swapped. */
function convInputGradient(g: GraphBuilder, node: Conv2DNode, dOutput: string): string {
  const [, , kh, kw] = node.weights.kernel.shape as [number, number, number, number]
  const [padH, padW] = convPads(node)
  const swapped = g.node('Transpose', [`${node.name}.kernel`], { perm: { ints: [1, 0, 2, 3] } })
  const flipRows = g.constant(`${node.name}/flipRows`, int64Vector(descending(kh)))
  const flipColumns = g.constant(`${node.name}/flipColumns`, int64Vector(descending(kw)))
  const rowsFlipped = g.node('Gather', [swapped, flipRows], { axis: { int: 2 } })
  const flipped = g.node('Gather', [rowsFlipped, flipColumns], { axis: { int: 3 } })
  const pads = [kh - 1 - padH, kw - 1 - padW]
  return g.node('Conv', [dOutput, flipped], { pads: { ints: [...pads, ...pads] } })
}

/**
 * `dKernel[o, c, i, j] = Σ over n, y, x of dOutput[n, o, y, x] · paddedInput[n, c, y + i, x + j]`: for every tap
 * (i, j) a matrix product over the pixels of the input shifted by the tap. With few channels those products are too
 * thin to be fast, so all taps are gathered into one matrix first.
 */
function convKernelGradient(
  g: GraphBuilder,
  node: Conv2DNode,
  input: string,
  dOutput: string,
  [channels]: readonly number[],
  [filters, outHeight, outWidth]: readonly number[],
  [, , kh, kw]: readonly number[],
): string {
  const { name } = node
  const [padH, padW] = convPads(node)
  const vector = (label: string, values: number[]) => g.constant(`${name}/${label}`, int64Vector(values))
  const padded =
    padH + padW === 0 ? input : g.node('Pad', [input, vector('pads', [0, 0, padH, padW, 0, 0, padH, padW])])
  const pixels = outHeight! * outWidth!
  const imageAxes = vector('imageAxes', [2, 3])
  const dRows = g.node('Reshape', [dOutput, vector('dRows', [0, filters!, pixels])])
  const taps = Array.from({ length: kh! * kw! }, (_, tap) => {
    const [i, j] = [Math.floor(tap / kw!), tap % kw!]
    const ends = vector(`end${tap}`, [i + outHeight!, j + outWidth!])
    return kh! * kw! === 1
      ? padded
      : g.node('Slice', [padded, vector(`start${tap}`, [i, j]), ends, imageAxes])
  })
  const gathered = channels! < gatherBelowChannels ? [g.node('Concat', taps, { axis: { int: 1 } })] : taps
  const columns = (channels! * taps.length) / gathered.length
  const rowShape = vector('inputRows', [0, columns, pixels])
  const products = gathered.map((patch) => {
    const rows = g.node('Reshape', [patch, rowShape])
    return g.node('MatMul', [dRows, g.node('Transpose', [rows], { perm: { ints: [0, 2, 1] } })])
  })
  const perClip = products.length === 1 ? products[0]! : g.node('Concat', products, { axis: { int: 2 } })
  const summed = g.node('ReduceSum', [perClip, vector('batchAxis', [0])], { keepdims: { int: 0 } })
  // Rows are [filter][tap][channel]; kernels are OIHW.
  const tapLast = g.node('Reshape', [summed, vector('tapShape', [filters!, kh!, kw!, channels!])])
  return g.node('Transpose', [tapLast], { perm: { ints: [0, 3, 1, 2] } })
}

/**
 * Training-mode batch normalisation. The centred input is kept, and the backward pass uses it directly: recovering it
 * from the output would divide by gamma, which training may bring to zero.
 *
 * @see Ioffe & Szegedy 2015; running averages as PyTorch's, with the unbiased variance.
 */
const batchNorm: LayerRule<BatchNormNode> = ({ g, inputShape }, node, input) => {
  const { name } = node
  const { epsilon, momentum } = node.attributes
  const [channels, height, width] = inputShape as [number, number, number]
  const overBatch = axes(g, name, [0, 2, 3])
  const perChannel = g.constant(`${name}/perChannel`, int64Vector([channels, 1, 1]))
  const asVector = g.constant(`${name}/asVector`, int64Vector([channels]))
  const meanOf = (value: string) => g.node('ReduceMean', [value], { axes: { ints: [0, 2, 3] } })

  const mean = meanOf(input)
  const centred = g.node('Sub', [input, mean])
  const variance = meanOf(g.node('Mul', [centred, centred]))
  const std = g.node('Sqrt', [g.node('Add', [variance, g.constant(`${name}/epsilon`, scalar(epsilon))])])
  const scale = g.node('Div', [g.node('Reshape', [`${name}.gamma`, perChannel]), std])
  const beta = g.node('Reshape', [`${name}.beta`, perChannel])
  const output = g.node('Add', [g.node('Mul', [centred, scale]), beta])

  const running = (key: 'mean' | 'variance', batchValue: string) => {
    const kept = g.node('Mul', [`${name}.${key}`, g.constant(`${name}/keep-${key}`, scalar(1 - momentum))])
    const added = g.node('Mul', [batchValue, g.constant(`${name}/take-${key}`, scalar(momentum))])
    return g.node('Add', [kept, g.node('Reshape', [added, asVector])])
  }
  // count = N · H · W is known only when the step runs; the unbiased variance is count / (count - 1) of the biased one,
  // and a single value has variance 0 either way.
  const batchSize = g.node(
    'Cast',
    [g.node('Gather', [g.node('Shape', [input]), int64Scalar(g, `${name}/axis0`, 0)])],
    {
      to: { int: 1 },
    },
  )
  const count = g.node('Mul', [batchSize, g.constant(`${name}/pixels`, scalar(height * width))])
  const one = g.constant(`${name}/one`, scalar(1))
  const countLess1 = g.node('Max', [g.node('Sub', [count, one]), one])
  const unbiased = g.node('Mul', [variance, g.node('Div', [count, countLess1])])

  return {
    output,
    updates: { mean: running('mean', mean), variance: running('variance', unbiased) },
    backward(dOutput) {
      const covariance = meanOf(g.node('Mul', [dOutput, centred]))
      const biasedVariance = g.node('Mul', [std, std])
      const slope = g.node('Div', [covariance, biasedVariance])
      const explained = g.node('Add', [g.node('Mul', [centred, slope]), meanOf(dOutput)])
      const dCentred = g.node('Sub', [dOutput, explained])
      const dGamma = g.node('Div', [g.node('Mul', [covariance, count]), std])
      return {
        input: g.node('Mul', [dCentred, scale]),
        weights: {
          gamma: g.node('Reshape', [dGamma, asVector]),
          beta: g.node('ReduceSum', [dOutput, overBatch], { keepdims: { int: 0 } }),
        },
      }
    },
  }
}

const relu: LayerRule<ReluNode> = ({ g }, node, input) => {
  const output = g.node('Relu', [input])
  return {
    output,
    backward(dOutput) {
      const positive = g.node('Greater', [output, g.constant(`${node.name}/zero`, scalar(0))])
      return { input: g.node('Where', [positive, dOutput, `${node.name}/zero`]), weights: {} }
    },
  }
}

/** The gradient goes back to the place the maximum came from: the first one on a tie, as in PyTorch and tfjs. */
const maxPool: LayerRule<MaxPoolNode> = ({ g }, node, input) => {
  const { size } = node.attributes
  const window = { kernel_shape: { ints: size }, strides: { ints: size } }
  const [output, indices] = [`${node.name}/pooled`, `${node.name}/indices`]
  g.nodeWithOutputs('MaxPool', [input], [output, indices], window)
  return {
    output,
    backward: (dOutput) => ({
      input: g.node('MaxUnpool', [dOutput, indices, g.node('Shape', [input])], window),
      weights: {},
    }),
  }
}

const globalAveragePool: LayerRule<GlobalAveragePoolNode> = ({ g, inputShape }, node, input) => {
  const [, height, width] = inputShape as [number, number, number]
  const output = g.node('ReduceMean', [input], { axes: { ints: [2, 3] }, keepdims: { int: 0 } })
  return {
    output,
    backward(dOutput) {
      const share = g.node('Div', [dOutput, g.constant(`${node.name}/pixels`, scalar(height * width))])
      const pixel = g.node('Unsqueeze', [share, axes(g, node.name, [2, 3])])
      return { input: g.node('Expand', [pixel, g.node('Shape', [input])]), weights: {} }
    },
  }
}

const flatten: LayerRule<FlattenNode> = ({ g }, _node, input) => ({
  output: g.node('Flatten', [input]),
  backward: (dOutput) => ({ input: g.node('Reshape', [dOutput, g.node('Shape', [input])]), weights: {} }),
})

/** The mask is fed in, already scaled: 0, or 1 / (1 - rate). So the random numbers are the caller's. */
const dropout: LayerRule<DropoutNode> = ({ g, inputShape }, node, input) => {
  const mask = g.input({ name: `${node.name}.mask`, type: 'float32', dims: ['N', ...inputShape] })
  return {
    output: g.node('Mul', [input, mask]),
    backward: (dOutput) => ({ input: g.node('Mul', [dOutput, mask]), weights: {} }),
  }
}

const dense: LayerRule<DenseNode> = ({ g, needsInputGradient }, node, input) => ({
  output: g.node('Gemm', [input, `${node.name}.kernel`, `${node.name}.bias`], { transB: { int: 1 } }),
  backward: (dOutput) => ({
    input: needsInputGradient ? g.node('MatMul', [dOutput, `${node.name}.kernel`]) : null,
    weights: {
      kernel: g.node('Gemm', [dOutput, input], { transA: { int: 1 } }),
      bias: g.node('ReduceSum', [dOutput, axes(g, node.name, [0])], { keepdims: { int: 0 } }),
    },
  }),
})

function axes(g: GraphBuilder, nodeName: string, values: number[]): string {
  return g.constant(`${nodeName}/axes${values.join('')}`, int64Vector(values))
}

function int64Scalar(g: GraphBuilder, name: string, value: number): string {
  return g.constant(name, { type: 'int64', dims: [], data: BigInt64Array.of(BigInt(value)) })
}

/** `[n - 1, …, 1, 0]`. */
function descending(n: number): number[] {
  return Array.from({ length: n }, (_, i) => n - 1 - i)
}

/** Rules by layer. A layer without one cannot be trained by this engine. */
export const layerRules: Readonly<Partial<Record<NetworkOp, LayerRule>>> = {
  Conv2D: conv2d as LayerRule,
  BatchNorm: batchNorm as LayerRule,
  ReLU: relu as LayerRule,
  MaxPool: maxPool as LayerRule,
  GlobalAveragePool: globalAveragePool as LayerRule,
  Flatten: flatten as LayerRule,
  Dropout: dropout as LayerRule,
  Dense: dense as LayerRule,
}
