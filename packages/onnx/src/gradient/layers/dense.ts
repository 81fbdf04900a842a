/** The Dense layer (fully connected). */
import type { DenseNode } from '@esc/core'
import type { LayerRule } from '../rule.js'

export const dense: LayerRule<DenseNode> = ({ g, inputs, needsGradient, isFrozen }, node) => ({
  output: g.node('Gemm', [inputs[0]!, `${node.name}.kernel`, `${node.name}.bias`], { transB: { int: 1 } }),
  backward: (dOutput) => ({
    inputs: [needsGradient[0] ? g.node('MatMul', [dOutput, `${node.name}.kernel`]) : null],
    weights: isFrozen
      ? {}
      : {
          kernel: g.node('Gemm', [dOutput, inputs[0]!], { transA: { int: 1 } }),
          bias: g.node('ReduceSum', [dOutput, g.ints([0])], { keepdims: { int: 0 } }),
        },
  }),
})
