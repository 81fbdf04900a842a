/** The StatsPool layer: mean and standard deviation over time. */
import type { StatsPoolNode } from '@esc/core'
import { createArithmetic } from '../arithmetic.js'
import type { LayerRule } from '../rule.js'

/**
 * Deviations below this are equal to it in the backward pass, which divides by them. It is the root of the smallest normal float32.
 * Where the variance is smaller, the centred values are about as small, so the gradient stays finite. Of a constant row it is 0.
 */
const smallestDeviation = 1.1e-19

/** The mean passes 1 / W to each value of its row, the deviation `(x - mean) / (W · deviation)`. */
export const statsPool: LayerRule<StatsPoolNode> = ({ g, inputs, inputShapes }, { name }) => {
  const op = createArithmetic(g)
  const [channels, height, width] = inputShapes[0] as [number, number, number]
  const meanOf = (value: string) => g.node('ReduceMean', [value], { axes: { ints: [-1] } })
  // [N, C, H, 1]
  const mean = meanOf(inputs[0]!)
  const centred = op('Sub', inputs[0]!, mean)
  const deviation = op('Sqrt', meanOf(op('Mul', centred, centred)))
  return {
    output: g.node('Flatten', [g.node('Concat', [mean, deviation], { axis: { int: 1 } })]),
    backward(dOutput) {
      const [dMean, dDeviation] = [`${name}:dMean`, `${name}:dDeviation`]
      const both = op('Reshape', dOutput, g.ints([0, 2 * channels, height, 1]))
      g.nodeWithOutputs('Split', [both, g.ints([channels, channels])], [dMean, dDeviation], {
        axis: { int: 1 },
      })
      const slope = op('Div', dDeviation, op('Max', deviation, smallestDeviation))
      const dRow = op('Add', op('Mul', centred, slope), dMean)
      return { inputs: [op('Div', dRow, width)], weights: {} }
    },
  }
}
