/** The plain layout, [N, C, H, W], in standard operators. It runs wherever ONNX Runtime runs. */
import type { Size2 } from '@esc/core'
import { floatTensor } from '../../tensor.js'
import type { StepBuilder } from '../step-builder.js'
import { type Convolution, reachOf } from './convolution.js'
import type { Layout } from './layout.js'

/** The plain layout of a graph. */
export function plainLayout(g: StepBuilder): Layout {
  const layout: Layout = {
    fromPlain: (value) => value,
    toPlain: (value) => value,
    convolve: (conv, input, { kernel = conv.kernel, bias } = {}) =>
      g.node('Conv', [input, kernel, ...(bias === undefined ? [] : [bias])], { ...conv.window }),
    inputGradient: (conv, kernel, dOutput) => inputGradient(g, conv, kernel, dOutput),
    kernelGradient: (conv, input, dOutput) => kernelGradient(g, conv, input, dOutput),
    channelSum(value, shape) {
      // The sum is taken over pixels first, then over images. In one step, ONNX Runtime adds the values of a single channel one by one,
      // and float32 loses half of its digits.
      const perImage = shape.length > 1 ? sumOver(g, value, [2, 3]) : value
      return sumOver(g, perImage, [0])
    },
    channelDot: (a, b, shape) => layout.channelSum(g.node('Mul', [a, b]), shape),
    affine(value, [channels], { scale, shift, plus, relu = false }) {
      // With a mean of 0 and a variance of 1, BatchNormalization does nothing else, in one pass over the image.
      const [mean, variance] = [g.filled(0, [channels!]), g.filled(1, [channels!])]
      const inputs = [value, scale, shift, mean, variance]
      const scaled = g.node('BatchNormalization', inputs, { epsilon: { float: 0 } })
      const sum = plus === undefined ? scaled : g.node('Add', [scaled, plus])
      return relu ? g.node('Relu', [sum]) : sum
    },
    pixelMean: (value) => g.node('ReduceMean', [value], { axes: { ints: [2, 3] }, keepdims: { int: 0 } }),
    fillPixels: (vector, [, height, width]) =>
      g.node('Mul', [layout.besideImage(vector, []), g.filled(1, [height!, width!])]),
    besideImage: (vector) => g.node('Unsqueeze', [vector, g.ints([2, 3])]),
    timesPixels: (value, [, height, width], factors, name) =>
      g.node('Mul', [value, g.constant(name, floatTensor(factors, [height!, width!]))]),
    crop: (value, _, size) => g.node('Slice', [value, g.ints([0, 0]), g.ints(size), g.ints([2, 3])]),
    extend: (value, [, height, width], [rows, columns]) =>
      g.node('Pad', [value, g.ints([0, 0, 0, 0, 0, 0, rows - height!, columns - width!])]),
    maxPoolTiles: (value, size) =>
      g.node('MaxPool', [value], { kernel_shape: { ints: size }, strides: { ints: size } }),
    repeatPixels: (value, size) => repeatPixels(g, value, size),
  }
  return layout
}

/** The sum over some axes, which the result does not have. */
export function sumOver(g: StepBuilder, value: string, axes: readonly number[]): string {
  return g.node('ReduceSum', [value, g.ints(axes)], { keepdims: { int: 0 } })
}

function repeatPixels(g: StepBuilder, value: string, size: Size2): string {
  const scales = g.floats([1, 1, ...size])
  return g.node('Resize', [value, '', scales], {
    mode: { string: 'nearest' },
    coordinate_transformation_mode: { string: 'asymmetric' },
    nearest_mode: { string: 'floor' },
  })
}

/**
 * The gradient of the input: the output's gradient, convolved with the flipped kernel whose channel axes are swapped. With
 * strides, the output's gradient would need zeros between its values, so ConvTranspose is used, which does that.
 */
