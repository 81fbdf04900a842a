/** The layers Add and Multiply, which read two values. */
import type { MergeNode } from '@esc/core'
import type { LayerRule, RuleContext } from '../rule.js'

export const add: LayerRule<MergeNode> = (context) => {
  const { g, inputs, needsGradient } = context
  const second = secondInput(context)
  return {
    output: g.node('Add', [inputs[0]!, second.value]),
    backward: (dOutput) => ({
      inputs: [dOutput, needsGradient[1] ? second.gradient(dOutput) : null],
      weights: {},
    }),
  }
}

export const multiply: LayerRule<MergeNode> = (context) => {
  const { g, inputs, needsGradient } = context
  const first = inputs[0]!
  const second = secondInput(context)
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
function secondInput({ g, layout, inputs, inputShapes }: RuleContext): {
  value: string
  gradient(dValue: string): string
} {
  if (inputShapes[0]!.length === inputShapes[1]!.length) {
    return { value: inputs[1]!, gradient: (dValue) => dValue }
  }
  const shape = inputShapes[0]! as [number, number, number]
  return {
    value: layout.besideImage(inputs[1]!, shape),
    gradient: (dValue) => g.node('Mul', [layout.pixelMean(dValue, shape), g.filled(shape[1] * shape[2])]),
  }
}
