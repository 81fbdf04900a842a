/** ReLU and max pooling written as one layer, alone or with the convolution before them. */
import type { Size2 } from '@esc/core'
import type { GraphBuilder } from '../../builder.js'
import { floatTensor, scalar } from '../../tensor.js'
import { channelSum, vector } from '../constants.js'
import type { ConvReluMaxPoolNode, ReluMaxPoolNode } from '../fuse.js'
import type { LayerRule } from '../rule.js'
import {
  type Convolution,
  convolutionOf,
  inputGradient,
  kernelGradient,
  writeConvolution,
} from './convolution.js'

export const reluMaxPool: LayerRule<ReluMaxPoolNode> = ({ g, inputs, inputShapes }, { name, parts }) => {
  const pool = writeReluMaxPool(g, name, inputs[0]!, inputShapes[0]!, parts[1].attributes.size)
  return {
    output: pool.output,
    backward: (dOutput) => ({ inputs: [pool.backward(dOutput).dInput], weights: {} }),
  }
}

/** A convolution, ReLU and max pooling. Rows and columns that the pooling drops are not computed if they come from padding alone. */
export const convReluMaxPool: LayerRule<ConvReluMaxPoolNode> = (context, { name, parts }) => {
  const { g, inputs, needsGradient } = context
  const [conv, , { attributes }] = parts
  const convolution = cropConvolution(convolutionOf(context, conv), attributes.size)
  const convolved = writeConvolution(g, convolution, inputs[0]!)
  const pool = writeReluMaxPool(g, name, convolved, convolution.outputShape, attributes.size)
  return {
    output: pool.output,
    backward(dOutput) {
      const { dPooled, dInput: dConvolved } = pool.backward(dOutput)
      // Each pooled gradient goes to one pixel, so the bias's gradient (their sum) can be taken over the smaller, pooled image.
      const bias = channelSum(g, conv.name, dPooled)
      return {
        inputs: [needsGradient[0] ? inputGradient(g, convolution, convolution.kernel, dConvolved) : null],
        weights: {
          [`${conv.name}.kernel`]: kernelGradient(g, convolution, inputs[0]!, dConvolved),
          [`${conv.name}.bias`]: bias,
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
 * Max pooling, then ReLU. ONNX Runtime's pooling is many times slower when it also returns the places of the maxima. So these places
 * are found by comparing each value with the maximum of its window. If several values of a window are equal, the first must win, as
 * in PyTorch. Therefore each value is first multiplied by 1 + k · 2⁻²³, where k falls from the first value of a window to the
 * last. Then equal positive values differ by at least one ulp (the distance to the next float32), and other values change only by rounding.
 * If the maximum is not positive, ReLU stops the gradient, so equal values do not matter.
 */
function writeReluMaxPool(
  g: GraphBuilder,
  name: string,
  input: string,
  [, height, width]: readonly number[],
  size: Size2,
) {
  const used = [height! - (height! % size[0]), width! - (width! % size[1])] as const
  const whole = used[0] === height && used[1] === width
  const cropped = whole ? input : crop(g, name, input, used)
  const marked = g.node('Mul', [cropped, tieBreaker(g, name, used, size)])
  const pooled = g.node('MaxPool', [marked], { kernel_shape: { ints: size }, strides: { ints: size } })
  return {
    output: g.node('Relu', [pooled]),
    /** `dPooled` is the gradient of the pooled image, where each value belongs to one pixel; `dInput` is the gradient of the input. */
    backward(dOutput: string): { dPooled: string; dInput: string } {
      const scales = g.constant(`${name}:scales`, floatTensor([1, 1, ...size]))
      const spread = (value: string) =>
        g.node('Resize', [value, '', scales], {
          mode: { string: 'nearest' },
          coordinate_transformation_mode: { string: 'asymmetric' },
          nearest_mode: { string: 'floor' },
        })
      const asFloat = (mask: string) => g.node('Cast', [mask], { to: { int: 1 } })
      const positive = g.node('Greater', [pooled, g.constant(`${name}:zero`, scalar(0))])
      const dPooled = g.node('Mul', [dOutput, asFloat(positive)])
      const winner = g.node('Equal', [marked, spread(pooled)])
      const dCropped = g.node('Mul', [spread(dPooled), asFloat(winner)])
      if (whole) return { dPooled, dInput: dCropped }
      const behind = vector(g, `${name}:behind`, [0, 0, 0, 0, 0, 0, height! - used[0], width! - used[1]])
      return { dPooled, dInput: g.node('Pad', [dCropped, behind]) }
    },
  }
}

/** The first rows and columns of an image. */
function crop(g: GraphBuilder, name: string, image: string, size: Size2): string {
  const [first, end] = [vector(g, `${name}:first`, [0, 0]), vector(g, `${name}:used`, size)]
  return g.node('Slice', [image, first, end, vector(g, `${name}:imageAxes`, [2, 3])])
}

/** The factor 1 + k · 2⁻²³ for each pixel [height, width], where k is the number of values behind it in its window. */
function tieBreaker(g: GraphBuilder, name: string, [height, width]: Size2, [rows, columns]: Size2): string {
  const factors = Float32Array.from({ length: height * width }, (_, pixel) => {
    const [y, x] = [Math.floor(pixel / width), pixel % width]
    const behind = rows * columns - 1 - (y % rows) * columns - (x % columns)
    return 1 + behind * 2 ** -23
  })
  return g.constant(`${name}:tieBreaker`, floatTensor(factors, [height, width]))
}
