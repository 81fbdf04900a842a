/** Options of the optimisers, and the checks of their names and ranges. */
import { assertInRange, assertKnown, assertOneOf, assertPositive, EscError } from '@esc/core'

/**
 * Adam adds weight decay to the gradient; AdamW subtracts it from the weights. The defaults are PyTorch's.
 *
 * @see Kingma & Ba 2015, Adam; Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization; `torch.optim.Adam` and `AdamW`
 *   of torch 1.13 (`amsgrad=False`).
 * @example buildTrainingModel(graph, { optimizer: { kind: 'adamw', weightDecay: 0.05, clipNorm: 1 } })
 */
export interface AdamOptions {
  /** @defaultValue `'adam'` */
  kind?: 'adam' | 'adamw'
  /** Decay of the mean gradient, in [0, 1). @defaultValue `0.9` */
  beta1?: number
  /** Decay of the mean squared gradient, in [0, 1). @defaultValue `0.999` */
  beta2?: number
  /** Added to the denominator, > 0. @defaultValue `1e-8` */
  epsilon?: number
  /** >= 0. @defaultValue `0` for `adam`, `0.01` for `adamw` */
  weightDecay?: number
  /**
   * Largest norm of all gradients together; larger gradients are scaled down to it. `null` turns this off.
   *
   * @defaultValue `null`
   * @see torch 1.13 `nn.utils.clip_grad_norm_`.
   */
  clipNorm?: number | null
}

/**
 * Stochastic gradient descent. The defaults are PyTorch's.
 *
 * @see Sutskever et al. 2013, On the importance of initialization and momentum in deep learning; `torch.optim.SGD` of torch
 *   1.13 (`dampening=0`).
 * @example buildTrainingModel(graph, { optimizer: { kind: 'sgd', momentum: 0.9, nesterov: true, weightDecay: 5e-4 } })
 */
export interface SgdOptions {
  kind: 'sgd'
  /** In [0, 1). @defaultValue `0` */
  momentum?: number
  /** Nesterov's momentum: looks one step ahead. `momentum` must be > 0. @defaultValue `false` */
  nesterov?: boolean
  /** Weight decay, added to the gradient; >= 0. @defaultValue `0` */
  weightDecay?: number
  /** As {@link AdamOptions.clipNorm}. @defaultValue `null` */
  clipNorm?: number | null
}

/** An optimiser and its constants; by default Adam. The learning rate is an input of each step. */
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

/** @throws EscError INVALID_OPTION naming a constant that is out of range. */
export function assertOptimizerOptions(options: OptimizerOptions): void {
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
