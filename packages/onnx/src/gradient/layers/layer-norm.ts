/** The LayerNorm layer. */
import type { LayerNormNode } from '@esc/core'
import { createArithmetic } from '../arithmetic.js'
import type { LayerRule } from '../rule.js'

/**
 * The backward pass uses the normalised input itself. To recover it from the output, it would have to divide by gamma, which
 * training may bring to zero.
 *
 * @see Ba, Kiros & Hinton 2016.
 */
export const layerNorm: LayerRule<LayerNormNode> = (
  { g, inputs, inputShapes, needsGradient, isFrozen },
  node,
) => {
  const { name } = node
  const op = createArithmetic(g)
  const rank = node.weights.gamma.shape.length
  const ownAxes = Array.from({ length: rank }, (_, i) => i - rank)
  const meanOf = (value: string) => g.node('ReduceMean', [value], { axes: { ints: ownAxes } })

  const centred = op('Sub', inputs[0]!, meanOf(inputs[0]!))
  const variance = meanOf(op('Mul', centred, centred))
  const scale = op('Div', 1, op('Sqrt', op('Add', variance, node.attributes.epsilon)))
  const normalized = op('Mul', centred, scale)
  return {
    output: op('Add', op('Mul', normalized, `${name}.gamma`), `${name}.beta`),
    backward(dOutput) {
      function dInput(): string {
        const dNormalized = op('Mul', dOutput, `${name}.gamma`)
        const slope = meanOf(op('Mul', dNormalized, normalized))
        const explained = op('Add', op('Mul', normalized, slope), meanOf(dNormalized))
        return op('Mul', op('Sub', dNormalized, explained), scale)
      }
      // The batch axis, and the axes that gamma does not have.
      const others = Array.from({ length: 1 + inputShapes[0]!.length - rank }, (_, i) => i)
      const otherAxes = g.ints(others)
      const sumOf = (value: string) => g.node('ReduceSum', [value, otherAxes], { keepdims: { int: 0 } })
      return {
        inputs: [needsGradient[0] ? dInput() : null],
        weights: isFrozen ? {} : { gamma: sumOf(op('Mul', dOutput, normalized)), beta: sumOf(dOutput) },
      }
    },
  }
}
