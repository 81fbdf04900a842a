/** Convolutions: the forward pass, and the gradients of input, kernel and bias. */
import { type Conv2DNode, type DepthwiseConv2DNode, windowCount } from '@esc/core'
import type { GraphBuilder } from '../../builder.js'
import { type ConvWindow, convWindow } from '../../window-attributes.js'
import { channelSum, vector } from '../constants.js'
import type { LayerRule, RuleContext } from '../rule.js'

/** One convolution that a layer consists of. */
export interface Convolution {
  /** Prefix of the names of its constants. */
  name: string
  /** Name of the value that holds the kernel. */
  kernel: string
  /** [filters, channels / groups, kh, kw]. */
  kernelShape: readonly number[]
  /** Name of the value that holds the bias, or `null` without a bias. */
  bias: string | null
  window: ConvWindow
  /** [channels, rows, columns]. */
  inputShape: readonly number[]
  outputShape: readonly number[]
}

export const conv2d: LayerRule<Conv2DNode | DepthwiseConv2DNode> = (context, node) => {
  const { g, inputs, needsGradient } = context
  const conv = convolutionOf(context, node)
  return {
    output: writeConvolution(g, conv, inputs[0]!),
    backward: (dOutput) => ({
      inputs: [needsGradient[0] ? inputGradient(g, conv, conv.kernel, dOutput) : null],
      weights: {
        kernel: kernelGradient(g, conv, inputs[0]!, dOutput),
        bias: channelSum(g, node.name, dOutput),
      },
    }),
  }
}

/** A layer of one convolution in the form that these functions take. */
export function convolutionOf(
  { inputShapes }: RuleContext,
  node: Conv2DNode | DepthwiseConv2DNode,
): Convolution {
  const { name, weights, attributes } = node
  const window = convWindow(node, inputShapes[0]!)
  const [, ...image] = inputShapes[0]!
  const outputImage = image.map((length, axis) => {
    const reach = (weights.kernel.shape[axis + 2]! - 1) * window.dilations.ints[axis]! + 1
    return windowCount(length, reach, window.strides.ints[axis]!, attributes.padding)
  })
  return {
    name,
    kernel: `${name}.kernel`,
    kernelShape: weights.kernel.shape,
    bias: `${name}.bias`,
    window,
    inputShape: inputShapes[0]!,
    outputShape: [weights.kernel.shape[0]!, ...outputImage],
  }
}

/** Writes the forward pass. @returns The name of the output. */
export function writeConvolution(g: GraphBuilder, conv: Convolution, input: string): string {
  const inputs = [input, conv.kernel, ...(conv.bias === null ? [] : [conv.bias])]
  return g.node('Conv', inputs, { ...conv.window })
}

/**
 * The gradient of the input: the output's gradient, convolved with the flipped kernel whose channel axes are swapped. With
 * strides, the output's gradient would need zeros between its values, so ConvTranspose is used, which does that.
 *
 * @param kernel - Name of the kernel to use, or of another value with its shape.
 */
export function inputGradient(g: GraphBuilder, conv: Convolution, kernel: string, dOutput: string): string {
  const { strides, dilations, pads, group } = conv.window
  const [filters, perGroup, kh, kw] = conv.kernelShape as [number, number, number, number]
  const [, height, width] = conv.inputShape as [number, number, number]
  const [, outHeight, outWidth] = conv.outputShape as [number, number, number]
  const reach = [(kh - 1) * dilations.ints[0]!, (kw - 1) * dilations.ints[1]!] as const
  const [top, left, bottom, right] = pads.ints as [number, number, number, number]
  if (strides.ints.some((stride) => stride > 1)) {
    const [strideH, strideW] = strides.ints as [number, number]
    const output_padding = [
      height + top + bottom - ((outHeight - 1) * strideH + reach[0] + 1),
      width + left + right - ((outWidth - 1) * strideW + reach[1] + 1),
    ]
    return g.node('ConvTranspose', [dOutput, kernel], {
      ...conv.window,
      output_padding: { ints: output_padding },
    })
  }
  const { name } = conv
  const groups = group.int
  const perm = { ints: [0, 2, 1, 3, 4] }
  const split = vector(g, `${name}:groups`, [groups, filters / groups, perGroup, kh, kw])
  const joined = vector(g, `${name}:swapped`, [groups * perGroup, filters / groups, kh, kw])
  const swapped =
    groups === 1
      ? g.node('Transpose', [kernel], { perm: { ints: [1, 0, 2, 3] } })
      : g.node('Reshape', [g.node('Transpose', [g.node('Reshape', [kernel, split])], { perm }), joined])
  return g.node('Conv', [dOutput, flipped(g, name, swapped, [kh, kw])], {
    dilations,
    group,
    kernel_shape: { ints: [kh, kw] },
    pads: { ints: [reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right] },
  })
}

