/** Optimisers: how gradients change weights. */
import {
  asOptions,
  assertInRange,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  EscError,
} from '@esc/core'
import type { GraphBuilder } from '../builder.js'
import { type Arithmetic, createArithmetic } from './arithmetic.js'

/**
 * Adam (weight decay added to the gradient) or AdamW (taken off the weights). Defaults are PyTorch's.
 *
 * @see Kingma & Ba 2015, Adam; Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization; `torch.optim.Adam` and `AdamW`
 *   of torch 1.13 (`amsgrad=False`).
 * @example buildTrainingModel(graph, { optimizer: { kind: 'adamw', weightDecay: 0.05, clipNorm: 1 } })
 */
export interface AdamOptions {
  kind?: 'adam' | 'adamw'
  /** In [0, 1) (default 0.9). */
  beta1?: number
  /** In [0, 1) (default 0.999). */
  beta2?: number
  /** > 0 (default 1e-8). */
  epsilon?: number
  /** >= 0; default 0 for `adam`, 0.01 for `adamw`. */
  weightDecay?: number
  /**
   * Gradients whose norm over all weights is larger are scaled down to it; `null` is off (default).
   *
   * @see torch 1.13 `nn.utils.clip_grad_norm_`.
   */
  clipNorm?: number | null
}

/**
 * Stochastic gradient descent. Defaults are PyTorch's.
 *
 * @see Sutskever et al. 2013, On the importance of initialization and momentum in deep learning; `torch.optim.SGD` of torch
 *   1.13 (`dampening=0`).
 * @example buildTrainingModel(graph, { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 } })
 */
export interface SgdOptions {
  kind: 'sgd'
  /** In [0, 1) (default 0). */
  momentum?: number
  /** Looks ahead along the momentum, which must be > 0 (default false). */
  nesterov?: boolean
  /** Added to the gradient; >= 0 (default 0). */
  weightDecay?: number
  /** As {@link AdamOptions.clipNorm}. */
  clipNorm?: number | null
}

/** Which optimiser, and its constants; the default is Adam. The learning rate is an input of each step. */
export type OptimizerOptions = AdamOptions | SgdOptions

const adamNames: Readonly<Record<keyof AdamOptions, true>> = {
  kind: true,
  beta1: true,
  beta2: true,
  epsilon: true,
  weightDecay: true,
  clipNorm: true,
}
const sgdNames: Readonly<Record<keyof SgdOptions, true>> = {
  kind: true,
  momentum: true,
  nesterov: true,
  weightDecay: true,
  clipNorm: true,
}

/** @throws EscError INVALID_OPTION if there is no such kind of optimiser, or naming an option that its kind does not have. */
export function assertOptimizerNames(owner: string, optimizer: OptimizerOptions | undefined): void {
  const isSgd = optimizer?.kind === 'sgd'
  if (optimizer?.kind !== undefined) assertOneOf('optimizer.kind', optimizer.kind, ['adam', 'adamw', 'sgd'])
  assertKnown(owner, optimizer, isSgd ? sgdNames : adamNames)
}

/** A weight whose gradient is known. */
export interface WeightGradient {
  /** `node.weight`. */
  name: string
  shape: readonly number[]
  /** Name of the value that holds the gradient. */
  gradient: string
}

/**
 * Names of the arrays that the optimiser keeps for each weight, all 0 at first: `m` and `v` of Adam (PyTorch's `exp_avg` and
 * `exp_avg_sq`), `momentum` of SGD where it has some.
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
 * Scalar inputs of the update, besides `learningRate`, at the step with this number.
 *
 * @param step - From 1.
 * @throws EscError INVALID_OPTION unless `step` is an integer >= 1; naming an option that is unknown.
 * @example optimizerScalars({}, 1) // { biasCorrection1: 0.1, biasCorrection2: 0.001 }, but for rounding
 */
export function optimizerScalars(options: OptimizerOptions, step: number): Readonly<Record<string, number>> {
  assertOptimizerNames('optimizerScalars', asOptions('optimizerScalars', options))
  assertInteger('step', step, 1)
  if (options.kind === 'sgd') return {}
  const { beta1 = 0.9, beta2 = 0.999 } = options
  return { biasCorrection1: 1 - beta1 ** step, biasCorrection2: 1 - beta2 ** step }
}

/**
 * Writes the update of all weights: inputs `learningRate`, {@link optimizerScalars} and `slot/node.weight`; outputs
 * `next/node.weight` and `next/slot/node.weight`.
 *
 * @throws EscError INVALID_OPTION naming a constant that is out of range.
 * @example writeOptimizer(g, [{ name: 'dense.bias', shape: [10], gradient: 'dBias' }], { kind: 'sgd' })
 */
export function writeOptimizer(
  g: GraphBuilder,
  weights: readonly WeightGradient[],
  options: OptimizerOptions = {},
): void {
  assertOptimizerOptions(options)
  const op = createArithmetic(g, 'optimizer')
  const learningRate = g.input({ name: 'learningRate', type: 'float32', dims: [] })
  const clip = options.clipNorm ? clipFactor(g, op, weights, options.clipNorm) : null
  const write =
    options.kind === 'sgd'
      ? sgd(g, op, learningRate, clip, options)
      : adam(g, op, learningRate, clip, options)
  for (const weight of weights) write(weight)
}

