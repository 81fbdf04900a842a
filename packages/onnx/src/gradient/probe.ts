/** A model that shows the output of every layer in a training step, to find the layer where numbers go wrong. */
import { assertGraph, classCount, inferShapes, type NetworkGraph } from '@esc/core'
import type { OnnxModel } from '../model.js'
import { writeForward } from './forward.js'
import { frozenLayers } from './frozen.js'
import { writeLoss } from './loss.js'
import { createStepBuilder } from './step-builder.js'
import { assertStepOptions, type StepOptions } from './step-options.js'

/**
 * The forward pass of a training step as an ONNX model whose outputs are the outputs of all layers.
 *
 * Inputs: those of `buildGradientModel`. Outputs: `layer/node` [N, …] for each node, and `loss` (scalar).
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule; INVALID_OPTION naming an option that is
 *   unknown, or a constant of the loss that is out of range.
 * @example const session = await ortRuntime.createSession(writeModel(buildProbeModel(graph)))
 */
export function buildProbeModel(
  graph: NetworkGraph,
  options: Pick<StepOptions, 'loss' | 'frozen'> = {},
): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildProbeModel', options, { loss: true, frozen: true })
  const { loss } = options
  const frozen = frozenLayers(graph, options.frozen)
  const shapes = inferShapes(graph)
  const g = createStepBuilder(`${graph.name} layers`)
  const forward = writeForward(g, graph, graph.nodes, { frozen, blocking: null })
  for (const { name } of graph.nodes) {
    g.nodeWithOutputs('Identity', [forward.get(name)!.output], [`layer/${name}`])
    g.output({ name: `layer/${name}`, type: 'float32', dims: ['N', ...shapes.get(name)!] })
  }
  writeLoss(g, `layer/${graph.output}`, classCount(graph), loss)
  return g.build()
}
