/** The Dropout layer. */
import type { DropoutNode } from '@esc/core'
import type { LayerRule } from '../rule.js'

/** The mask is an input of the step, already scaled: 0, or 1 / (1 - rate). So the caller makes the random numbers. */
export const dropout: LayerRule<DropoutNode> = ({ g, layout, inputs, inputShapes }, node) => {
  const shape = inputShapes[0]!
  const given = g.input({ name: `${node.name}.mask`, type: 'float32', dims: ['N', ...shape] })
  const mask = layout.fromPlain(given, shape)
  return {
    output: g.node('Mul', [inputs[0]!, mask]),
    backward: (dOutput) => ({ inputs: [g.node('Mul', [dOutput, mask])], weights: {} }),
  }
}
