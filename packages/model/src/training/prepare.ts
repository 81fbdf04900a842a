/** What happens once before the first epoch: the network is built, and the examples are checked. */
import {
  assertGraph,
  assertTrainedModel,
  classCount,
  describeValue,
  EscError,
  type FeatureRecipe,
  type FeatureSet,
  hasField,
  type NetworkGraph,
  type TrainedModel,
  typeOf,
  wrongValue,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { framesOfWindow, windowsOfClips } from '@esc/dsp'
import { frozenLayers } from '@esc/onnx'
import type { Network } from '../network/network.js'
import type { ResolvedOptions } from './resolve-options.js'
import { isTrainedModel, startFromModel } from './start-from-model.js'
import { inputShapeOf, surveyExamples, type TrainingParts, warningOf } from './survey.js'
import type { TrainingStart } from './train-options.js'

/** A training that is ready for its first epoch. */
export interface PreparedTraining {
  /** The network with its initial weights. */
  graph: NetworkGraph
  /** The model, still untrained. */
  model: TrainedModel
  /** Digests of both parts, for checkpoints; `null` if no checkpoint is kept. */
  digests: { train: string; validation: string } | null
  /** Texts of warnings. */
  warnings: readonly string[]
}

/**
 * Builds the network and the untrained model, and checks that network, set and recipe fit each other.
 *
 * @throws EscError INVALID_INPUT saying what does not fit; INCOMPATIBLE_MODEL as {@link startFromModel}; the signal's reason.
 */
export async function prepareTraining(
  network: TrainingStart,
  set: FeatureSet,
  parts: TrainingParts,
  options: ResolvedOptions,
): Promise<PreparedTraining> {
  const { seed, normalize, loss, checkpoint, signal } = options
  const { labels } = set
  const recipe = savableRecipe(set)
  const earlier = isTrainedModel(network) ? network : null
  const start = earlier && startFromModel(earlier, set, seed)
  const graph = start?.graph ?? (await buildNetwork(network as Network, set, parts, seed))
  const classes = classCount(graph)
  frozenLayers(graph, options.frozen)
  if (classes !== labels.length) {
    throw new EscError('INVALID_INPUT', `the network has ${classes} outputs, the set ${labels.length} labels`)
  }
  const shape = graph.input.shape
  const { statistics, digests } = await surveyExamples(set, parts, {
    ...{ shape, classes, signal },
    kind: loss.kind,
    withDigests: checkpoint !== undefined,
  })
  const model = untrainedModel(graph, set, {
    recipe,
    // An earlier model's weights belong to its normaliser.
    normalizer: earlier ? earlier.normalizer : normalize === null ? null : statistics,
    activation: loss.kind ?? 'softmax',
  })
  const warning = normalize === null ? warningOf(statistics) : null
  const warnings = [start?.warning ?? null, warning].filter((text) => text !== null)
  return { graph, model, digests, warnings }
}

/**
 * The set's recipe. One that could not be saved is refused now, not after hours of training.
 *
 * @throws EscError INVALID_OPTION naming the field that is wrong.
 */
export function savableRecipe({ recipe }: FeatureSet): FeatureRecipe | null {
  return recipe ? parseRecipe(recipe) : null
}

/**
 * A model of a set's features, without a history.
 *
 * @throws EscError INVALID_INPUT if network, set and recipe do not fit each other.
 */
export function untrainedModel(
  graph: NetworkGraph,
  { labels, windows, dataset }: FeatureSet,
  { recipe, normalizer, activation }: Pick<TrainedModel, 'recipe' | 'normalizer' | 'activation'>,
): TrainedModel {
  const frames = graph.input.shape[2]
  if (recipe && windows && framesOfWindow(recipe, windows) !== frames) {
    const made = framesOfWindow(recipe, windows)
    throw new EscError('INVALID_INPUT', `the set's windows make ${made} frames; the features have ${frames}`)
  }
  const model: TrainedModel = {
    graph,
    labels: [...labels],
    recipe,
    normalizer,
    activation,
    temperature: 1,
    windows: recipe && (windows ?? windowsOfClips(recipe, frames)),
    dataset: dataset ?? null,
    history: [],
    bestEpoch: 0,
    stoppedEarly: false,
  }
  assertTrainedModel(model)
  return model
}

async function buildNetwork(
  network: Network,
  set: FeatureSet,
  parts: TrainingParts,
  seed: number,
): Promise<NetworkGraph> {
  if (typeof network !== 'function') {
    if (typeOf(network) === 'object') return checkedGraph('network is', network)
    throw wrongValue(
      'network',
      network,
      'a NetworkGraph, a trained model, or a function that returns a network, such as melCnn',
    )
  }
  const [, bins, frames] = await inputShapeOf(set, parts)
  const made = network({ bins, frames, classes: set.labels.length, seed })
  return checkedGraph("the network's function returned", made)
}

function checkedGraph(what: string, graph: NetworkGraph): NetworkGraph {
  const isModel = hasField(graph, 'graph') && !hasField(graph, 'nodes')
  if (typeOf(graph) === 'object' && !isModel) {
    assertGraph('network', graph)
    return graph
  }
  const advice = isModel ? '; pass model.graph to go on from its weights' : ''
  const found = isModel ? 'a trained model' : describeValue(graph)
  throw new EscError('INVALID_INPUT', `${what} no NetworkGraph: it is ${found}${advice}`)
}
