/** Batch normalisation in training mode, alone or with the convolution before it. */
import type { BatchNormNode } from '@esc/core'
import type { GraphBuilder } from '../../builder.js'
import { floatTensor, scalar } from '../../tensor.js'
import { vector } from '../constants.js'
import type { ConvBatchNormNode } from '../fuse.js'
import type { LayerRule } from '../rule.js'
import { convolutionOf, inputGradient, kernelGradient, writeConvolution } from './convolution.js'

export const batchNorm: LayerRule<BatchNormNode> = ({ g, inputs, inputShapes }, node) => {
  const norm = normalize(g, node, inputs[0]!, inputShapes[0]!, null)
  return {
    output: norm.output,
    updates: norm.updates,
    backward(dOutput) {
      const { dCentred, weights } = norm.backward(dOutput)
      return { inputs: [g.node('Mul', [dCentred, norm.scale])], weights }
    },
  }
}

/**
 * A convolution and the batch normalisation behind it. The normalisation subtracts the mean of its input, so the bias of the
 * convolution does not change the output. It is left out, and its gradient is exactly 0. The factor `gamma / std` of the gradient is
 * applied to the kernel, which is smaller than the image.
 *
 * Differs from PyTorch: there, rounding makes the gradient of such a bias a little different from 0.
 */
export const convBatchNorm: LayerRule<ConvBatchNormNode> = (context, node) => {
  const { g, inputs, needsGradient } = context
  const [conv, norm] = node.parts
  const convolution = { ...convolutionOf(context, conv), bias: null }
  const convolved = writeConvolution(g, convolution, inputs[0]!)
  const bias = `${conv.name}.bias`
  const { output, updates, scale, backward } = normalize(g, norm, convolved, context.outputShape, bias)
  return {
    output,
    updates: withPrefix(norm.name, updates),
    backward(dOutput) {
      const { dCentred, weights } = backward(dOutput)
      const filters = conv.weights.bias.shape[0]!
      const perFilter = g.node('Reshape', [scale, vector(g, `${conv.name}:perFilter`, [filters, 1, 1, 1])])
      const kernel = g.node('Mul', [convolution.kernel, perFilter])
      const dKernel = g.node('Mul', [kernelGradient(g, convolution, inputs[0]!, dCentred), perFilter])
      const zeros = floatTensor(new Float32Array(filters))
      return {
        inputs: [needsGradient[0] ? inputGradient(g, convolution, kernel, dCentred) : null],
        weights: {
          ...withPrefix(conv.name, { kernel: dKernel, bias: g.constant(`${conv.name}:noGradient`, zeros) }),
          ...withPrefix(norm.name, weights),
        },
      }
    },
  }
}

function withPrefix(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]))
}

/**
 * Batch normalisation of [N, C, H, W] or [N, C] in training mode. The backward pass uses the centred input (input minus mean)
 * itself. To recover it from the output, it would have to divide by gamma, which training may bring to zero.
 *
 * @param bias - Name of a value [C] that was left out of the input because the mean removes it; the running mean needs it. `null` if
 *   there is none.
 * @returns `dCentred`, multiplied by `scale` [C, 1, 1], is the gradient of the input.
 * @see Ioffe & Szegedy 2015; running averages as PyTorch's, with the unbiased variance.
 */
function normalize(
  g: GraphBuilder,
  { name, attributes: { epsilon, momentum } }: BatchNormNode,
  input: string,
  shape: readonly number[],
  bias: string | null,
) {
  const [channels, ...image] = shape as [number, ...number[]]
  const perChannel = vector(g, `${name}:perChannel`, [channels, ...image.map(() => 1)])
  const asVector = vector(g, `${name}:asVector`, [channels])
  const number = (label: string, value: number) => g.constant(`${name}:${label}`, scalar(value))
  // The mean is taken over pixels first, then over images. In one step, ONNX Runtime adds the values of a single channel one by one,
  // and float32 loses half of its digits.
  const meanOver = (axes: number[], value: string) => g.node('ReduceMean', [value], { axes: { ints: axes } })
  const meanOf = (value: string) => meanOver([0], image.length > 0 ? meanOver([2, 3], value) : value)
  const flat = (value: string) => g.node('Reshape', [value, asVector])
  // Computes `value · scale + shift` for each channel in one pass: with these constants, BatchNormalization does nothing else.
  const zeros = g.constant(`${name}:zeros`, floatTensor(new Float32Array(channels)))
  const ones = g.constant(`${name}:ones`, floatTensor(new Float32Array(channels).fill(1)))
  const affine = (value: string, scale: string, shift: string) =>
    g.node('BatchNormalization', [value, scale, shift, zeros, ones], { epsilon: { float: 0 } })

  const mean = meanOf(input)
  const centred = g.node('Sub', [input, mean])
  const variance = flat(meanOf(g.node('Mul', [centred, centred])))
  const std = g.node('Sqrt', [g.node('Add', [variance, number('epsilon', epsilon)])])
  const scale = g.node('Div', [`${name}.gamma`, std])
  const output = affine(centred, scale, `${name}.beta`)

  // count = N · H · W is known only when the step runs. The unbiased variance is the biased one times count / (count - 1). A single
  // value has variance 0 in both forms.
  const axis0 = g.constant(`${name}:axis0`, { type: 'int64', dims: [], data: BigInt64Array.of(0n) })
  const toFloat = { to: { int: 1 } }
  const batchSize = g.node('Cast', [g.node('Gather', [g.node('Shape', [input]), axis0])], toFloat)
  const count = g.node('Mul', [
    batchSize,
    number(
      'pixels',
      image.reduce((all, size) => all * size, 1),
    ),
  ])
  const one = number('one', 1)
  const countLess1 = g.node('Max', [g.node('Sub', [count, one]), one])
  const unbiased = g.node('Mul', [variance, g.node('Div', [count, countLess1])])
  const [keep, take] = [number('keep', 1 - momentum), number('take', momentum)]
  const running = (key: 'mean' | 'variance', batchValue: string) =>
    g.node('Add', [g.node('Mul', [`${name}.${key}`, keep]), g.node('Mul', [batchValue, take])])
  const batchMean = bias === null ? flat(mean) : g.node('Add', [flat(mean), bias])

  return {
    output,
    updates: { mean: running('mean', batchMean), variance: running('variance', unbiased) },
    scale: g.node('Reshape', [scale, perChannel]),
    backward(dOutput: string) {
      const meanOutput = flat(meanOf(dOutput))
      const covariance = flat(meanOf(g.node('Mul', [dOutput, centred])))
      const slope = g.node('Div', [covariance, g.node('Mul', [std, std])])
      const explained = affine(centred, slope, meanOutput)
      return {
        dCentred: g.node('Sub', [dOutput, explained]),
        weights: {
          gamma: g.node('Div', [g.node('Mul', [covariance, count]), std]),
          beta: g.node('Mul', [meanOutput, count]),
        },
      }
    },
  }
}
