/** Training that goes on from a trained model, on the same labels or on others. */
import {
  assertTrainedModel,
  createRng,
  type DenseNode,
  EscError,
  type FeatureRecipe,
  type FeatureSet,
  hasField,
  type NetworkGraph,
  type TrainedModel,
  typeOf,
} from '@esc/core'
import { parseRecipe } from '@esc/core/recipe'
import { drawn } from '../network/layer-parts.js'
import { canonicalJson } from './checkpoint/digest.js'

/** Whether it is a trained model, and neither a network nor a function. */
export function isTrainedModel(value: unknown): value is TrainedModel {
  return typeOf(value) === 'object' && hasField(value, 'graph') && !hasField(value, 'nodes')
}

/**
 * The network with which training goes on. If the set has other labels, the last Dense layer is made anew, and all other weights are kept.
 *
 * @param seed - Of the new layer's weights.
 * @returns `warning` is `null` if the labels are the same.
 * @throws EscError INVALID_INPUT if the model is inconsistent; INCOMPATIBLE_MODEL saying what differs if the set has another recipe, or if
 *   the labels differ and the network does not end in a Dense layer.
 */
export function startFromModel(
  model: TrainedModel,
  set: FeatureSet,
  seed: number,
): { graph: NetworkGraph; warning: string | null } {
  assertTrainedModel(model)
  assertSameRecipe(model.recipe, set.recipe ? parseRecipe(set.recipe) : null)
  const { graph, labels } = model
  if (canonicalJson(labels) === canonicalJson(set.labels)) return { graph, warning: null }
  const head = headOf(graph)
  const units = set.labels.length
  const weights = drawn([units, head.weights.kernel.shape[1]!], createRng(seed).fork(`new head ${head.name}`))
  const nodes = graph.nodes.map((node) => (node === head ? { ...head, weights } : node))
  return {
    graph: { ...graph, nodes },
    warning:
      `the set has other labels than the model (${shortList(set.labels)}; not ${shortList(labels)}): ` +
      `layer '${head.name}' starts anew with ${units} outputs, all other weights are kept`,
  }
}

/** @throws EscError INCOMPATIBLE_MODEL if the network does not end in a Dense layer. */
function headOf({ nodes, output }: NetworkGraph): DenseNode {
  const last = nodes.find(({ name }) => name === output)!
  if (last.op === 'Dense') return last
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `the set has other labels than the model, whose network ends in '${last.name}' (${last.op}); only a Dense layer can be made anew`,
  )
}

/** @throws EscError INCOMPATIBLE_MODEL naming the parameters that differ. */
function assertSameRecipe(ours: FeatureRecipe | null, theirs: FeatureRecipe | null): void {
  if (canonicalJson(ours) === canonicalJson(theirs)) return
  const [model, given] = [ours, theirs].map((recipe) => (recipe ?? {}) as Readonly<Record<string, unknown>>)
  const keys = [...new Set([...Object.keys(model!), ...Object.keys(given!)])]
  const text = (value: unknown) => (value === undefined ? 'not there' : canonicalJson(value))
  const differences = keys
    .filter((key) => text(model![key]) !== text(given![key]))
    .map((key) => `${key} is ${text(model![key])} in the model, ${text(given![key])} in the set`)
  const what = ours && theirs ? differences.join('; ') : `the ${ours ? 'set' : 'model'} has none`
  throw new EscError(
    'INCOMPATIBLE_MODEL',
    `the set must have the model's recipe: ${what}; extract the features with model.recipe`,
  )
}

function shortList(labels: readonly string[]): string {
  return labels.length > 4
    ? `${labels.slice(0, 3).join(', ')} and ${labels.length - 3} more`
    : labels.join(', ')
}
