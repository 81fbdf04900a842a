/** A trained network with everything that is needed to use it, and its check. */

import { assertOneOf, assertPositive } from '../check/options.js'
import { describeValue, hasField, shown, typeOf } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import { assertLabels } from '../features/check-set.js'
import { type ClipWindows, resolveWindows } from '../features/clip-windows.js'
import type { DatasetOrigin } from '../features/feature-set.js'
import type { Normalizer } from '../features/normalizer.js'
import type { NetworkGraph } from '../network/graph.js'
import { assertGraph, classCount } from '../network/infer-shapes.js'
import type { FeatureRecipe } from '../recipe.js'
import type { Activation } from './activation.js'

/** Results of one pass over the training examples. The same seed on the same machine gives the same results. */
export interface EpochRecord {
  /** From 1. */
  epoch: number
  /**
   * Means over the epoch's steps. Each step counts with the weights that it started from, with dropout, and with augmented
   * examples. A mixed example counts as right if its largest class is predicted.
   */
  trainLoss: number
  trainAccuracy: number
  /**
   * Loss and accuracy of the validation examples after the epoch, without dropout; `null` if there are no validation examples. The
   * loss is plain cross-entropy, or with a sigmoid loss the mean binary cross-entropy over clips and classes. It has no smoothing,
   * no class weights and no teacher, so that runs can be compared.
   */
  validationLoss: number | null
  validationAccuracy: number | null
  /** The learning rate of the epoch's first step. */
  learningRate: number
}

/** A trained network, its input and output, and how it was trained. All of it is plain data. */
export interface TrainedModel {
  /** The network. It reads features that the normaliser was applied to. */
  graph: NetworkGraph
  /** Label of each output, in order. */
  labels: readonly string[]
  /** The steps from a clip to features; `null` if the model takes features, not clips. */
  recipe: FeatureRecipe | null
  /** Means and deviations of the training part; `null` if the network reads features as the recipe makes them. */
  normalizer: Normalizer | null
  /** The function that turns logits into scores. */
  activation: Activation
  /**
   * The logits are divided by this number > 0 before they become scores; 1 leaves them as they are. `withTemperature` of
   * `@esc/model` chooses it such that scores say how often a label is right.
   */
  temperature: number
  /** How a clip of any length is cut into inputs of the network; `null` if there is no recipe. */
  windows: ClipWindows | null
  /** The data set that the training clips come from; `null` if it is not known. */
  dataset: DatasetOrigin | null
  /** One record for each epoch; empty if the network was not trained here. */
  history: readonly EpochRecord[]
  /**
   * The epoch that the weights are from, from 1: the epoch with the best validation, or the last one; 0 without a history.
   */
  bestEpoch: number
  /** Whether training ended because validation no longer improved. */
  stoppedEarly: boolean
}

const misfit = (what: string) => new EscError('INVALID_INPUT', `the model's parts do not fit: ${what}`)
const noModel = (what: string) =>
  new EscError('INVALID_INPUT', `the model ${what}; a trained model is what fit or loadModel return`)

/**
 * Checks that the parts of a model fit each other.
 *
 * @throws EscError INVALID_INPUT naming the part that does not fit, and the other part; INVALID_OPTION if the labels are not
 *   different texts, or if activation, temperature or windows are out of
 *   range; whatever `inferShapes` throws for a graph with mistakes.
 * @example assertTrainedModel(model)
 */
export function assertTrainedModel(model: TrainedModel): void {
  if (!hasField(model, 'graph') && !hasField(model, 'labels')) {
    throw noModel(`${typeOf(model) === 'object' ? 'has no graph: it is' : 'is'} ${describeValue(model)}`)
  }
  const { graph, labels, activation, temperature } = model
  if (graph === undefined) throw noModel('has no graph')
  assertGraph('model.graph', graph)
  const classes = classCount(graph)
  assertLabels('model.labels', labels)
  assertOneOf('model.activation', activation, ['softmax', 'sigmoid'])
  assertPositive('model.temperature', temperature)
  assertHistory(model)
  if (labels.length !== classes) throw misfit(`${labels.length} labels for ${classes} outputs`)
  assertNormalizerFits(model)
  assertRecipeFits(model)
}

function assertHistory({ history, bestEpoch }: TrainedModel): void {
  if (!Array.isArray(history)) throw misfit(`history is ${describeValue(history)}, not a list`)
  if (!(Number.isInteger(bestEpoch) && bestEpoch >= 0 && bestEpoch <= history.length)) {
    throw misfit(`bestEpoch=${shown(bestEpoch)} is not one of the history's ${history.length} epochs`)
  }
  for (const record of history) {
    if (typeOf(record) !== 'object') throw misfit(`a record of the history is ${describeValue(record)}`)
    const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, learningRate } = record
    const figures = { trainLoss, trainAccuracy, validationLoss, validationAccuracy, learningRate }
    const odd = Object.entries(figures).find(([name, value]) => {
      return !(Number.isFinite(value) || (value === null && name.startsWith('validation')))
    })
    if (odd) throw misfit(`${odd[0]}=${shown(odd[1])} in epoch ${shown(epoch)} of the history`)
  }
}

function assertNormalizerFits({ graph, normalizer }: TrainedModel): void {
  if (!normalizer) return
  const [, bins] = graph.input.shape
  const { mean, std } = normalizer
  if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== bins || std.length !== bins) {
    throw misfit(`a normalizer of ${mean?.length} bins for a network that reads ${bins}`)
  }
  // ONNX files hold these numbers as float32.
  const isUsable =
    std.every((value) => Math.fround(value) > 0) &&
    [...mean, ...std].every((value) => Number.isFinite(Math.fround(value)))
  if (!isUsable) throw misfit('a normalizer with a std that is not > 0, or a value that is not finite')
}

function assertRecipeFits({ graph, recipe, windows }: TrainedModel): void {
  if (!recipe) {
    if (windows) throw misfit('windows without a recipe; the features of windows are made with a recipe')
    return
  }
  const [channels, bins] = graph.input.shape
  const made = recipe.mfcc?.nMfcc ?? recipe.mel?.nMels
  if (channels !== 1 || made !== bins) {
    throw misfit(`a recipe of ${made} bins for a network that reads [${graph.input.shape}]`)
  }
  if (!windows) throw misfit('a recipe without windows, which say how long the clips are')
  resolveWindows(windows)
}
