/** Trained networks → ONNX files that say what they are. */
import { assertInteger, assertKnown, assertTrainedModel, type TrainedModel } from '@esc/core'
import { lowerNetwork, type OnnxModel } from '@esc/onnx'

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** Standard operator set, 13 to 21. @defaultValue 17 */
  opset?: number | undefined
}

/**
 * A trained network as an ONNX model that takes features as its recipe makes them: the normaliser stands in front, BatchNorm is
 * folded, Dropout is gone. Labels, recipe, windows and activation are stored in the file (`metadata_props`).
 *
 * Input [N, 1, bins, frames] named as the graph's (`input`), output `logits` [N, classes].
 *
 * @throws EscError INVALID_INPUT if the model's parts do not fit each other; UNSUPPORTED_LAYER naming a node of an unknown kind;
 *   INVALID_OPTION if `opset` is out of range, or as `assertTrainedModel` of `@esc/core`.
 * @example await writeFile('model.onnx', writeModel(exportModel(model)))
 */
export function exportModel(model: TrainedModel, options: ExportOptions = {}): OnnxModel {
  assertKnown('exportModel', options, { opset: true })
  const { opset = 17 } = options
  assertInteger('opset', opset, 13, 21)
  assertTrainedModel(model)
  const { graph, labels, recipe, windows, normalizer, activation, dataset } = model
  return lowerNetwork(graph, {
    opset,
    normalizer,
    metadata: {
      architecture: graph.name,
      labels: JSON.stringify(labels),
      ...(recipe ? { recipe: JSON.stringify(recipe), windows: JSON.stringify(windows) } : {}),
      activation,
      ...(dataset ? { dataset: dataset.name, synthetic: String(dataset.synthetic) } : {}),
    },
  })
}
