/** `linearProbe`: a linear model of simple statistics, which every network should beat. */
import {
  asOptions,
  assertCallback,
  assertInteger,
  assertKnown,
  assertPositive,
  assertSignal,
  EscError,
  type FeatureSet,
  type InputShape,
  type NetworkGraph,
  type Normalizer,
  type TrainedModel,
} from '@esc/core'
import { savableRecipe, untrainedModel } from '../training/prepare.js'
import { classWeightList } from '../training/resolve-options.js'
import { inputShapeOf, partsOf } from '../training/survey.js'
import type { TrainEvent, TrainingSplit, TrainLoss } from '../training/train-options.js'
import { minimize } from './minimize.js'
import { softmaxObjective } from './softmax-regression.js'
import { fitScaler, readStatistics, type Scaler } from './statistics.js'

/** Options of {@link linearProbe}. */
export interface LinearProbeOptions {
  /**
   * Inverse strength of the L2 penalty: `w·w / 2 + C · Σ loss` is minimised. Smaller values give smaller weights.
   * @defaultValue `1`, as in scikit-learn
   */
  C?: number | undefined
  /** Weight of each class, as `loss.classWeights` of `fit`. @defaultValue `null`: every class has weight 1 */
  classWeights?: TrainLoss['classWeights']
  /**
   * It has converged when no value of the objective's gradient is larger. The objective is divided by `C` and by the number of
   * examples. @defaultValue `1e-8`
   */
  tolerance?: number | undefined
  /** Most Newton steps; some ten are usual. @defaultValue `100` */
  maxIterations?: number | undefined
  /** Has no effect, because nothing is random. It is known so that a probe can stand where `fit` stands. @defaultValue none */
  seed?: number | undefined
  /** Aborting it stops the work before the next step. @defaultValue none */
  signal?: AbortSignal | undefined
  /** Gets a `warning` if a class has no training example. @defaultValue none */
  onEvent?: ((event: TrainEvent) => void) | undefined
}

const optionNames: Record<keyof LinearProbeOptions, true> = {
  C: true,
  classWeights: true,
  tolerance: true,
  maxIterations: true,
  seed: true,
  signal: true,
  onEvent: true,
}

/**
 * The logit of a class without training examples. The logits of the others sum to 0, so the largest of them is >= 0, and the class
 * scores less than e⁻²⁰ = 2e-9.
 */
const absentLogit = -20

/**
 * Fits a linear probe: softmax regression on mean and standard deviation over time of each feature bin. It is the bar for networks: one
 * that does not beat it has learnt nothing that simple statistics do not tell.
 *
 * It is a fitter like `fit`, and its result is a model like any other: it can be evaluated, exported and quantised. The numbers are
 * those of `make_pipeline(StandardScaler(), LogisticRegression(C=C, multi_class='multinomial'))` of scikit-learn, fitted to
 * convergence on the 2 · bins statistics of each training example. Every window of a clip is an example. Augmentation is not used. If
 * examples have targets of their own (soft labels), their cross-entropy is minimised.
 *
 * Differs from scikit-learn: two classes have the multinomial form, too, where `LogisticRegression` by itself takes the binary one. A
 * class without training examples keeps its output, with a score below 2e-9.
 *
 * @param network - Not used. It stands here so that `linearProbe` can stand where `fit` stands; `null` will do.
 * @param set - The result of `extractFeatures`, `openFeatures` or `featureSet`.
 * @param split - Only its part `train` is read; no part decides when to stop.
 * @returns A model whose network is StatsPool and Dense. Its history is empty.
 * @throws EscError INVALID_OPTION naming an option that is unknown or out of range; INVALID_INPUT if the set and the split do not fit
 *   each other, a feature is not finite (the message names the example), or only one class has training examples; DIVERGED if it does
 *   not converge within `maxIterations`; the signal's reason.
 * @see Alain & Bengio 2016, Understanding intermediate layers using linear classifier probes.
 * @example const bar = await linearProbe(null, features, split)
 */
