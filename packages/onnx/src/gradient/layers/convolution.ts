/** Convolution layers. */
import type { Conv2DNode, DepthwiseConv2DNode, SeparableConv2DNode } from '@esc/core'
import { convWindow } from '../../window-attributes.js'
import { type Convolution, convolutionOf } from '../layouts/convolution.js'
import type { LayerRule } from '../rule.js'

export const conv2d: LayerRule<Conv2DNode | DepthwiseConv2DNode> = (context, node) => {
  const { layout, inputs, inputShapes, needsGradient, isFrozen } = context
  const conv = convolutionOf(node, inputShapes[0]!)
  return {
    output: layout.convolve(conv, inputs[0]!, { bias: `${node.name}.bias` }),
    backward: (dOutput) => ({
      inputs: [needsGradient[0] ? layout.inputGradient(conv, conv.kernel, dOutput) : null],
      weights: isFrozen
        ? {}
        : {
            kernel: layout.kernelGradient(conv, inputs[0]!, dOutput),
            bias: layout.channelSum(dOutput, conv.outputShape),
          },
    }),
  }
}

/** Two convolutions: the first works on each channel alone (depthwise), the second on each pixel alone (pointwise). */
export const separableConv2d: LayerRule<SeparableConv2DNode> = (context, node) => {
  const { layout, inputs, inputShapes, outputShape, needsGradient, isFrozen } = context
  const { name, weights } = node
  const [input, inputShape] = [inputs[0]!, inputShapes[0]!]
  const betweenShape = [weights.depthwise.shape[0]!, ...outputShape.slice(1)]
  const depthwise: Convolution = {
    name: `${name}:depthwise`,
    kernel: `${name}.depthwise`,
    kernelShape: weights.depthwise.shape,
    window: convWindow(node, inputShape),
    inputShape,
    outputShape: betweenShape,
  }
  const pointwise: Convolution = {
    name: `${name}:pointwise`,
    kernel: `${name}.pointwise`,
    kernelShape: weights.pointwise.shape,
    window: onePixel,
    inputShape: betweenShape,
    outputShape,
  }
  const between = layout.convolve(depthwise, input)
  return {
    output: layout.convolve(pointwise, between, { bias: `${name}.bias` }),
    backward(dOutput) {
      const dBetween = layout.inputGradient(pointwise, pointwise.kernel, dOutput)
      return {
        inputs: [needsGradient[0] ? layout.inputGradient(depthwise, depthwise.kernel, dBetween) : null],
        weights: isFrozen
          ? {}
          : {
              depthwise: layout.kernelGradient(depthwise, input, dBetween),
              pointwise: layout.kernelGradient(pointwise, between, dOutput),
              bias: layout.channelSum(dOutput, outputShape),
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
