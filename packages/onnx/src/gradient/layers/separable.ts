/** The SeparableConv2D layer. */
import type { SeparableConv2DNode } from '@esc/core'
import { convWindow } from '../../window-attributes.js'
import { channelSum } from '../constants.js'
import type { LayerRule } from '../rule.js'
import { type Convolution, inputGradient, kernelGradient, writeConvolution } from './convolution.js'

/** Two convolutions: the first works on each channel alone (depthwise), the second on each pixel alone (pointwise). */
export const separableConv2d: LayerRule<SeparableConv2DNode> = (context, node) => {
  const { g, inputs, inputShapes, outputShape, needsGradient } = context
  const { name, weights } = node
  const [input, inputShape] = [inputs[0]!, inputShapes[0]!]
  const betweenShape = [weights.depthwise.shape[0]!, ...outputShape.slice(1)]
  const depthwise: Convolution = {
    name: `${name}:depthwise`,
    kernel: `${name}.depthwise`,
    kernelShape: weights.depthwise.shape,
    bias: null,
    window: convWindow(node, inputShape),
    inputShape,
    outputShape: betweenShape,
  }
  const pointwise: Convolution = {
    name: `${name}:pointwise`,
    kernel: `${name}.pointwise`,
    kernelShape: weights.pointwise.shape,
    bias: `${name}.bias`,
    window: onePixel,
    inputShape: betweenShape,
    outputShape,
  }
  const between = writeConvolution(g, depthwise, input)
  return {
    output: writeConvolution(g, pointwise, between),
    backward(dOutput) {
      const dBetween = inputGradient(g, pointwise, pointwise.kernel, dOutput)
      return {
        inputs: [needsGradient[0] ? inputGradient(g, depthwise, depthwise.kernel, dBetween) : null],
        weights: {
          depthwise: kernelGradient(g, depthwise, input, dBetween),
          pointwise: kernelGradient(g, pointwise, between, dOutput),
          bias: channelSum(g, name, dOutput),
        },
      }
    },
  }
}

/** The window of a convolution of 1 × 1 pixel. */
const onePixel = {
  kernel_shape: { ints: [1, 1] },
  strides: { ints: [1, 1] },
  dilations: { ints: [1, 1] },
  pads: { ints: [0, 0, 0, 0] },
  group: { int: 1 },
}