function inputGradient(g: StepBuilder, conv: Convolution, kernel: string, dOutput: string): string {
  const { strides, dilations, pads, group } = conv.window
  const [filters, perGroup, kh, kw] = conv.kernelShape as [number, number, number, number]
  const [, height, width] = conv.inputShape as [number, number, number]
  const [, outHeight, outWidth] = conv.outputShape as [number, number, number]
  const reach = reachOf(conv)
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
  const groups = group.int
  const split = g.ints([groups, filters / groups, perGroup, kh * kw])
  const swapped = g.node('Transpose', [g.node('Reshape', [kernel, split])], { perm: { ints: [0, 2, 1, 3] } })
  const joined = g.ints([groups * perGroup, filters / groups, kh, kw])
  return g.node('Conv', [dOutput, g.node('Reshape', [flipTaps(g, swapped, kh * kw, 3), joined])], {
    dilations,
    group,
    kernel_shape: { ints: [kh, kw] },
    pads: { ints: [reach[0] - top, reach[1] - left, reach[0] - bottom, reach[1] - right] },
  })
}

/** The taps (positions in the kernel) in reverse order. @param axis - The axis of `kernel` that counts the taps. */
export function flipTaps(g: StepBuilder, kernel: string, taps: number, axis: number): string {
  if (taps === 1) return kernel
  const reversed = g.ints(Array.from({ length: taps }, (_, i) => taps - 1 - i))
  return g.node('Gather', [kernel, reversed], { axis: { int: axis } })
}

/**
 * If a group has fewer channels than this, one matrix product over all taps is faster than one product for each tap.
 */
export const gatherBelowChannels = 8

/**
 * The gradient of the kernel, `dKernel[o, c, i, j] = Σ over n, y, x of dOutput[n, o, y, x] · paddedInput[n, c, y + i, x + j]`: for
 * every tap (i, j) a matrix product over the pixels of the input, shifted by the tap. With few channels, these matrices are too
 * narrow to be fast, so all taps are joined into one matrix first.
 */
function kernelGradient(g: StepBuilder, conv: Convolution, input: string, dOutput: string): string {
  const { window, kernelShape, outputShape } = conv
  const [filters, perGroup, kh, kw] = kernelShape as [number, number, number, number]
  const groups = window.group.int
  const pixels = outputShape[1]! * outputShape[2]!
  const dRows = g.node('Reshape', [dOutput, g.ints([0, groups, filters / groups, pixels])])
  const rows = g.ints([0, groups, perGroup, pixels])
  const taps = shiftedInputs(g, conv, input).map((shifted) => g.node('Reshape', [shifted, rows]))
  const gathered = perGroup < gatherBelowChannels && taps.length > 1
  const patches = gathered ? [g.node('Concat', taps, { axis: { int: 2 } })] : taps
  const products = patches.map((patch) =>
    g.node('MatMul', [dRows, g.node('Transpose', [patch], { perm: { ints: [0, 1, 3, 2] } })]),
  )
  const perClip = products.length === 1 ? products[0]! : g.node('Concat', products, { axis: { int: 3 } })
  // Rows are [filter][tap][channel]; kernels are OIHW.
  const tapLast = g.node('Reshape', [sumOver(g, perClip, [0]), g.ints([filters, kh, kw, perGroup])])
  return g.node('Transpose', [tapLast], { perm: { ints: [0, 3, 1, 2] } })
}

/**
 * For each tap of the kernel, the input values that it is multiplied with: one value for each pixel of the output.
 *
 * @param input - Name of a value in the plain layout.
 */
export function shiftedInputs(g: StepBuilder, conv: Convolution, input: string): string[] {
  const { window, kernelShape, outputShape } = conv
  const [, , kh, kw] = kernelShape as [number, number, number, number]
  const [, outHeight, outWidth] = outputShape as [number, number, number]
  const [strideH, strideW] = window.strides.ints as [number, number]
  const [dilationH, dilationW] = window.dilations.ints as [number, number]
  const [top, left, bottom, right] = window.pads.ints as [number, number, number, number]
  const padded =
    top + left + bottom + right === 0
      ? input
      : g.node('Pad', [input, g.ints([0, 0, top, left, 0, 0, bottom, right])])
  if (kh * kw === 1 && strideH * strideW === 1) return [padded]
  return Array.from({ length: kh * kw }, (_, tap) => {
    const [y, x] = [Math.floor(tap / kw) * dilationH, (tap % kw) * dilationW]
    const end = [y + (outHeight - 1) * strideH + 1, x + (outWidth - 1) * strideW + 1]
    const steps = g.ints([strideH, strideW])
    return g.node('Slice', [padded, g.ints([y, x]), g.ints(end), g.ints([2, 3]), steps])
  })
}
