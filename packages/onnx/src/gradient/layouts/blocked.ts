/**
 * The blocked layout, which ONNX Runtime calls NCHWc: [N, C / B, H, W, B], where a block of B channels fills a SIMD register.
 *
 * ONNX Runtime uses it inside of models with constant weights. Its operators have the domain `com.microsoft.nchwc`, and a model may
 * use them itself. They take images with the dims [N, C, H, W], although their values lie in another order. The number of channels is
 * rounded up to a multiple of B. What the added channels hold does not matter, as long as it is finite: their weights are 0, forward and
 * backward, and sums leave them out.
 *
 * @see onnxruntime/contrib_ops/cpu/nchwc_ops.cc and core/mlas/lib/snchwc.cpp of ONNX Runtime.
 */
import type { Size2 } from '@esc/core'
import { floatTensor } from '../../tensor.js'
import type { StepBuilder } from '../step-builder.js'
import { blockedKernels, canBlock } from './blocked-kernels.js'
import { type Convolution, reachOf } from './convolution.js'
import type { Layout } from './layout.js'
import { gatherBelowChannels, plainLayout, shiftedInputs, sumOver } from './plain.js'

/** The size of a training step in the blocked layout. */
export interface Blocking {
  /**
   * Number of channels in a block, as `channelBlock` of an `OnnxRuntime` tells: 8 or 16. 1 means that there is no blocked layout, and
   * the step is plain. ONNX Runtime does not notice the block of another processor: the step would compute other numbers.
   */
  channels: number
  /**
   * Number of clips in every batch. Layers that work on each channel alone gain by it, because clips and channels can then be counted together.
   *
   * @defaultValue none: batches of any size
   */
  clips?: number | undefined
}

/** Longest sum of a product of images that is taken in one go. Longer sums of float32 lose digits. */
const longestSum = 1024
/** Shorter sums would take longer to start than to compute. */
const shortestSum = 16

