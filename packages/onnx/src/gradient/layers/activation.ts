/** Activations: layers that work on each value alone. */
import type { ActivationNode, LeakyReluNode } from '@esc/core'
import { elementCode } from '../../tensor.js'
import { type Arithmetic, createArithmetic } from '../arithmetic.js'
import type { LayerRule } from '../rule.js'
import type { StepBuilder } from '../step-builder.js'

export const relu: LayerRule<ActivationNode> = ({ g, inputs }) => {
  const output = g.node('Relu', [inputs[0]!])
  return { output, backward: (dOutput) => ({ inputs: [passPositive(g, output, dOutput)], weights: {} }) }
}

/**
 * The gradient in front of a ReLU: that behind it where the output is positive, and 0 elsewhere. HardSigmoid with this slope is the step
 * from 0 to 1 for values that are at least 0. Greater and Cast would be two operators.
 */
export function passPositive(g: StepBuilder, output: string, dOutput: string): string {
  const steep = { alpha: { float: largestFloat32 }, beta: { float: 0 } }
  return g.node('Mul', [dOutput, g.node('HardSigmoid', [output], steep)])
}

/** 1 where a value, which is at least 0, is 0; otherwise 0. */
export function isZero(g: StepBuilder, value: string): string {
  return g.node('HardSigmoid', [value], { alpha: { float: -largestFloat32 }, beta: { float: 1 } })
}

const largestFloat32 = (2 - 2 ** -23) * 2 ** 127

/** At 0 and at 6 the gradient is 0, as in PyTorch. */
export const relu6: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const op = createArithmetic(g)
  const output = op('Clip', inputs[0]!, 0, 6)
  return {
    output,
    backward: (dOutput) => ({
      inputs: [op('Mul', dOutput, asFloat(g, between(op, output, 0, 6)))],
      weights: {},
    }),
  }
}

export const leakyRelu: LayerRule<LeakyReluNode> = ({ g, inputs }, node) => {
  const input = inputs[0]!
  const { alpha } = node.attributes
  const op = createArithmetic(g)
  return {
    output: g.node('LeakyRelu', [input], { alpha: { float: alpha } }),
    backward(dOutput) {
      const positive = asFloat(g, op('Greater', input, 0))
      return { inputs: [op('Mul', dOutput, op('Add', op('Mul', positive, 1 - alpha), alpha))], weights: {} }
    },
  }
}

/** `y' = y · (1 - y)`. */
export const sigmoid: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const op = createArithmetic(g)
  const output = op('Sigmoid', inputs[0]!)
  return {
    output,
    backward: (dOutput) => ({
      inputs: [op('Mul', dOutput, op('Mul', output, op('Sub', 1, output)))],
      weights: {},
    }),
  }
}

/** `y' = 1 - y²`. */
export const tanh: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const op = createArithmetic(g)
  const output = op('Tanh', inputs[0]!)
  return {
    output,
    backward: (dOutput) => ({
      inputs: [op('Mul', dOutput, op('Sub', 1, op('Mul', output, output)))],
      weights: {},
    }),
  }
}

export const hardSigmoid: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const op = createArithmetic(g)
  const output = g.node('HardSigmoid', [inputs[0]!], sixth)
  return {
    output,
    backward(dOutput) {
      const slope = op('Div', asFloat(g, between(op, output, 0, 1)), 6)
      return { inputs: [op('Mul', dOutput, slope)], weights: {} }
    },
  }
}

/** `y' = h + x · h'`, where `h` is the hard sigmoid of `x`. */
export const hardSwish: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const input = inputs[0]!
  const op = createArithmetic(g)
  const gate = g.node('HardSigmoid', [input], sixth)
  return {
    output: op('Mul', input, gate),
    backward(dOutput) {
      const gateSlope = op('Div', asFloat(g, between(op, gate, 0, 1)), 6)
      return { inputs: [op('Mul', dOutput, op('Add', gate, op('Mul', input, gateSlope)))], weights: {} }
    },
  }
}

/** `y' = s + x · s · (1 - s) = s + y · (1 - s)`, where `s` is the sigmoid of `x`. */
export const swish: LayerRule<ActivationNode> = ({ g, inputs }, _node) => {
  const op = createArithmetic(g)
  const gate = op('Sigmoid', inputs[0]!)
  const output = op('Mul', inputs[0]!, gate)
  return {
    output,
    backward(dOutput) {
      const slope = op('Add', gate, op('Mul', output, op('Sub', 1, gate)))
      return { inputs: [op('Mul', dOutput, slope)], weights: {} }
    },
  }
}

/** Attributes of the hard sigmoid `clip(x / 6 + 0.5, 0, 1)`. */
const sixth = { alpha: { float: 1 / 6 }, beta: { float: 0.5 } }

function between(op: Arithmetic, value: string, low: number, high: number): string {
  return op('And', op('Greater', value, low), op('Less', value, high))
}

/** 1 if a condition holds, else 0. Multiplying by this is faster than ONNX Runtime's Where. */
function asFloat(g: StepBuilder, condition: string): string {
  return g.node('Cast', [condition], { to: { int: elementCode('float32') } })
}