/** The kernel with its rows and columns in reverse order. */
function flipped(g: GraphBuilder, name: string, kernel: string, [kh, kw]: readonly [number, number]): string {
  if (kh * kw === 1) return kernel
  const rows = g.node('Gather', [kernel, vector(g, `${name}:flipRows`, descending(kh))], { axis: { int: 2 } })
  return g.node('Gather', [rows, vector(g, `${name}:flipColumns`, descending(kw))], { axis: { int: 3 } })
}

/** `[n - 1, …, 1, 0]`. */
function descending(n: number): number[] {
  return Array.from({ length: n }, (_, i) => n - 1 - i)
}

/**
 * If a group has fewer channels than this, one matrix product over all taps (positions in the kernel) is faster than one product for each
 * tap.
 */
const gatherBelowChannels = 8

/**
 * The gradient of the kernel, `dKernel[o, c, i, j] = Σ over n, y, x of dOutput[n, o, y, x] · paddedInput[n, c, y + i, x + j]`: for
 * every tap (i, j) a matrix product over the pixels of the input, shifted by the tap. With few channels, these matrices are too
 * narrow to be fast, so all taps are joined into one matrix first.
 */
export function kernelGradient(g: GraphBuilder, conv: Convolution, input: string, dOutput: string): string {
  const { name, window, kernelShape, outputShape } = conv
  const [filters, perGroup, kh, kw] = kernelShape as [number, number, number, number]
  const groups = window.group.int
  const pixels = outputShape[1]! * outputShape[2]!
  const dRows = g.node('Reshape', [
    dOutput,
    vector(g, `${name}:dRows`, [0, groups, filters / groups, pixels]),
  ])
  const rows = vector(g, `${name}:inputRows`, [0, groups, perGroup, pixels])
  const taps = shiftedInputs(g, conv, input).map((shifted) => g.node('Reshape', [shifted, rows]))
  const gathered = perGroup < gatherBelowChannels && taps.length > 1
  const patches = gathered ? [g.node('Concat', taps, { axis: { int: 2 } })] : taps
  const products = patches.map((patch) =>
    g.node('MatMul', [dRows, g.node('Transpose', [patch], { perm: { ints: [0, 1, 3, 2] } })]),
  )
  const perClip = products.length === 1 ? products[0]! : g.node('Concat', products, { axis: { int: 3 } })
  const summed = g.node('ReduceSum', [perClip, vector(g, `${name}:batchAxis`, [0])], { keepdims: { int: 0 } })
  // Rows are [filter][tap][channel]; kernels are OIHW.
  const tapLast = g.node('Reshape', [summed, vector(g, `${name}:taps`, [filters, kh, kw, perGroup])])
  return g.node('Transpose', [tapLast], { perm: { ints: [0, 3, 1, 2] } })
}

/** For each tap of the kernel, the input values that it is multiplied with: one value for each pixel of the output. */
function shiftedInputs(
  g: GraphBuilder,
  { name, window, kernelShape, outputShape }: Convolution,
  input: string,
): string[] {
  const [, , kh, kw] = kernelShape as [number, number, number, number]
  const [, outHeight, outWidth] = outputShape as [number, number, number]
  const [strideH, strideW] = window.strides.ints as [number, number]
  const [dilationH, dilationW] = window.dilations.ints as [number, number]
  const [top, left, bottom, right] = window.pads.ints as [number, number, number, number]
  const padded =
    top + left + bottom + right === 0
      ? input
      : g.node('Pad', [input, vector(g, `${name}:pads`, [0, 0, top, left, 0, 0, bottom, right])])
  if (kh * kw === 1 && strideH * strideW === 1) return [padded]
  const imageAxes = vector(g, `${name}:imageAxes`, [2, 3])
  const steps = vector(g, `${name}:strides`, [strideH, strideW])
  return Array.from({ length: kh * kw }, (_, tap) => {
    const [y, x] = [Math.floor(tap / kw) * dilationH, (tap % kw) * dilationW]
    const start = vector(g, `${name}:start${tap}`, [y, x])
    const end = [y + (outHeight - 1) * strideH + 1, x + (outWidth - 1) * strideW + 1]
    return g.node('Slice', [padded, start, vector(g, `${name}:end${tap}`, end), imageAxes, steps])
  })
}
