/** Pooling layers. */
import type { GlobalPoolNode, PoolNode } from '@esc/core'
import { floatTensor } from '../../tensor.js'
import { poolWindow, type WindowAttributes } from '../../window-attributes.js'
import { isSmallTiling } from '../fuse.js'
import type { LayerRule } from '../rule.js'
import type { StepBuilder } from '../step-builder.js'
import { tileMaxPool } from './relu-max-pool.js'

/** The gradient goes back to the place of the maximum. If several values are equal, it goes to the first, as in PyTorch and tfjs. */
export const maxPool: LayerRule<PoolNode> = (context, node) => {
  const { g, inputs, inputShapes, isDeadAtZero } = context
  if (isDeadAtZero && isSmallTiling(node)) return tileMaxPool(context, node)
  const input = inputs[0]!
  const window = poolWindow(node, inputShapes[0]!)
  const [output, indices] = writeMaxPool(g, node.name, input, window)
  const overlaps = window.kernel_shape.ints.some((size, axis) => size > window.strides.ints[axis]!)
  return {
    output,
    backward: (dOutput) => ({
      inputs: [
        overlaps
          ? scatter(g, input, indices, dOutput)
          : g.node('MaxUnpool', [dOutput, indices, g.node('Shape', [input])], window),
      ],
      weights: {},
    }),
  }
}

/** Writes MaxPool with its indices. They count through the whole tensor, not through one image. */
function writeMaxPool(
  g: StepBuilder,
  name: string,
  input: string,
  window: WindowAttributes,
): [output: string, indices: string] {
  const outputs = [`${name}:pooled`, `${name}:indices`] as const
  g.nodeWithOutputs('MaxPool', [input], outputs, window)
  return [...outputs]
}

/** The gradient of windows that overlap. One value may be the maximum of several windows, so gradients are added; MaxUnpool would keep only the last. */
function scatter(g: StepBuilder, input: string, indices: string, dOutput: string): string {
  const flat = g.ints([-1])
  const shape = g.node('Shape', [input])
  const zeros = g.node('ConstantOfShape', [g.node('Reshape', [g.node('Size', [input]), flat])])
  const from = [g.node('Reshape', [indices, flat]), g.node('Reshape', [dOutput, flat])]
  const added = g.node('ScatterElements', [zeros, ...from], { reduction: { string: 'add' } })
  return g.node('Reshape', [added, shape])
}

/**
 * Each output is a mean. Its gradient, divided by the number of values, goes back to all of them. This is a transposed
 * convolution of each channel with a kernel of ones.
 */
export const averagePool: LayerRule<PoolNode> = ({ g, inputs, inputShapes, outputShape }, node) => {
  const { name } = node
  const [channels, height, width] = inputShapes[0] as [number, number, number]
  const [, rows, columns] = outputShape as [number, number, number]
  const window = poolWindow(node, inputShapes[0]!)
  const [kh, kw] = window.kernel_shape.ints as [number, number]
  const [strideH, strideW] = window.strides.ints as [number, number]
  const [top, left, bottom, right] = window.pads.ints as [number, number, number, number]
  return {
    output: g.node('AveragePool', [inputs[0]!], window),
    backward(dOutput) {
      const inRows = valuesInside(rows, strideH, kh, top, height)
      const inColumns = valuesInside(columns, strideW, kw, left, width)
      const shares = inRows.flatMap((h) => inColumns.map((w) => 1 / (h * w)))
      const share = g.node('Mul', [
        dOutput,
        g.constant(`${name}:shares`, floatTensor(shares, [rows, columns])),
      ])
      const kernel = g.filled(1, [channels, 1, kh, kw])
      const leftOver = [
        height + top + bottom - ((rows - 1) * strideH + kh),
        width + left + right - ((columns - 1) * strideW + kw),
      ]
      const attributes = { ...window, group: { int: channels }, output_padding: { ints: leftOver } }
      return { inputs: [g.node('ConvTranspose', [share, kernel], attributes)], weights: {} }
    },
  }
}

/** For each window along an axis: how many values of the input it covers, without padding. */
function valuesInside(
  windows: number,
  stride: number,
  size: number,
  before: number,
  length: number,
): number[] {
  return Array.from({ length: windows }, (_, i) => {
    const start = i * stride - before
    return Math.min(start + size, length) - Math.max(start, 0)
  })
}

export const globalAveragePool: LayerRule<GlobalPoolNode> = ({ g, layout, inputs, inputShapes }) => {
  const shape = inputShapes[0]! as [number, number, number]
  return {
    output: layout.pixelMean(inputs[0]!, shape),
    backward(dOutput) {
      const share = g.node('Div', [dOutput, g.filled(shape[1] * shape[2])])
      return { inputs: [layout.fillPixels(share, shape)], weights: {} }
    },
  }
}

/** A max pooling whose window is the whole image. */
export const globalMaxPool: LayerRule<GlobalPoolNode> = ({ g, inputs, inputShapes }, { name }) => {
  const input = inputs[0]!
  const size = { ints: inputShapes[0]!.slice(1) }
  const window = { kernel_shape: size, strides: size, pads: { ints: [0, 0, 0, 0] } }
  const [pooled, indices] = writeMaxPool(g, name, input, window)
  return {
    output: g.node('Flatten', [pooled]),
    backward(dOutput) {
      const pixel = g.node('Unsqueeze', [dOutput, g.ints([2, 3])])
      return {
        inputs: [g.node('MaxUnpool', [pixel, indices, g.node('Shape', [input])], window)],
        weights: {},
      }
    },
  }
}
