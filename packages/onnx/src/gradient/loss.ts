/** Losses over logits (a network's outputs before softmax or sigmoid), and their gradients. */
import { assertInRange, assertOneOf, assertPositive, EscError } from '@esc/core'
import { elementCode, floatTensor } from '../tensor.js'
import { type Arithmetic, createArithmetic } from './arithmetic.js'
import type { StepBuilder } from './step-builder.js'

/**
 * The loss that training minimises. By default it is softmax cross-entropy with rows of probabilities as targets.
 *
 * The options can be combined: targets are smoothed first, then the part of each class is weighted and focused. `softmax` sums
 * over the classes and takes the mean over the clips; each row of targets sums to 1. `sigmoid` takes the mean over clips and
 * classes; each target is in [0, 1].
 *
 * @example buildTrainingModel(graph, { loss: { labelSmoothing: 0.1, classWeights: [1, 2, 1] } })
 */
export interface LossOptions {
  /** `softmax`: each clip has one label, or a mixture. `sigmoid`: each class is decided alone. @defaultValue `'softmax'` */
  kind?: 'softmax' | 'sigmoid'
  /**
   * Share of each target that is spread over all classes (`softmax`), or over yes and no (`sigmoid`); in [0, 1).
   *
   * @defaultValue `0`
   * @see Szegedy et al. 2016, Rethinking the Inception Architecture, section 7; `label_smoothing` of torch 1.13.
   */
  labelSmoothing?: number
  /**
   * One factor >= 0 for each class, for its part of the loss. `null` gives all classes the same weight.
   *
   * It works as PyTorch's `weight` when targets are probabilities: the mean is over clips. When targets are class numbers,
   * PyTorch divides by the sum of the clips' weights instead.
   *
   * @defaultValue `null`
   * @see torch 1.13 `nn.functional.cross_entropy`, `nn.functional.binary_cross_entropy_with_logits`.
   */
  classWeights?: readonly number[] | null
  /**
   * Focal loss: each part is multiplied by `(1 - p)^gamma`, where p is the probability of the right answer. 0 turns it off.
   *
   * @defaultValue `0`
   * @see Lin et al. 2017, Focal Loss for Dense Object Detection; `torchvision.ops.sigmoid_focal_loss` with `alpha=-1`.
   */
  focalGamma?: number
  /** Learns also from the logits of a larger network, which are the step's input `teacherLogits`. Only with `softmax`. @defaultValue `null`: off */
  distillation?: Distillation | null
}

/**
 * `loss = (1 - weight) · loss + weight · temperature² · KL(softmax(teacher / temperature) ‖ softmax(logits / temperature))`,
 * where the divergence is the mean over clips.
 *
 * @see Hinton, Vinyals & Dean 2015, Distilling the Knowledge in a Neural Network, section 2.
 */
export interface Distillation {
  /** > 0. A larger temperature gives more weight to the probabilities of the wrong classes. */
  temperature: number
  /** Share of the teacher in the loss, in [0, 1]. */
  weight: number
}

/** Names of two values [N, classes]: the parts of the negative loss, and the gradient of the loss. Both are taken before the mean. */
interface Parts {
  likelihood: string
  gradient: string
}

/**
 * Writes the loss as the graph's output `loss` (scalar), and returns the name of its gradient with respect to the logits.
 *
 * It declares the input `target` [N, classes] and, with `distillation` of any weight, the input `teacherLogits` [N, classes].
 *
 * @param logits - Name of a value [N, classes].
 * @throws EscError INVALID_OPTION naming an option that is out of range.
 * @example const dLogits = writeLoss(g, 'logits', 10, { labelSmoothing: 0.1 })
 */
export function writeLoss(
  g: StepBuilder,
  logits: string,
  classes: number,
  options: LossOptions = {},
): string {
  assertLossOptions(options, classes)
  const {
    kind = 'softmax',
    labelSmoothing = 0,
    classWeights = null,
    focalGamma = 0,
    distillation = null,
  } = options
  const op = createArithmetic(g)
  let target = g.input({ name: 'target', type: 'float32', dims: ['N', classes] })
  if (labelSmoothing > 0) {
    const ways = kind === 'softmax' ? classes : 2
    target = op('Add', op('Mul', target, 1 - labelSmoothing), labelSmoothing / ways)
  }
  const weights = classWeights && g.constant('loss:classWeights', floatTensor(classWeights))
  let parts =
    kind === 'softmax'
      ? softmaxParts(g, op, logits, target, weights, focalGamma)
      : sigmoidParts(op, logits, target, weights, focalGamma)
  if (distillation) {
    const teacher = g.input({ name: 'teacherLogits', type: 'float32', dims: ['N', classes] })
    parts = distil(g, op, parts, logits, teacher, distillation)
  }

  const mean = g.node('ReduceMean', [parts.likelihood], { keepdims: { int: 0 } })
  g.nodeWithOutputs('Mul', [mean, g.filled(kind === 'softmax' ? -classes : -1)], ['loss'])
  g.output({ name: 'loss', type: 'float32', dims: [] })
  const count =
    kind === 'softmax'
      ? g.node('Shape', [logits], { start: { int: 0 }, end: { int: 1 } })
      : g.node('Size', [logits])
  return op('Div', parts.gradient, g.node('Cast', [count], { to: { int: elementCode('float32') } }))
}