/** The blocked layout of a graph. */
export function blockedLayout(g: StepBuilder, { clips, channels: block }: Blocking): Layout {
  const plain = plainLayout(g)
  const kernels = blockedKernels(g, block)
  const blocksOf = (channels: number) => Math.ceil(channels / block)
  const widthOf = (channels: number) => blocksOf(channels) * block
  const nchwc = (op: string, inputs: readonly string[], attributes = {}) =>
    g.node(`com.microsoft.nchwc.${op}`, inputs, attributes)
  const reshape = (value: string, dims: readonly number[]) => g.node('Reshape', [value, g.ints(dims)])
  const asBlocks = (value: string, [channels, height, width]: readonly number[]) =>
    reshape(value, [0, blocksOf(channels!), height!, width!, block])
  const asImage = (value: string, [channels, height, width]: readonly number[]) =>
    reshape(value, [0, widthOf(channels!), height!, width!])
  const { widened, narrowed } = kernels

  const layout: Layout = {
    fromPlain: (value, shape) => (shape.length > 1 ? nchwc('ReorderInput', [value]) : value),
    toPlain: (value, [channels]) => nchwc('ReorderOutput', [value], { channels: { int: channels! } }),

    convolve(conv, input, { kernel = conv.kernel, bias } = {}) {
      const filters = conv.kernelShape[0]!
      const biases = bias === undefined ? [] : [widened(bias, filters)]
      const weights = kernels.forward(conv, kernel)
      return nchwc('Conv', [input, weights, ...biases], { ...conv.window, group: groupOf(conv) })
    },
    inputGradient(conv, kernel, dOutput) {
      const { inputShape, outputShape, kernelShape, window } = conv
      const pads = gradientPads(conv)
      const isBlocked = canBlock(inputShape[0]!, block)
      if (!isBlocked || pads.some((pad) => pad < 0)) {
        const dInput = plain.inputGradient(conv, kernel, layout.toPlain(dOutput, outputShape))
        return isBlocked ? layout.fromPlain(dInput, inputShape) : dInput
      }
      return nchwc('Conv', [spaced(conv, dOutput), kernels.backward(conv, kernel)], {
        kernel_shape: { ints: kernelShape.slice(2) },
        dilations: window.dilations,
        group: groupOf(conv),
        pads: { ints: pads },
      })
    },
    kernelGradient: (conv, input, dOutput) =>
      isDepthwise(conv)
        ? depthwiseKernelGradient(conv, input, dOutput)
        : denseKernelGradient(conv, input, dOutput),

    channelSum(value, shape) {
      const [, height, width] = shape as [number, number, number]
      const pixels = pixelsAtOnce(height * width)
      const means = nchwc('GlobalAveragePool', [reshape(value, [1, -1, 1, pixels])])
      return g.node('Mul', [sumParts(means, shape), g.filled(pixels)])
    },
    channelDot(a, b, shape) {
      if (clips === undefined) return layout.channelSum(g.node('Mul', [a, b]), shape)
      // A depthwise convolution with an image as its kernel.
      const [channels, height, width] = shape as [number, number, number]
      const pixels = pixelsAtOnce(height * width)
      const parts = (clips * widthOf(channels) * height * width) / pixels
      const images = reshape(a, [1, parts, 1, pixels])
      const products = nchwc('Conv', [images, reshape(b, [parts, 1, 1, pixels])], { group: { int: parts } })
      return sumParts(products, shape)
    },
    affine(value, [channels], { scale, shift, plus, relu = false }) {
      // A depthwise convolution of 1 × 1 pixel.
      const kernel = reshape(widened(scale, channels!), [-1, 1, 1, 1])
      const inputs = [value, kernel, widened(shift, channels!), ...(plus === undefined ? [] : [plus])]
      const activation = relu ? { activation: { string: 'Relu' } } : {}
      return nchwc('Conv', inputs, { group: { int: widthOf(channels!) }, ...activation })
    },
    pixelMean(value, [channels, height, width]) {
      const count = height! * width!
      const pixels = pixelsAtOnce(count)
      if (pixels === count)
        return narrowed(g.node('Flatten', [nchwc('GlobalAveragePool', [value])]), channels!, 1)
      const means = nchwc('GlobalAveragePool', [reshape(value, [1, -1, 1, pixels])])
      const perClip = reshape(means, [-1, blocksOf(channels!), count / pixels, block])
      const whole = g.node('ReduceMean', [perClip], { axes: { ints: [2] }, keepdims: { int: 0 } })
      return narrowed(reshape(whole, [-1, widthOf(channels!)]), channels!, 1)
    },
    fillPixels(vector, [channels, height, width]) {
      const pixels = reshape(widened(vector, channels!, 1, 2), [0, widthOf(channels!), 1, 1])
      return layout.repeatPixels(pixels, [height!, width!])
    },
    besideImage: (vector, shape) => layout.fillPixels(vector, shape),
    timesPixels(value, shape, factors, name) {
      const each = Float32Array.from(
        { length: factors.length * block },
        (_, i) => factors[Math.floor(i / block)]!,
      )
      const images = reshape(value, [0, blocksOf(shape[0]!), each.length])
      return asImage(g.node('Mul', [images, g.constant(name, floatTensor(each))]), shape)
    },
    crop(value, shape, size) {
      const cropped = g.node('Slice', [asBlocks(value, shape), g.ints([0, 0]), g.ints(size), g.ints([2, 3])])
      return asImage(cropped, [shape[0]!, ...size])
    },
    extend: (value, shape, [rows, columns]) =>
      asImage(padBlocks(value, shape, [0, 0, rows - shape[1]!, columns - shape[2]!]), [
        shape[0]!,
        rows,
        columns,
      ]),
    maxPoolTiles: (value, size) =>
      nchwc('MaxPool', [value], { kernel_shape: { ints: size }, strides: { ints: size } }),
    repeatPixels: (value, size) => nchwc('Upsample', [value], { scales: { ints: [1, 1, ...size] } }),
  }

  function groupOf(conv: Convolution): { int: number } {
    return { int: isDepthwise(conv) ? widthOf(conv.inputShape[0]!) : 1 }
  }

  /** The sum of each channel, [C], of numbers for some pixels at once: [N, C / B, H · W / pixels, B] in any form. */
  function sumParts(parts: string, [channels, height, width]: readonly number[]): string {
    const count = height! * width!
    const perClip = [-1, blocksOf(channels!), count / pixelsAtOnce(count), block]
    return narrowed(reshape(sumOver(g, reshape(parts, perClip), [0, 2]), [-1]), channels!)
  }

  /** The sum over clips of [N, values]. @param dims - Dims of the result. */
  function sumClips(value: string, dims: readonly number[]): string {
    // With several threads, ONNX Runtime's ReduceSum over the first axis is many times slower than a product with ones.
    const sums =
      clips === undefined ? sumOver(g, value, [0]) : g.node('MatMul', [g.filled(1, [1, clips]), value])
    return reshape(sums, dims)
  }

  /** Adds rows and columns of zeros: top, left, bottom, right. @returns [N, C / B, H, W, B]. */
  function padBlocks(
    value: string,
    shape: readonly number[],
    [top, left, bottom, right]: readonly number[],
  ): string {
    const blocks = asBlocks(value, shape)
    if (top! + left! + bottom! + right! === 0) return blocks
    return g.node('Pad', [blocks, g.ints([0, 0, top!, left!, 0, 0, 0, bottom!, right!, 0])])
  }

  /** The gradient of a strided convolution's output, with zeros between its values. */
  function spaced({ name, outputShape, window }: Convolution, dOutput: string): string {
    const [strideH, strideW] = window.strides.ints as [number, number]
    if (strideH * strideW === 1) return dOutput
    const [channels, height, width] = outputShape as [number, number, number]
    const size: Size2 = [height * strideH, width * strideW]
    const isFirst = (pixel: number) =>
      Math.floor(pixel / size[1]) % strideH === 0 && (pixel % size[1]) % strideW === 0
    const pattern = Float32Array.from({ length: size[0] * size[1] }, (_, pixel) => (isFirst(pixel) ? 1 : 0))
    const repeated = layout.repeatPixels(dOutput, [strideH, strideW])
    return layout.timesPixels(repeated, [channels, ...size], pattern, `${name}:spaced`)
  }

  /** The gradient of a kernel that works on each channel alone: a convolution of each image with the output's gradient as its kernel. */
  function depthwiseKernelGradient(conv: Convolution, input: string, dOutput: string): string {
    const { inputShape, outputShape, kernelShape, window } = conv
    if (clips === undefined) {
      const [image, gradient] = [layout.toPlain(input, inputShape), layout.toPlain(dOutput, outputShape)]
      return plain.kernelGradient(conv, image, gradient)
    }
    const [channels, height, width] = inputShape as [number, number, number]
    const [, outHeight, outWidth] = outputShape as [number, number, number]
    const [, , kh, kw] = kernelShape as [number, number, number, number]
    const [strideH, strideW] = window.strides.ints as [number, number]
    const [dilationH, dilationW] = window.dilations.ints as [number, number]
    const [top, left] = window.pads.ints as [number, number]
    const reach = reachOf(conv)
    // Rows and columns of the output's gradient with its strides, and those that the taps reach.
    const [spanH, spanW] = [(outHeight - 1) * strideH + 1, (outWidth - 1) * strideW + 1]
    const rows = Math.max(height + top, spanH + reach[0])
    const columns = Math.max(width + left, spanW + reach[1])
    const padded = padBlocks(input, inputShape, [top, left, rows - height - top, columns - width - left])
    const images = clips * widthOf(channels)
    const perImage = nchwc(
      'Conv',
      [reshape(padded, [1, images, rows, columns]), reshape(dOutput, [images, 1, outHeight, outWidth])],
      { group: { int: images }, dilations: window.strides, strides: window.dilations },
    )
    const found = [Math.floor((rows - spanH) / dilationH) + 1, Math.floor((columns - spanW) / dilationW) + 1]
    const taps = sumClips(reshape(perImage, [clips, -1]), [blocksOf(channels), ...found, block])
    const wanted =
      found[0] === kh && found[1] === kw
        ? taps
        : g.node('Slice', [taps, g.ints([0, 0]), g.ints([kh, kw]), g.ints([1, 2])])
    const filters = g.node('Transpose', [wanted], { perm: { ints: [0, 3, 1, 2] } })
    return narrowed(reshape(filters, [-1, 1, kh, kw]), channels)
  }

  /** A matrix product over the pixels: the input in the plain layout, shifted by each tap, times the output's gradient as it is. */
  function denseKernelGradient(conv: Convolution, input: string, dOutput: string): string {
    const { inputShape, outputShape, kernelShape } = conv
    const [filters, channels, kh, kw] = kernelShape as [number, number, number, number]
    const pixels = outputShape[1]! * outputShape[2]!
    const image = canBlock(inputShape[0]!, block) ? layout.toPlain(input, inputShape) : input
    // Of many products, each gains more by longer rows than reordering costs.
    if (kh * kw > 1 && channels >= gatherBelowChannels) {
      return plain.kernelGradient(conv, image, layout.toPlain(dOutput, outputShape))
    }
    const taps = shiftedInputs(g, conv, image).map((tap) => reshape(tap, [0, 1, channels, pixels]))
    const patch = taps.length === 1 ? taps[0]! : g.node('Concat', taps, { axis: { int: 2 } })
    const gradient = reshape(dOutput, [0, blocksOf(filters), pixels, block])
    const products = reshape(g.node('MatMul', [patch, gradient]), [0, -1])
    const sums = sumClips(products, [blocksOf(filters), -1, block])
    // [block, tap and channel, filter in the block] becomes OIHW.
    const rows = reshape(g.node('Transpose', [sums], { perm: { ints: [0, 2, 1] } }), [-1, kh, kw, channels])
    return g.node('Transpose', [narrowed(rows, filters)], { perm: { ints: [0, 3, 1, 2] } })
  }
  return layout
}

function isDepthwise({ window }: Convolution): boolean {
  return window.group.int > 1
}

/** The padding of the convolution that computes the gradient of an input; negative where rows or columns would have to be cut off. */
function gradientPads(conv: Convolution): number[] {
  const { window, inputShape, outputShape } = conv
  const [top, left] = window.pads.ints as [number, number]
  const reach = reachOf(conv)
  const before = [reach[0] - top, reach[1] - left]
  const behind = before.map((pad, axis) => {
    const rows = outputShape[axis + 1]! * window.strides.ints[axis]!
    return inputShape[axis + 1]! + reach[axis]! - rows - pad
  })
  return [...before, ...behind]
}

/**
 * How many pixels of an image are summed in one go: the largest divisor of `count` that is not too long a sum. If the divisors are too
 * small to be fast, it is all of them.
 */
function pixelsAtOnce(count: number): number {
  for (let pixels = Math.min(count, longestSum); pixels >= shortestSum; pixels--) {
    if (count % pixels === 0) return pixels
  }
  return count
}