type WriteUpdate = (weight: WeightGradient) => void

function adam(
  g: GraphBuilder,
  op: Arithmetic,
  learningRate: string,
  clip: string | null,
  options: AdamOptions,
): WriteUpdate {
  const { kind = 'adam', beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  const { weightDecay = kind === 'adamw' ? 0.01 : 0 } = options
  const correction1 = g.input({ name: 'biasCorrection1', type: 'float32', dims: [] })
  const correction2 = g.input({ name: 'biasCorrection2', type: 'float32', dims: [] })
  // With c1 and c2 the corrections, lr · (m / c1) / (√(v / c2) + ε) = stepSize · m / (√v + floor).
  const root = op('Sqrt', correction2)
  const floor = op('Mul', root, epsilon)
  const stepSize = op('Div', op('Mul', learningRate, root), correction1)
  const kept = kind === 'adamw' && weightDecay > 0 ? shrink(op, learningRate, weightDecay) : null
  // Gradients times √(1 - β2), whose square is what v takes in: clipping costs no pass of its own, and stands before the
  // square, which may be infinite without it.
  const scale = Math.sqrt(1 - beta2)
  const gradientScale = clip === null ? scale : op('Mul', clip, scale)
  return (weight) => {
    const { name, gradient } = weight
    const { slot, next } = arraysOf(g, weight)
    let scaled = op('Mul', gradient, gradientScale)
    if (kind === 'adam' && weightDecay > 0) scaled = op('Add', scaled, op('Mul', name, weightDecay * scale))
    const taken = op('Mul', scaled, (1 - beta1) / scale)
    const m = next(`m/${name}`, 'Add', op('Mul', slot('m'), beta1), taken)
    const v = next(`v/${name}`, 'Add', op('Mul', slot('v'), beta2), op('Mul', scaled, scaled))
    const change = op('Mul', op('Div', m, op('Add', op('Sqrt', v), floor)), stepSize)
    next(name, 'Sub', kept === null ? name : op('Mul', name, kept), change)
  }
}

function sgd(
  g: GraphBuilder,
  op: Arithmetic,
  learningRate: string,
  clip: string | null,
  { momentum = 0, nesterov = false, weightDecay = 0 }: SgdOptions,
): WriteUpdate {
  if (momentum === 0) {
    // w - lr (g + decay · w) = (1 - lr · decay) w - lr · g
    const rate = clip === null ? learningRate : op('Mul', learningRate, clip)
    const kept = weightDecay > 0 ? shrink(op, learningRate, weightDecay) : null
    return (weight) => {
      const { name, gradient } = weight
      const from = kept === null ? name : op('Mul', name, kept)
      arraysOf(g, weight).next(name, 'Sub', from, op('Mul', gradient, rate))
    }
  }
  return (weight) => {
    const { name, gradient } = weight
    const { slot, next } = arraysOf(g, weight)
    let direction = clip === null ? gradient : op('Mul', gradient, clip)
    if (weightDecay > 0) direction = op('Add', direction, op('Mul', name, weightDecay))
    const velocity = next(`momentum/${name}`, 'Add', op('Mul', slot('momentum'), momentum), direction)
    const ahead = nesterov ? op('Add', direction, op('Mul', velocity, momentum)) : velocity
    next(name, 'Sub', name, op('Mul', ahead, learningRate))
  }
}

/** `min(1, maxNorm / (norm + 1e-6))`, the norm being that of all gradients as one vector. */
function clipFactor(
  g: GraphBuilder,
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

/** What is left of a weight after its decay. */
function shrink(op: Arithmetic, learningRate: string, weightDecay: number): string {
  return op('Sub', 1, op('Mul', learningRate, weightDecay))
}

/** The arrays that belong to a weight: what was kept of them, and what will be. */
function arraysOf(g: GraphBuilder, { name, shape }: WeightGradient) {
  return {
    slot: (kind: string): string => g.input({ name: `${kind}/${name}`, type: 'float32', dims: shape }),
    next(state: string, opType: string, ...operands: readonly string[]): string {
      g.nodeWithOutputs(opType, operands, [`next/${state}`])
      g.output({ name: `next/${state}`, type: 'float32', dims: shape })
      return `next/${state}`
    },
  }
}

function assertOptimizerOptions(options: OptimizerOptions): void {
  assertOneOf('optimizer.kind', options.kind ?? 'adam', ['adam', 'adamw', 'sgd'])
  const { weightDecay = 0, clipNorm = null } = options
  if (!(weightDecay >= 0 && weightDecay < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `weightDecay=${weightDecay} must be a finite number >= 0`)
  }
  if (clipNorm !== null) assertPositive('clipNorm', clipNorm)
  if (options.kind === 'sgd') {
    const { momentum = 0, nesterov = false } = options
    assertInRange('momentum', momentum, 0, 1 - Number.EPSILON)
    if (nesterov && momentum === 0) {
      throw new EscError('INVALID_OPTION', 'nesterov=true needs momentum > 0, such as momentum=0.9')
    }
    return
  }
  const { beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8 } = options
  assertInRange('beta1', beta1, 0, 1 - Number.EPSILON)
  assertInRange('beta2', beta2, 0, 1 - Number.EPSILON)
  assertPositive('epsilon', epsilon)
}