/** The loss `Σ w t (1 - p)^γ log p`, summed over the classes. */
function softmaxParts(
  g: StepBuilder,
  op: Arithmetic,
  logits: string,
  target: string,
  weights: string | null,
  gamma: number,
): Parts {
  const logP = g.node('LogSoftmax', [logits], { axis: { int: 1 } })
  const p = op('Exp', logP)
  const weighted = weights === null ? target : op('Mul', target, weights)
  // Rows of `target` sum to 1, so softmax - target is the exact gradient.
  if (weights === null && gamma === 0) {
    return { likelihood: op('Mul', target, logP), gradient: op('Sub', p, target) }
  }
  let share = weighted
  // `slope` is the derivative of each class's part with respect to log p.
  let slope = weighted
  if (gamma > 0) {
    // At least 2⁻²⁴, the distance from 1 to the next smaller float32: (1 - p)^(γ - 1) must not become infinite.
    const wrong = op('Max', op('Sub', 1, p), 2 ** -24)
    share = op('Mul', weighted, op('Pow', wrong, gamma))
    slope = op('Mul', share, op('Sub', 1, op('Mul', op('Div', op('Mul', p, logP), wrong), gamma)))
  }
  const total = g.node('ReduceSum', [slope, g.ints([1])])
  return { likelihood: op('Mul', share, logP), gradient: op('Sub', op('Mul', p, total), slope) }
}

/** The loss `w (t log p + (1 - t) log(1 - p)) q^γ` of each class, where `q = t (1 - p) + (1 - t) p`. */
function sigmoidParts(
  op: Arithmetic,
  logits: string,
  target: string,
  weights: string | null,
  gamma: number,
): Parts {
  const minusLogP = op('Softplus', op('Neg', logits))
  const minusLogN = op('Softplus', logits)
  const otherwise = op('Sub', 1, target)
  const entropy = op('Add', op('Mul', target, minusLogP), op('Mul', otherwise, minusLogN))
  let likelihood = op('Neg', entropy)
  let gradient: string
  if (gamma === 0) {
    gradient = op('Sub', op('Sigmoid', logits), target)
  } else {
    // p and 1 - p are computed from their logarithms, so that neither loses precision when it is small.
    const p = op('Exp', op('Neg', minusLogP))
    const n = op('Exp', op('Neg', minusLogN))
    const [up, down] = [op('Mul', target, n), op('Mul', otherwise, p)]
    const wrong = op('Max', op('Add', up, down), 1e-30)
    const focus = op('Pow', wrong, gamma)
    likelihood = op('Mul', likelihood, focus)
    // The derivative of the focus uses p(1 - p) / q, which is at most 1, instead of q^(γ - 1), which has no bound.
    const spread = op('Mul', op('Div', op('Mul', p, n), wrong), op('Sub', otherwise, target))
    const throughFocus = op('Mul', op('Mul', entropy, spread), gamma)
    gradient = op('Mul', focus, op('Add', op('Sub', down, up), throughFocus))
  }
  if (weights === null) return { likelihood, gradient }
  return { likelihood: op('Mul', likelihood, weights), gradient: op('Mul', gradient, weights) }
}

/** Adds the divergence from the teacher to the parts of a loss. */
function distil(
  g: StepBuilder,
  op: Arithmetic,
  hard: Parts,
  logits: string,
  teacher: string,
  { temperature, weight }: Distillation,
): Parts {
  const logSoftmax = (value: string) =>
    g.node('LogSoftmax', [op('Mul', value, 1 / temperature)], { axis: { int: 1 } })
  const [logP, logQ] = [logSoftmax(teacher), logSoftmax(logits)]
  const p = op('Exp', logP)
  const blend = (own: string, taught: string, scale: number) =>
    op('Add', op('Mul', own, 1 - weight), op('Mul', taught, weight * scale))
  return {
    likelihood: blend(hard.likelihood, op('Mul', p, op('Sub', logQ, logP)), temperature ** 2),
    // The factor is temperature² / temperature: the derivative of (logits / temperature) divides once.
    gradient: blend(hard.gradient, op('Sub', op('Exp', logQ), p), temperature),
  }
}

function assertLossOptions(options: LossOptions, classes: number): void {
  const { kind = 'softmax', labelSmoothing = 0, classWeights, focalGamma = 0, distillation } = options
  assertOneOf('loss.kind', kind, ['softmax', 'sigmoid'])
  assertInRange('labelSmoothing', labelSmoothing, 0, 1 - Number.EPSILON)
  if (classWeights && classWeights.length !== classes) {
    throw new EscError(
      'INVALID_OPTION',
      `classWeights has ${classWeights.length} factors; it must have one for each of the ${classes} classes`,
    )
  }
  classWeights?.forEach((weight, i) => {
    assertNotNegative(`classWeights[${i}]`, weight)
  })
  assertNotNegative('focalGamma', focalGamma)
  if (!distillation) return
  assertPositive('distillation.temperature', distillation.temperature)
  assertInRange('distillation.weight', distillation.weight, 0, 1)
  if (kind === 'sigmoid') {
    throw new EscError(
      'INVALID_OPTION',
      "distillation needs kind='softmax': it compares probabilities over all classes",
    )
  }
}

function assertNotNegative(name: string, value: number): void {
  if (!(value >= 0 && value < Number.POSITIVE_INFINITY)) {
    throw new EscError('INVALID_OPTION', `${name}=${value} must be a finite number >= 0`)
  }
}