export async function linearProbe(
  network: unknown,
  set: FeatureSet,
  split: TrainingSplit,
  options: LinearProbeOptions = {},
): Promise<TrainedModel> {
  void network
  assertKnown('linearProbe', asOptions('linearProbe', options), optionNames)
  const {
    C = 1,
    classWeights = null,
    tolerance = 1e-8,
    maxIterations = 100,
    seed = 0,
    signal,
    onEvent,
  } = options
  assertPositive('C', C)
  assertPositive('tolerance', tolerance)
  assertInteger('maxIterations', maxIterations, 1)
  assertInteger('seed', seed, 0)
  assertSignal(signal)
  assertCallback('onEvent', onEvent)
  signal?.throwIfAborted()
  const parts = partsOf(set, split)
  const { labels } = set
  const weights = classWeightList('classWeights', classWeights, labels.length)
  const recipe = savableRecipe(set)
  const shape = await inputShapeOf(set, parts)
  const { values, targets, normalizer } = await readStatistics(set, parts.train, shape, signal)
  const present = presentClasses(targets, labels, onEvent)
  const scaler = fitScaler(values, 2 * shape[1])
  const width = 2 * shape[1] + 1
  const { point, converged, gradientNorm, iterations } = await minimize(
    softmaxObjective({
      ...{ x: standardized(values, scaler), width, C },
      ...{ targets: weighted(targets, labels.length, present, weights), classes: present.length },
    }),
    { tolerance, maxIterations, signal },
  )
  if (!converged) {
    const found = `the linear probe did not converge: after ${iterations} steps the gradient is ${gradientNorm.toPrecision(2)}`
    throw new EscError(
      'DIVERGED',
      `${found}, and tolerance=${tolerance}; raise maxIterations or tolerance, or lower C=${C}`,
    )
  }
  const dense = denseWeights(point, present, labels.length, scaler, normalizer)
  return untrainedModel(probeGraph(shape, dense), set, { recipe, normalizer, activation: 'softmax' })
}

/** Indices of the classes that examples belong to. */
function presentClasses(
  targets: Float64Array,
  labels: readonly string[],
  onEvent: LinearProbeOptions['onEvent'],
): number[] {
  const present: number[] = []
  const absent: string[] = []
  for (const [label, name] of labels.entries()) {
    const isPresent = targets.some((value, i) => i % labels.length === label && value > 0)
    if (isPresent) present.push(label)
    else absent.push(`'${name}'`)
  }
  if (present.length < 2) {
    const found = `the training part has examples of one class only, '${labels[present[0]!]}'`
    throw new EscError('INVALID_INPUT', `${found}; a linear probe needs two classes or more`)
  }
  if (absent.length > 0) {
    const message = `no training example belongs to ${absent.join(', ')}: the model never predicts that`
    onEvent?.({ type: 'warning', message })
  }
  return present
}

/** [examples, classes] → [examples, present classes], each value times the weight of its class. */
function weighted(
  targets: Float64Array,
  classes: number,
  present: readonly number[],
  weights: readonly number[] | null,
): Float64Array {
  return Float64Array.from({ length: (targets.length / classes) * present.length }, (_, i) => {
    const label = present[i % present.length]!
    return targets[Math.floor(i / present.length) * classes + label]! * (weights?.[label] ?? 1)
  })
}

/** Standardised values, and a column of ones behind them. */
function standardized(values: Float64Array, { mean, scale }: Scaler): Float64Array {
  const columns = mean.length
  const x = new Float64Array((values.length / columns) * (columns + 1)).fill(1)
  for (let i = 0; i < values.length; i++) {
    const column = i % columns
    x[Math.floor(i / columns) * (columns + 1) + column] = (values[i]! - mean[column]!) / scale[column]!
  }
  return x
}

/**
 * The weights for statistics of normalised features. A mean over time `m` of a bin is `m' · std + mean` of the normaliser, a deviation is
 * `d' · std`; both scalers together are one linear map, so they are folded into the weights.
 *
 * @param point - [present classes, 2 · bins + 1], weights of standardised statistics and the intercept.
 */
function denseWeights(
  point: Float64Array,
  present: readonly number[],
  classes: number,
  { mean, scale }: Scaler,
  normalizer: Normalizer,
): { kernel: Float32Array; bias: Float32Array } {
  const columns = mean.length
  const bins = columns / 2
  const kernel = new Float32Array(classes * columns)
  const bias = new Float32Array(classes).fill(absentLogit)
  for (const [k, label] of present.entries()) {
    let shift = point[k * (columns + 1) + columns]!
    for (let column = 0; column < columns; column++) {
      const bin = column % bins
      const weight = point[k * (columns + 1) + column]! / scale[column]!
      kernel[label * columns + column] = weight * normalizer.std[bin]!
      shift += weight * ((column < bins ? normalizer.mean[bin]! : 0) - mean[column]!)
    }
    bias[label] = shift
  }
  return { kernel, bias }
}

function probeGraph(
  shape: InputShape,
  { kernel, bias }: { kernel: Float32Array; bias: Float32Array },
): NetworkGraph {
  const classes = bias.length
  const weights = {
    kernel: { shape: [classes, kernel.length / classes], data: kernel },
    bias: { shape: [classes], data: bias },
  }
  return {
    name: 'linear-probe',
    input: { name: 'input', shape },
    nodes: [
      { op: 'StatsPool', name: 'statistics', inputs: ['input'], attributes: {}, weights: {} },
      { op: 'Dense', name: 'dense', inputs: ['statistics'], attributes: {}, weights },
    ],
    output: 'dense',
  }
}
