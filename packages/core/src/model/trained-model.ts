/** A trained network with all that is needed to use it. */

import { assertOneOf } from '../check/options.js'
import { describeValue, hasField, shown, typeOf } from '../check/wrong-value.js'
import { EscError } from '../error.js'
import { type ClipWindows, resolveWindows } from '../features/clip-windows.js'
import { assertLabels, type DatasetOrigin } from '../features/feature-set.js'
import type { Normalizer } from '../features/normalizer.js'
import type { NetworkGraph } from '../network/graph.js'
import { assertGraph, classCount } from '../network/infer-shapes.js'
import type { FeatureRecipe } from '../recipe.js'
import type { Activation } from './activation.js'

/** Figures of one pass over the training examples: the same for the same seed on the same machine. */
export interface EpochRecord {
  /** From 1. */
  epoch: number
  /**
   * Means over the epoch's steps, each with the weights it started from, with dropout and on what augmentation made. A
   * mixed example counts as right where its largest class is predicted.
   */
  trainLoss: number
  trainAccuracy: number
  /**
   * After the epoch, without dropout; `null` if there are no validation examples. The loss is plain cross-entropy (with a
   * sigmoid loss: binary cross-entropy, the mean over clips and classes), without smoothing, weights or a teacher, so that runs
   * can be compared.
   */
  validationLoss: number | null
  validationAccuracy: number | null
  /** That of the epoch's first step. */
  learningRate: number
}

/** A trained network, what goes in, what comes out, and how it came about: plain data. */
export interface TrainedModel {
  /** Reads features that the normaliser was applied to. */
  graph: NetworkGraph
  /** Label of each output, in order. */
  labels: readonly string[]
  /** From a clip to features; `null` if the model takes features only. */
  recipe: FeatureRecipe | null
  /** Statistics of the training part; `null` if the network reads features as the recipe makes them. */
  normalizer: Normalizer | null
  /** What turns logits into scores. */
  activation: Activation
  /** How a clip of any length is cut into what the network reads; `null` where there is no recipe. */
  windows: ClipWindows | null
  /** Where the training clips are from; `null` if it is not known. */
  dataset: DatasetOrigin | null
  /** One record for each epoch; empty if the network was not trained here. */
  history: readonly EpochRecord[]
  /** The epoch whose weights these are, from 1: the one with the lowest validation loss, or the last one; 0 without a history. */
  bestEpoch: number
  /** Whether training ended because the validation loss no longer fell. */
  stoppedEarly: boolean
}

/**
 * Checks that the parts of a model fit each other.
 *
 * @throws EscError INVALID_INPUT naming the part that does not fit, and what to; INVALID_OPTION if the labels are not different texts,
 *   or activation or windows are out of range; what `inferShapes` throws of a broken graph.
 * @example assertTrainedModel(model)
 */
export function assertTrainedModel(model: TrainedModel): void {
  const refused = (what: string) => new EscError('INVALID_INPUT', `the model's parts do not fit: ${what}`)
  const noModel = (what: string) =>
    new EscError('INVALID_INPUT', `the model ${what}; a trained model is what fit or loadModel return`)
  if (!hasField(model, 'graph') && !hasField(model, 'labels')) {
    throw noModel(`${typeOf(model) === 'object' ? 'has no graph: it is' : 'is'} ${describeValue(model)}`)
  }
  const { graph, labels, recipe, normalizer, activation, windows } = model
  if (graph === undefined) throw noModel('has no graph')
  assertGraph('model.graph', graph)
  const classes = classCount(graph)
  assertLabels('model.labels', labels)
  assertOneOf('model.activation', activation, ['softmax', 'sigmoid'])
  const { history, bestEpoch } = model
  if (
    !Array.isArray(history) ||
    !(Number.isInteger(bestEpoch) && bestEpoch >= 0 && bestEpoch <= history.length)
  ) {
    if (!Array.isArray(history)) throw refused(`history is ${describeValue(history)}, not a list`)
    throw refused(`bestEpoch=${shown(bestEpoch)} is none of the history's ${history.length} epochs`)
  }
  for (const record of history) {
    if (typeOf(record) !== 'object') throw refused(`a record of the history is ${describeValue(record)}`)
    const { epoch, trainLoss, trainAccuracy, validationLoss, validationAccuracy, learningRate } = record
    const figures = { trainLoss, trainAccuracy, validationLoss, validationAccuracy, learningRate }
    const odd = Object.entries(figures).find(([name, value]) => {
      return !(Number.isFinite(value) || (value === null && name.startsWith('validation')))
    })
    if (odd) throw refused(`${odd[0]}=${shown(odd[1])} in epoch ${shown(epoch)} of the history`)
  }
  if (labels.length !== classes) throw refused(`${labels.length} labels for ${classes} outputs`)
  const [channels, bins] = graph.input.shape
  if (normalizer) {
    const { mean, std } = normalizer
    if (!Array.isArray(mean) || !Array.isArray(std) || mean.length !== bins || std.length !== bins) {
      throw refused(`a normalizer of ${mean?.length} bins for a network that reads ${bins}`)
    }
    // In the ONNX files they are float32.
    const isUsable =
      std.every((value) => Math.fround(value) > 0) &&
      [...mean, ...std].every((value) => Number.isFinite(Math.fround(value)))
    if (!isUsable) throw refused('a normalizer with a std that is not > 0, or a value that is not finite')
  }
  if (!recipe) {
    if (windows) throw refused('windows without a recipe, which would make their features')
    return
  }
  const made = recipe.mfcc?.nMfcc ?? recipe.mel?.nMels
  if (channels !== 1 || made !== bins) {
    throw refused(`a recipe of ${made} bins for a network that reads [${graph.input.shape}]`)
  }
  if (!windows) throw refused('a recipe without windows, which say how long the clips are')
  resolveWindows(windows)
}
