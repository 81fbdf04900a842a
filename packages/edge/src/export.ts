/** Trained networks → ONNX files that say what they are. */
import type { FeatureRecipe, NetworkGraph, Normalizer } from '@esc/core'
import { lowerNetwork, type OnnxModel } from '@esc/onnx'

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** Label of each output, in order. */
  labels: readonly string[]
  recipe: FeatureRecipe
  /** Statistics of the training set; `null` if the network reads the recipe's features as they are. */
  normalizer: Normalizer | null
  /** True if the network was trained on clips made by a program. */
  synthetic?: boolean
  /** Standard operator set, 13 to 21 (default 17). */
  opset?: number
}

/**
 * The network as an ONNX model that takes features as the recipe makes them: the normaliser stands in front, BatchNorm is
 * folded, Dropout is gone. Labels and recipe are stored in the file (`metadata_props`), so that it can be used alone.
 *
 * Input `input` [N, 1, bins, frames], output `logits` [N, classes].
 *
 * @throws EscError INVALID_INPUT if the graph is inconsistent or the normaliser has another number of bins.
 * @example await writeFile('model.onnx', writeModel(exportModel(graph, { labels, recipe: mfcc13, normalizer })))
 */
export function exportModel(graph: NetworkGraph, options: ExportOptions): OnnxModel {
  const { labels, recipe, normalizer, synthetic = false, opset = 17 } = options
  return lowerNetwork(graph, {
    opset,
    normalizer,
    metadata: {
      architecture: graph.name,
      labels: JSON.stringify(labels),
      recipe: JSON.stringify(recipe),
      synthetic: String(synthetic),
    },
  })
}
