/** Converts LayersModels of tfjs to networks, to train them here or to export them to ONNX. */
import { EscError, hasField, inferShapes, type NetworkGraph, wrongValue } from '@esc/core'
import type * as tf from '@tensorflow/tfjs'
import { ChainReader, unsupported } from './chain-reader.js'

/**
 * Converts a LayersModel of tfjs to a network with the same outputs.
 *
 * The model must be a chain. Its layers may be Conv2D, DepthwiseConv2D, SeparableConv2D, BatchNormalization, LayerNormalization of
 * vectors, MaxPooling2D, AveragePooling2D, GlobalMaxPooling2D, GlobalAveragePooling2D, Dropout, Flatten and Dense, with the
 * activations ReLU, ReLU6, LeakyReLU, sigmoid, tanh and swish. A Softmax at the end is left out, because a network ends in logits. If
 * the model flattens an image channel-last, the columns of the next Dense layer are put into channel-first order, so that the outputs
 * stay the same.
 *
 * @param model - A model with the input [N, bins, frames, channels].
 * @throws EscError UNSUPPORTED_LAYER naming the first layer that cannot be converted, and why; INVALID_INPUT if a network cannot have
 *   the shapes of a layer (Dense of an image).
 * @example await writeFile('model.onnx', writeModel(lowerNetwork(await fromLayersModel(model))))
 */
export async function fromLayersModel(model: tf.LayersModel): Promise<NetworkGraph> {
  if (!hasField(model, 'layers') || !Array.isArray(model.inputs) || !Array.isArray(model.outputs)) {
    throw wrongValue('model', model, 'a tf.LayersModel', {
      advice: { 'a network': 'it needs no conversion' },
    })
  }
  const [, bins, frames, channels] = model.inputs[0]!.shape
  if (model.inputs.length !== 1 || model.outputs.length !== 1 || !bins || !frames || !channels) {
    throw new EscError(
      'UNSUPPORTED_LAYER',
      `model '${model.name}' needs one input [N, bins, frames, channels] and one output`,
    )
  }
  const chain = new ChainReader(model.name, [channels, bins, frames])
  for (const layer of model.layers) {
    const feeds = layer.inboundNodes
    if (feeds.length !== 1 || feeds[0]!.inboundLayers.length > 1 || layer.outboundNodes.length > 1) {
      throw unsupported(layer, 'branches or is used twice; only chains of layers can be converted')
    }
    await chain.add(layer)
  }
  const graph = chain.finish()
  inferShapes(graph)
  return graph
}
