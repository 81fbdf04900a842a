/** Exports a trained network as an ONNX model with its labels and recipe inside. */
import { assertInteger, assertKnown, assertTrainedModel, type TrainedModel } from '@esc/core'
import { lowerNetwork, type OnnxModel } from '@esc/onnx'

/** Options of {@link exportModel}. */
export interface ExportOptions {
  /** Version of ONNX's standard operator set, 13 to 21. A runtime must know it. @defaultValue `17` */
  opset?: number | undefined
}

/**
 * A trained network as an ONNX model. The model takes features as the recipe makes them: the normaliser is its first part.
 * BatchNorm is folded into the layer before it, and Dropout is left out. Labels, recipe, windows and activation are stored in
 * the file (`metadata_props`).
 *
 * Its input has the name of the graph's input (`input`) and the shape [N, 1, bins, frames]. Its output is `logits`
 * [N, classes].
 *
 * @throws EscError INVALID_INPUT if the model's parts do not fit each other; UNSUPPORTED_LAYER naming a node of an unknown kind;
 *   INVALID_OPTION if `opset` is out of range; what `assertTrainedModel` of `@esc/core` throws.
 * @example await writeFile('model.onnx', writeModel(exportModel(model)))
 */
export function exportModel(model: TrainedModel, options: ExportOptions = {}): OnnxModel {
  assertKnown('exportModel', options, { opset: true })
  const { opset = 17 } = options
  assertInteger('opset', opset, 13, 21)
  assertTrainedModel(model)
  const { graph, labels, recipe, windows, normalizer, activation, temperature, dataset } = model
  return lowerNetwork(graph, {
    opset,
    normalizer,
    metadata: {
      architecture: graph.name,
      labels: JSON.stringify(labels),
      ...(recipe ? { recipe: JSON.stringify(recipe), windows: JSON.stringify(windows) } : {}),
      activation,
      temperature: String(temperature),
      ...(dataset ? { dataset: dataset.name, synthetic: String(dataset.synthetic) } : {}),
    },
  })
}
