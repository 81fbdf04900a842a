/** Optimiser updates as ONNX operators. */
import { assertInRange, assertPositive } from '@esc/core'
import type { GraphBuilder } from '../builder.js'
import { scalar } from '../tensor.js'

/** Adam's constants; the defaults are PyTorch's. The learning rate is an input of the step. */
export interface AdamOptions {
  beta1?: number
  beta2?: number
  epsilon?: number
}

/**
 * Declares Adam's inputs and returns a function that writes the update of one weight.
 *
 * `m ← β₁m + (1 - β₁)g`, `v ← β₂v + (1 - β₂)g²`, `w ← w - learningRate · (m / c₁) / (√(v / c₂) + ε)`. The bias corrections
 * `c = 1 - βᵗ` are inputs, since `βᵗ` in float32 would lose half its digits at the first steps.
 *
 * @throws EscError INVALID_OPTION if a beta is outside [0, 1) or epsilon is not > 0.
 * @see Kingma & Ba 2015; torch.optim.Adam.
 * @example const update = adamUpdate(g, {}); update('dense1.bias', [64], gradient)
 */
export function adamUpdate(
  g: GraphBuilder,
  { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 }: AdamOptions,
): (name: string, shape: readonly number[], gradient: string) => void {
  assertInRange('beta1', beta1, 0, 1 - Number.EPSILON)
  assertInRange('beta2', beta2, 0, 1 - Number.EPSILON)
  assertPositive('epsilon', epsilon)
  const learningRate = g.input({ name: 'learningRate', type: 'float32', dims: [] })
  const correction1 = g.input({ name: 'biasCorrection1', type: 'float32', dims: [] })
  const correction2 = g.input({ name: 'biasCorrection2', type: 'float32', dims: [] })
  const keep1 = g.constant('adam/beta1', scalar(beta1))
  const take1 = g.constant('adam/1-beta1', scalar(1 - beta1))
  const keep2 = g.constant('adam/beta2', scalar(beta2))
  const take2 = g.constant('adam/1-beta2', scalar(1 - beta2))
  const floor = g.constant('adam/epsilon', scalar(epsilon))
  const stepSize = g.node('Div', [learningRate, correction1])

  return (name, shape, gradient) => {
    const declare = (prefix: string) => g.input({ name: `${prefix}/${name}`, type: 'float32', dims: shape })
    const average = (state: string, keep: string, value: string, take: string) => {
      const next = `next/${state}`
      g.nodeWithOutputs('Add', [g.node('Mul', [state, keep]), g.node('Mul', [value, take])], [next])
      g.output({ name: next, type: 'float32', dims: shape })
      return next
    }
    const m = average(declare('m'), keep1, gradient, take1)
    const v = average(declare('v'), keep2, g.node('Mul', [gradient, gradient]), take2)
    const root = g.node('Add', [g.node('Sqrt', [g.node('Div', [v, correction2])]), floor])
    const change = g.node('Div', [g.node('Mul', [m, stepSize]), root])
    g.nodeWithOutputs('Sub', [name, change], [`next/${name}`])
    g.output({ name: `next/${name}`, type: 'float32', dims: shape })
  }
}
