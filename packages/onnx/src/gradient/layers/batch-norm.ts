/** Batch normalisation in training mode, alone or with the convolution before it and the ReLU behind it. */
import type { BatchNormNode } from '@esc/core'
import { type Arithmetic, createArithmetic } from '../arithmetic.js'
import type { ConvBatchNormNode, ConvBatchNormReluNode } from '../fuse.js'
import { convolutionOf } from '../layouts/convolution.js'
import type { LayerRule, RuleContext } from '../rule.js'
import { passPositive } from './activation.js'

export const batchNorm: LayerRule<BatchNormNode> = (context, node) => {
  if (context.isFrozen) return frozenBatchNorm(context, node)
  const { g, layout, batch, inputs, inputShapes, needsGradient } = context
  const op = createArithmetic(g)
  const [input, shape] = [inputs[0]!, inputShapes[0]!]
  const mean = op('Div', layout.channelSum(input, shape), op('Mul', batch.clips(), pixelsOf(shape)))
  const ones = g.filled(1, [shape[0]!])
  const centred = layout.affine(input, shape, { scale: ones, shift: op('Neg', mean) })
  const norm = normalize(context, node, { centred, mean, shape })
  return {
    output: norm.output,
    updates: norm.updates,
    backward(dOutput) {
      const { dCentred, weights } = norm.backward(dOutput)
      if (!needsGradient[0]) return { inputs: [null], weights }
      const zeros = g.filled(0, [shape[0]!])
      return { inputs: [layout.affine(dCentred(), shape, { scale: norm.scale, shift: zeros })], weights }
    },
  }
}

/** Batch normalisation with its running averages, as in inference. They stay as they are. */
const frozenBatchNorm: LayerRule<BatchNormNode> = (context, { name, attributes: { epsilon } }) => {
  const { g, layout, inputs, inputShapes } = context
  const op = createArithmetic(g)
  const shape = inputShapes[0]!
  const scale = op('Div', `${name}.gamma`, op('Sqrt', op('Add', `${name}.variance`, epsilon)))
  const shift = op('Sub', `${name}.beta`, op('Mul', `${name}.mean`, scale))
  return {
    output: layout.affine(inputs[0]!, shape, { scale, shift }),
    backward(dOutput) {
      const zeros = g.filled(0, [shape[0]!])
      return { inputs: [layout.affine(dOutput, shape, { scale, shift: zeros })], weights: {} }
    },
  }
}

/**
 * A convolution, the batch normalisation behind it, and perhaps a ReLU behind that. The normalisation subtracts the mean of its input, so the
 * bias of the convolution does not change the output. It is left out, and its gradient is exactly 0.
 *
 * A convolution is linear, so the mean of its output is that of the convolution of the mean clip. This mean is known before the
 * convolution of the batch is, and is subtracted there as a bias, so nothing needs another pass over the output. The
 * factor `gamma / std` of the gradient is applied to the kernel, which is smaller than the image.
 *
 * Differs from PyTorch: there, rounding makes the gradient of such a bias a little different from 0.
 */
