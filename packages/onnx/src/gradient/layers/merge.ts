/** The layers Add and Multiply, which read two values. */
import type { MergeNode } from '@esc/core'
import { axes } from '../constants.js'
import type { LayerRule, RuleContext } from '../rule.js'

export const add: LayerRule<MergeNode> = (context, node) => {
  const { g, inputs, needsGradient } = context
  const second = secondInput(context, node)
  return {
    output: g.node('Add', [inputs[0]!, second.value]),
    backward: (dOutput) => ({
      inputs: [dOutput, needsGradient[1] ? second.gradient(dOutput) : null],
      weights: {},
    }),
  }
}

export const multiply: LayerRule<MergeNode> = (context, node) => {
  const { g, inputs, needsGradient } = context
  const first = inputs[0]!
  const second = secondInput(context, node)
  return {
    output: g.node('Mul', [first, second.value]),
    backward: (dOutput) => ({
      inputs: [
        needsGradient[0] ? g.node('Mul', [dOutput, second.value]) : null,
        needsGradient[1] ? second.gradient(g.node('Mul', [dOutput, first])) : null,
      ],
      weights: {},
    }),
  }
}

/** The second value with the rank of the first, and how its gradient is computed from a gradient with the first value's shape. */
function secondInput(
  { g, inputs, inputShapes }: RuleContext,
  { name }: MergeNode,
): { value: string; gradient(dValue: string): string } {
  if (inputShapes[0]!.length === inputShapes[1]!.length) {
    return { value: inputs[1]!, gradient: (dValue) => dValue }
  }
  const imageAxes = axes(g, name, [2, 3])
  return {
    value: g.node('Unsqueeze', [inputs[1]!, imageAxes]),
    gradient: (dValue) => g.node('ReduceSum', [dValue, imageAxes], { keepdims: { int: 0 } }),
  }
}
