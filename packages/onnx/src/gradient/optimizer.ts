/** Optimisers: they compute new weights from gradients. */
import { asOptions, assertInteger } from '@esc/core'
import { type Arithmetic, createArithmetic } from './arithmetic.js'
import {
  type AdamOptions,
  assertOptimizerNames,
  assertOptimizerOptions,
  type OptimizerOptions,
  type SgdOptions,
} from './optimizer-options.js'
import type { StepBuilder } from './step-builder.js'

/** A weight and the name of its gradient. */
export interface WeightGradient {
  /** `node.weight`. */
  name: string
  shape: readonly number[]
  /** Name of the value that holds the gradient. */
  gradient: string
}

/**
 * Names of the arrays that the optimiser keeps for each weight. All are 0 at first. Adam has `m` and `v` (PyTorch's `exp_avg` and
 * `exp_avg_sq`); SGD has `momentum` if its momentum is not 0.
 *
 * @throws EscError INVALID_OPTION naming an option that is unknown.
 * @example optimizerSlots({ kind: 'sgd', momentum: 0.9 }) // ['momentum']
 */
export function optimizerSlots(options: OptimizerOptions = {}): readonly string[] {
  assertOptimizerNames('optimizerSlots', options)
  if (options.kind !== 'sgd') return ['m', 'v']
  return options.momentum ? ['momentum'] : []
}

/**
 * The scalar inputs of the update, except `learningRate`, at one step.
 *
 * @param step - Number of the step, from 1.
 * @throws EscError INVALID_OPTION unless `step` is an integer >= 1; naming an option that is unknown.
 * @example optimizerScalars({}, 1) // { biasCorrection1: 0.1, biasCorrection2: 0.001 }, up to rounding
 */
export function optimizerScalars(options: OptimizerOptions, step: number): Readonly<Record<string, number>> {
  assertOptimizerNames('optimizerScalars', asOptions('optimizerScalars', options))
  assertInteger('step', step, 1)
  if (options.kind === 'sgd') return {}
  const { beta1 = 0.9, beta2 = 0.999 } = options
  return { biasCorrection1: 1 - beta1 ** step, biasCorrection2: 1 - beta2 ** step }
}

/**
 * Writes the update of all weights. Its inputs are `learningRate`, {@link optimizerScalars} and `slot/node.weight`; its outputs are
 * `next/node.weight` and `next/slot/node.weight`.
 *
 * @throws EscError INVALID_OPTION naming a constant that is out of range.
 * @example writeOptimizer(g, [{ name: 'dense.bias', shape: [10], gradient: 'dBias' }], { kind: 'sgd' })
 */
export function writeOptimizer(
  g: StepBuilder,
  weights: readonly WeightGradient[],
  options: OptimizerOptions = {},
): void {
  assertOptimizerOptions(options)
  const op = createArithmetic(g)
  const learningRate = g.input({ name: 'learningRate', type: 'float32', dims: [] })
  const clip = options.clipNorm ? clipFactor(g, op, weights, options.clipNorm) : null
  const write =
    options.kind === 'sgd' ? sgd(op, learningRate, clip, options) : adam(g, op, learningRate, clip, options)
  const vectors = weights.filter(({ shape }) => shape.length === 1)
  const alone = vectors.length > 1 ? weights.filter(({ shape }) => shape.length > 1) : weights
  for (const each of alone) write(arraysOf(g, each))
  if (vectors.length > 1) write(arraysOfVectors(g, vectors))
}

/** Writes the update of one weight, or of several that are joined. */
type WriteUpdate = (arrays: Arrays) => void

