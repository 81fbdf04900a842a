/** The layers Flatten, Reshape and Concatenate, which only move values. */
import type { ConcatenateNode, FlattenNode, ReshapeNode } from '@esc/core'
import type { LayerRule, RuleContext } from '../rule.js'

export const flatten: LayerRule<FlattenNode> = (context) => ({
  output: context.g.node('Flatten', [context.inputs[0]!]),
  backward: (dOutput) => ({ inputs: [asInput(context, dOutput)], weights: {} }),
})

export const reshape: LayerRule<ReshapeNode> = (context, { attributes }) => {
  const { g, inputs } = context
  // 0 keeps the batch axis.
  const shape = g.ints([0, ...attributes.shape])
  return {
    output: g.node('Reshape', [inputs[0]!, shape]),
    backward: (dOutput) => ({ inputs: [asInput(context, dOutput)], weights: {} }),
  }
}

export const concatenate: LayerRule<ConcatenateNode> = ({ g, inputs, inputShapes }, { name }) => ({
  output: g.node('Concat', inputs, { axis: { int: 1 } }),
  backward(dOutput) {
    const parts = inputs.map((_, index) => `${name}:part${index}`)
    const lengths = inputShapes.map(([length]) => length!)
    g.nodeWithOutputs('Split', [dOutput, g.ints(lengths)], parts, { axis: { int: 1 } })
    return { inputs: parts, weights: {} }
  },
})

function asInput({ g, inputs }: RuleContext, dOutput: string): string {
  return g.node('Reshape', [dOutput, g.node('Shape', [inputs[0]!])])
}
