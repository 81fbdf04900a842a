/** Max pooling of values that are at least 0, alone, or with the ReLU and the convolution before it. */
import type { PoolNode, Size2 } from '@esc/core'
import type { ConvReluMaxPoolNode, ReluMaxPoolNode } from '../fuse.js'
import { type Convolution, convolutionOf } from '../layouts/convolution.js'
import type { LayerRule, RuleContext } from '../rule.js'
import { isZero, passPositive } from './activation.js'

/** Max pooling whose windows lie side by side, of an input that is dead at zero. */
export const tileMaxPool: LayerRule<PoolNode> = (context, { name, attributes }) => {
  const { inputs, inputShapes } = context
  const pool = writeTilePool(context, name, inputs[0]!, inputShapes[0]!, attributes.size)
  return {
    output: pool.pooled,
    backward: (dOutput) => ({ inputs: [pool.toWinners(dOutput)], weights: {} }),
  }
}

export const reluMaxPool: LayerRule<ReluMaxPoolNode> = (context, { name, parts }) => {
  const { g, inputs, inputShapes } = context
  const pool = writeTilePool(context, name, inputs[0]!, inputShapes[0]!, parts[1].attributes.size)
  const output = g.node('Relu', [pool.pooled])
  return {
    output,
    backward: (dOutput) => ({ inputs: [pool.toWinners(passPositive(g, output, dOutput))], weights: {} }),
  }
}

/** A convolution, ReLU and max pooling. Rows and columns that the pooling drops are not computed if they come from padding alone. */
export const convReluMaxPool: LayerRule<ConvReluMaxPoolNode> = (context, { name, parts }) => {
  const { g, layout, inputs, inputShapes, outputShape, needsGradient, isFrozen } = context
  const [convNode, , { attributes }] = parts
  const conv = cropConvolution(convolutionOf(convNode, inputShapes[0]!), attributes.size)
  const convolved = layout.convolve(conv, inputs[0]!, { bias: `${convNode.name}.bias` })
  const pool = writeTilePool(context, name, convolved, conv.outputShape, attributes.size)
  const output = g.node('Relu', [pool.pooled])
  return {
    output,
    backward(dOutput) {
      const dPooled = passPositive(g, output, dOutput)
      const dConvolved = pool.toWinners(dPooled)
      return {
        inputs: [needsGradient[0] ? layout.inputGradient(conv, conv.kernel, dConvolved) : null],
        weights: isFrozen
          ? {}
          : {
              [`${convNode.name}.kernel`]: layout.kernelGradient(conv, inputs[0]!, dConvolved),
              // Each pooled gradient goes to one pixel, so their sum can be taken over the smaller, pooled image.
              [`${convNode.name}.bias`]: layout.channelSum(dPooled, outputShape),
            },
      }
    },
  }
}

/** The convolution without the last rows and columns that do not fill a window, if they come from padding alone. */
function cropConvolution(conv: Convolution, size: Size2): Convolution {
  const [channels, ...image] = conv.outputShape as [number, number, number]
  const pads = [...conv.window.pads.ints]
  const kept = image.map((length, axis) => {
    const spare = conv.window.strides.ints[axis]! * (length % size[axis]!)
    if (spare > pads[axis + 2]!) return length
    pads[axis + 2]! -= spare
    return length - (length % size[axis]!)
  })
  return { ...conv, window: { ...conv.window, pads: { ints: pads } }, outputShape: [channels, ...kept] }
}

/**
 * Max pooling whose windows lie side by side. ONNX Runtime's pooling is many times slower when it also returns the places of the maxima. So
 * these places are found by comparing each value with the maximum of its window. If several values of a window are equal, the first must
 * win, as in PyTorch. Therefore each value is first multiplied by 1 + k · 2⁻²³, where k falls from the first value of a window to the
 * last. Then equal positive values differ by at least one ulp (the distance to the next float32), and other values change only by
 * rounding. If the maximum is not positive, a ReLU stops the gradient, so equal values do not matter. Values that differ by one to three
 * ulps may become equal in this way; then each of them gets the gradient. Equal pixels come from silence; pixels so near one another are
 * rare.
 */
function writeTilePool(
  { g, layout }: RuleContext,
  name: string,
  input: string,
  shape: readonly number[],
  size: Size2,
) {
  const [channels, height, width] = shape as [number, number, number]
  const used = [height - (height % size[0]), width - (width % size[1])] as const
  const whole = used[0] === height && used[1] === width
  const cropped = whole ? input : layout.crop(input, shape, used)
  const usedShape = [channels, ...used]
  const marked = layout.timesPixels(cropped, usedShape, tieBreaker(used, size), `${name}:tieBreaker`)
  const pooled = layout.maxPoolTiles(marked, size)
  return {
    pooled,
    /** The gradient of the input: each gradient of `pooled` at the place of the maximum. */
    toWinners(dPooled: string): string {
      // 0 for the maximum itself, and at least an ulp for the others.
      const below = g.node('Sub', [layout.repeatPixels(pooled, size), marked])
      const dCropped = g.node('Mul', [layout.repeatPixels(dPooled, size), isZero(g, below)])
      return whole ? dCropped : layout.extend(dCropped, usedShape, [height, width])
    },
  }
}

/** The factor 1 + k · 2⁻²³ for each pixel [height, width], where k is the number of values behind it in its window. */
function tieBreaker([height, width]: Size2, [rows, columns]: Size2): Float32Array {
  return Float32Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width]
    const behind = rows * columns - 1 - (y % rows) * columns - (x % columns)
    return 1 + behind * 2 ** -23
  })
}
