/** The AttentionPool layer: a weighted mean over time. */
import type { AttentionPoolNode } from '@esc/core'
import { createArithmetic } from '../arithmetic.js'
import type { LayerRule } from '../rule.js'

export const attentionPool: LayerRule<AttentionPoolNode> = (
  { g, inputs, inputShapes, needsGradient, isFrozen },
  { name },
) => {
  const op = createArithmetic(g)
  const [channels, height] = inputShapes[0] as [number, number, number]
  const kernel = `${name}.kernel`
  const asRow = g.ints([1, channels])
  const asColumn = g.ints([channels, 1])
  const lastAxis = g.ints([2])
  const swapped = { perm: { ints: [0, 2, 1] } }
  // `rows` is [N, C, W]; `shares` of the columns is [N, 1, W].
  const rows = g.node('ReduceMean', [inputs[0]!], { axes: { ints: [2] }, keepdims: { int: 0 } })
  const scores = op('MatMul', op('Reshape', kernel, asRow), rows)
  const shares = g.node('Softmax', [scores], { axis: { int: 2 } })
  return {
    output: g.node('ReduceSum', [op('Mul', rows, shares), lastAxis], { keepdims: { int: 0 } }),
    backward(dOutput) {
      const dColumn = op('Unsqueeze', dOutput, lastAxis)
      const dShares = op('MatMul', g.node('Transpose', [dColumn], swapped), rows)
      const weighted = g.node('ReduceSum', [op('Mul', shares, dShares), lastAxis])
      const dScores = op('Mul', shares, op('Sub', dShares, weighted))
      const dRows = () =>
        op('Add', op('Mul', dColumn, shares), op('Mul', op('Reshape', kernel, asColumn), dScores))
      const dInput = () =>
        op('Expand', op('Unsqueeze', op('Div', dRows(), height), lastAxis), op('Shape', inputs[0]!))
      const perClip = () => op('MatMul', rows, g.node('Transpose', [dScores], swapped))
      const dKernel = () => g.node('ReduceSum', [perClip(), g.ints([0, 2])], { keepdims: { int: 0 } })
      return {
        inputs: [needsGradient[0] ? dInput() : null],
        weights: isFrozen ? {} : { kernel: dKernel() },
      }
    },
  }
}