function adam(
  g: StepBuilder,
  op: Arithmetic,
  learningRate: string,
  clip: string | null,
  options: AdamOptions,
): WriteUpdate {
  const { kind = 'adam', beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { weightDecay = kind === 'adamw' ? 0.01 : 0 } = options
  const correction1 = g.input({ name: 'biasCorrection1', type: 'float32', dims: [] })
  const correction2 = g.input({ name: 'biasCorrection2', type: 'float32', dims: [] })
  // If c1 and c2 are the corrections, lr · (m / c1) / (√(v / c2) + ε) = stepSize · m / (√v + floor).
  const root = op('Sqrt', correction2)
  const floor = op('Mul', root, epsilon)
  const stepSize = op('Div', op('Mul', learningRate, root), correction1)
  const kept = kind === 'adamw' && weightDecay > 0 ? shrink(op, learningRate, weightDecay) : null
  // Gradients are multiplied by √(1 - β2) first, because v adds the square of that product. So clipping needs no extra pass, and it
  // happens before the square, which could be infinite without it.
  const scale = Math.sqrt(1 - beta2)
  const gradientScale = clip === null ? scale : op('Mul', clip, scale)
  return ({ weight, gradient, slot, next }) => {
    let scaled = op('Mul', gradient, gradientScale)
    if (kind === 'adam' && weightDecay > 0) scaled = op('Add', scaled, op('Mul', weight, weightDecay * scale))
    const taken = op('Mul', scaled, (1 - beta1) / scale)
    const m = next('m', 'Add', op('Mul', slot('m'), beta1), taken)
    const v = next('v', 'Add', op('Mul', slot('v'), beta2), op('Mul', scaled, scaled))
    const change = op('Mul', op('Div', m, op('Add', op('Sqrt', v), floor)), stepSize)
    next('', 'Sub', kept === null ? weight : op('Mul', weight, kept), change)
  }
}

function sgd(
  op: Arithmetic,
  learningRate: string,
  clip: string | null,
  { momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions,
): WriteUpdate {
  if (momentum === 0) {
    // w - lr (g + decay · w) = (1 - lr · decay) w - lr · g
    const rate = clip === null ? learningRate : op('Mul', learningRate, clip)
    const kept = weightDecay > 0 ? shrink(op, learningRate, weightDecay) : null
    return ({ weight, gradient, next }) => {
      next('', 'Sub', kept === null ? weight : op('Mul', weight, kept), op('Mul', gradient, rate))
    }
  }
  return ({ weight, gradient, slot, next }) => {
    let direction = clip === null ? gradient : op('Mul', gradient, clip)
    if (weightDecay > 0) direction = op('Add', direction, op('Mul', weight, weightDecay))
    const velocity = next('momentum', 'Add', op('Mul', slot('momentum'), momentum), direction)
    const ahead = nesterov ? op('Add', direction, op('Mul', velocity, momentum)) : velocity
    next('', 'Sub', weight, op('Mul', ahead, learningRate))
  }
}

/** The factor `min(1, maxNorm / (norm + 1e-6))`, where `norm` is the norm of all gradients as one vector. */
function clipFactor(
  g: StepBuilder,
  op: Arithmetic,
  weights: readonly WeightGradient[],
  maxNorm: number,
): string {
  const squares = weights.map(({ gradient }) =>
    g.node('ReduceSumSquare', [gradient], { keepdims: { int: 0 } }),
  )
  const norm = op('Sqrt', g.node('Sum', squares))
  return op('Min', op('Div', maxNorm, op('Add', norm, 1e-6)), 1)
}

/** The factor by which weight decay shrinks a weight. */
function shrink(op: Arithmetic, learningRate: string, weightDecay: number): string {
  return op('Sub', 1, op('Mul', learningRate, weightDecay))
}

/**
 * The values that an update reads and writes. `slot` reads an array that the optimiser keeps, `next` writes the new values of the weights (state
 * `''`) or of such an array.
 */
interface Arrays {
  weight: string
  gradient: string
  slot(kind: string): string
  next(kind: string, opType: string, ...operands: readonly string[]): string
}

/**
 * The arrays of one weight. Kernels of 1 × 1 are taken as vectors: ONNX Runtime multiplies an array that ends with axes of length 1 by a number
 * one value at a time.
 */
function arraysOf(g: StepBuilder, { name, shape, gradient }: WeightGradient): Arrays {
  const isFlat = shape.length > 1 && shape.at(-1) === 1
  const flat = (value: string) => (isFlat ? g.node('Reshape', [value, g.ints([-1])]) : value)
  return {
    weight: flat(name),
    gradient: flat(gradient),
    slot: (kind) => flat(g.input({ name: stateName(kind, name), type: 'float32', dims: shape })),
    next(kind, opType, ...operands) {
      const output = `next/${stateName(kind, name)}`
      const made = isFlat ? g.node(opType, operands) : output
      if (isFlat) g.nodeWithOutputs('Reshape', [made, g.ints(shape)], [output])
      else g.nodeWithOutputs(opType, operands, [output])
      g.output({ name: output, type: 'float32', dims: shape })
      return made
    },
  }
}

/** The arrays of all vectors (biases, factors of normalisations), joined to one: many short operators take longer than a long one. */
function arraysOfVectors(g: StepBuilder, vectors: readonly WeightGradient[]): Arrays {
  const join = (values: readonly string[]) => g.node('Concat', values, { axis: { int: 0 } })
  return {
    weight: join(vectors.map(({ name }) => name)),
    gradient: join(vectors.map(({ gradient }) => gradient)),
    slot: (kind) =>
      join(
        vectors.map(({ name, shape }) =>
          g.input({ name: stateName(kind, name), type: 'float32', dims: shape }),
        ),
      ),
    next(kind, opType, ...operands) {
      const made = g.node(opType, operands)
      const lengths = g.ints(vectors.map(({ shape }) => shape[0]!))
      const outputs = vectors.map(({ name }) => `next/${stateName(kind, name)}`)
      g.nodeWithOutputs('Split', [made, lengths], outputs, { axis: { int: 0 } })
      outputs.forEach((name, i) => {
        g.output({ name, type: 'float32', dims: vectors[i]!.shape })
      })
      return made
    },
  }
}

function stateName(kind: string, name: string): string {
  return kind === '' ? name : `${kind}/${name}`
}