export const convBatchNorm: LayerRule<ConvBatchNormNode | ConvBatchNormReluNode> = (context, node) => {
  const { g, layout, batch, inputs, inputShapes, needsGradient } = context
  const [convNode, normNode, relu] = node.parts
  const op = createArithmetic(g)
  const input = inputs[0]!
  const conv = convolutionOf(convNode, inputShapes[0]!)
  const shape = conv.outputShape
  const mean = meanOutput()
  const centred = layout.convolve(conv, input, { bias: op('Neg', mean) })
  const bias = `${convNode.name}.bias`
  const isRelu = relu !== undefined
  const norm = normalize(context, normNode, { centred, mean, shape, bias, relu: isRelu })

  function meanOutput(): string {
    // As a matrix product, because ReduceMean over the first axis is slow with several threads. -1: a layout may have more channels.
    const [, height, width] = inputShapes[0]!
    const mean = g.node('MatMul', [batch.shares(), g.node('Reshape', [input, g.ints([0, -1])])])
    const meanClip = g.node('Reshape', [mean, g.ints([1, -1, height!, width!])])
    return op('Div', layout.channelSum(layout.convolve(conv, meanClip), shape), pixelsOf(shape))
  }

  return {
    output: norm.output,
    updates: withPrefix(normNode.name, norm.updates),
    backward(dOutput) {
      const { dCentred: write, weights } = norm.backward(
        isRelu ? passPositive(g, norm.output, dOutput) : dOutput,
      )
      const dCentred = write()
      const filters = shape[0]!
      const perFilter = op('Reshape', norm.scale, g.ints([filters, 1, 1, 1]))
      const dKernel = op('Mul', layout.kernelGradient(conv, input, dCentred), perFilter)
      const kernel = () => op('Mul', conv.kernel, perFilter)
      return {
        inputs: [needsGradient[0] ? layout.inputGradient(conv, kernel(), dCentred) : null],
        weights: {
          ...withPrefix(convNode.name, { kernel: dKernel, bias: g.filled(0, [filters]) }),
          ...withPrefix(normNode.name, weights),
        },
      }
    },
  }
}

function pixelsOf([, height = 1, width = 1]: readonly number[]): number {
  return height * width
}

function withPrefix(name: string, values: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [`${name}.${key}`, value]))
}

/** What is normalised. */
interface Centred {
  /** Name of the input minus its mean. */
  centred: string
  /** Name of the mean that was subtracted, [C]. */
  mean: string
  /** [C, H, W] or [C]. */
  shape: readonly number[]
  /** Name of a value [C] that was left out of the input because the mean removes it; the running mean needs it. */
  bias?: string
  /** ReLU is applied to the output. The backward pass then takes the gradient in front of ReLU. */
  relu?: boolean
}

/**
 * Batch normalisation of [N, C, H, W] or [N, C] in training mode. The backward pass uses the centred input (input minus mean)
 * itself. To recover it from the output, it would have to divide by gamma, which training may bring to zero.
 *
 * @returns What `dCentred` writes, multiplied by `scale` [C], is the gradient of the input.
 * @see Ioffe & Szegedy 2015; running averages as PyTorch's, with the unbiased variance.
 */
function normalize(
  { g, layout, batch }: RuleContext,
  { name, attributes: { epsilon, momentum } }: BatchNormNode,
  { centred, mean, shape, bias, relu = false }: Centred,
) {
  const op = createArithmetic(g)
  const count = op('Mul', batch.clips(), pixelsOf(shape))
  const variance = op('Div', layout.channelDot(centred, centred, shape), count)
  const std = op('Sqrt', op('Add', variance, epsilon))
  const scale = op('Div', `${name}.gamma`, std)
  const running = (key: 'mean' | 'variance', batchValue: string) =>
    op('Add', op('Mul', `${name}.${key}`, 1 - momentum), op('Mul', batchValue, momentum))
  return {
    output: layout.affine(centred, shape, { scale, shift: `${name}.beta`, relu }),
    updates: {
      mean: running('mean', bias === undefined ? mean : op('Add', mean, bias)),
      variance: running('variance', unbiased(op, variance, count)),
    },
    scale,
    backward(dOutput: string) {
      const sum = layout.channelSum(dOutput, shape)
      const covariance = layout.channelDot(dOutput, centred, shape)
      return {
        dCentred: () => {
          const slope = op('Div', covariance, op('Mul', op('Mul', std, std), count))
          const [scale, shift] = [op('Neg', slope), op('Neg', op('Div', sum, count))]
          return layout.affine(centred, shape, { scale, shift, plus: dOutput })
        },
        weights: { gamma: op('Div', covariance, std), beta: sum },
      }
    },
  }
}

/** The biased variance times count / (count - 1). A single value has variance 0 in both forms. */
function unbiased(op: Arithmetic, variance: string, count: string): string {
  return op('Mul', variance, op('Div', count, op('Max', op('Sub', count, 1), 1)))
}
