/** Finds where the numbers of a training step stop being finite. */
import { type NetworkGraph, namedWeights } from '@esc/core'
import { buildProbeModel, floatData } from '@esc/onnx'
import type { MaskedBatch } from '../engine/dropout.js'
import type { Values } from '../engine/values.js'
import { batchFeeds, type OrtCoreOptions, openSession } from './session.js'

/**
 * Looks at the weights, the input, the layers' outputs in order, and the loss. Returns a name of the first one that is not finite;
 * `null` if all are finite.
 *
 * @param values - Values before the step.
 */
export async function findNonFinite(
  graph: NetworkGraph,
  options: OrtCoreOptions,
  values: Values,
  batch: MaskedBatch,
): Promise<string | null> {
  const weights = namedWeights(graph).map(({ name }) => name)
  const broken = weights.find((name) => !allFinite(values[name]!.data))
  if (broken !== undefined) return `weight '${broken}'`
  if (!allFinite(batch.input.data as Float32Array)) return 'input'
  const session = await openSession(
    options,
    buildProbeModel(graph, { loss: options.loss, frozen: options.frozen }),
  )
  try {
    const feeds = Object.fromEntries(weights.map((name) => [name, values[name]!]))
    const outputs = await session.run({ ...feeds, ...batchFeeds(graph, batch) })
    const layer = graph.nodes.find(({ name }) => !allFinite(floatData(outputs, `layer/${name}`)))
    if (layer) return `layer '${layer.name}'`
    return allFinite(floatData(outputs, 'loss')) ? null : 'loss'
  } finally {
    await session.release()
  }
}

function allFinite(values: Float32Array): boolean {
  return values.every(Number.isFinite)
}
