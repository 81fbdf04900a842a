/** The Dropout layer. */
import type { DropoutNode } from '@esc/core'
import type { LayerRule } from '../rule.js'

/** The mask is an input of the step, already scaled: 0, or 1 / (1 - rate). So the caller makes the random numbers. */
export const dropout: LayerRule<DropoutNode> = ({ g, inputs, inputShapes }, node) => {
  const mask = g.input({ name: `${node.name}.mask`, type: 'float32', dims: ['N', ...inputShapes[0]!] })
  return {
    output: g.node('Mul', [inputs[0]!, mask]),
    backward: (dOutput) => ({ inputs: [g.node('Mul', [dOutput, mask])], weights: {} }),
  }
}
