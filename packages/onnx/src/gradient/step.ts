/** Writes a network's whole training step — forward, loss, backward, optimiser update — as one ordinary ONNX graph. */
import { assertGraph, classCount, EscError, type NetworkGraph, namedWeights } from '@esc/core'
import type { OnnxModel } from '../model.js'
import { type LayerForward, writeForward } from './forward.js'
import { fuseNodes, type TrainingNode } from './fuse.js'
import { writeLoss } from './loss.js'
import { type WeightGradient, writeOptimizer } from './optimizer.js'
import { createStepBuilder, type StepBuilder } from './step-builder.js'
import { assertStepOptions, type StepOptions } from './step-options.js'

/**
 * The loss of a network and the gradient of every trainable weight, as an ONNX model.
 *
 * Inputs: the network's own ([N, channels, bins, frames]), `target` [N, classes] (rows of probabilities), `teacherLogits`
 * [N, classes] if the loss has `distillation`, every weight as `node.weight`, and `node.mask` for each Dropout (0 or
 * 1 / (1 - rate), with the shape of its input).
 * Outputs: `loss` (scalar), `logits` [N, classes], `gradient/node.weight` for each trainable weight, and
 * `next/node.weight` for BatchNorm's running averages.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule; INVALID_OPTION naming an option that is
 *   unknown, or a constant of the loss that is out of range.
 * @example const session = await ortRuntime.createSession(writeModel(buildGradientModel(graph)))
 */
export function buildGradientModel(
  graph: NetworkGraph,
  options: Pick<StepOptions, 'loss' | 'blocking'> = {},
): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildGradientModel', options, { loss: true, blocking: true })
  const g = createStepBuilder(`${graph.name} loss and gradients`)
  for (const { name, shape, gradient } of writeForwardAndBackward(g, graph, options)) {
    g.nodeWithOutputs('Identity', [gradient], [`gradient/${name}`])
    g.output({ name: `gradient/${name}`, type: 'float32', dims: shape })
  }
  return g.build()
}

/**
 * One training step, as an ONNX model.
 *
 * It has the inputs and outputs of {@link buildGradientModel} without the gradients, and those of the optimiser. The optimiser's
 * inputs are `learningRate` and {@link optimizerScalars} (scalars) and each of its arrays as `slot/node.weight`. Its outputs are
 * `next/node.weight` and `next/slot/node.weight`, which are the inputs of the following step.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule; INVALID_OPTION naming an option that is
 *   unknown, or a constant of the loss or the optimiser that is out of range.
 * @example const step = await ortRuntime.createSession(writeModel(buildTrainingModel(graph)))
 */
export function buildTrainingModel(graph: NetworkGraph, options: StepOptions = {}): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildTrainingModel', options, { loss: true, optimizer: true, blocking: true })
  const g = createStepBuilder(`${graph.name} training step`)
  writeOptimizer(g, writeForwardAndBackward(g, graph, options), options.optimizer)
  return g.build()
}

/**
 * Only the optimiser's part of a step, for gradients that come from several places.
 *
 * Inputs: every trainable weight as `node.weight`, its gradient as `gradient/node.weight`, and the inputs of the optimiser.
 * Outputs: the outputs `next/…` of {@link buildTrainingModel} for these weights.
 *
 * @throws EscError INVALID_OPTION naming an option that is unknown, or a constant that is out of range.
 * @example const update = await ortRuntime.createSession(writeModel(buildUpdateModel(graph)))
 */
export function buildUpdateModel(
  graph: NetworkGraph,
  options: Pick<StepOptions, 'optimizer'> = {},
): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildUpdateModel', options, { optimizer: true })
  const { optimizer } = options
  const g = createStepBuilder(`${graph.name} update`)
  const gradients = namedWeights(graph)
    .filter(({ trainable }) => trainable)
    .map(({ name, weight: { shape } }): WeightGradient => {
      g.input({ name, type: 'float32', dims: shape })
      return {
        name,
        shape,
        gradient: g.input({ name: `gradient/${name}`, type: 'float32', dims: shape }),
      }
    })
  writeOptimizer(g, gradients, optimizer)
  return g.build()
}

/** Writes forward pass, loss and backward pass. @returns The trainable weights with the names of their gradients. */
function writeForwardAndBackward(
  g: StepBuilder,
  graph: NetworkGraph,
  { loss, blocking }: StepOptions,
): WeightGradient[] {
  const classes = classCount(graph)
  const nodes = fuseNodes(graph)
  const blocks = blocking && blocking.channels > 1 ? blocking : null
  const forward = writeForward(g, graph, nodes, blocks)
  g.nodeWithOutputs('Identity', [forward.get(graph.output)!.output], ['logits'])
  const dLogits = writeLoss(g, 'logits', classes, loss)
  g.output({ name: 'logits', type: 'float32', dims: ['N', classes] })
  const gradients = writeBackward(g, nodes, graph, forward, dLogits)
  const updates = new Map(nodes.flatMap((node) => weightNames(node, forward.get(node.name)!.updates ?? {})))
  for (const { name, weight, trainable } of namedWeights(graph)) {
    if (trainable) continue
    g.nodeWithOutputs('Identity', [updates.get(name)!], [`next/${name}`])
    g.output({ name: `next/${name}`, type: 'float32', dims: weight.shape })
  }
  return namedWeights(graph)
    .filter(({ trainable }) => trainable)
    .map(({ name, weight }) => ({ name, shape: weight.shape, gradient: gradients.get(name)! }))
}

/** Writes the backward pass of every node, last node first. @returns Names of gradients by name of the weight. */
function writeBackward(
  g: StepBuilder,
  nodes: readonly TrainingNode[],
  graph: NetworkGraph,
  forward: ReadonlyMap<string, LayerForward>,
  dLogits: string,
): Map<string, string> {
  const gradients = new Map<string, string>()
  // If several nodes read a value, its gradient is the sum of the gradients that come back from them.
  const incoming = new Map<string, string>([[graph.output, dLogits]])
  for (const node of [...nodes].reverse()) {
    const dOutput = incoming.get(node.name)
    if (dOutput === undefined) {
      throw new EscError(
        'INVALID_INPUT',
        `node '${node.name}' does not lead to the output '${graph.output}'; remove it`,
      )
    }
    const back = forward.get(node.name)!.backward(dOutput)
    for (const [name, value] of weightNames(node, back.weights)) gradients.set(name, value)
    node.inputs.forEach((from, i) => {
      const gradient = back.inputs[i]
      if (gradient === null || gradient === undefined || from === graph.input.name) return
      const earlier = incoming.get(from)
      incoming.set(from, earlier === undefined ? gradient : g.node('Add', [earlier, gradient]))
    })
  }
  return gradients
}

/** Turns the keys of a rule's result into names of weights, `node.weight`. */
function weightNames(node: TrainingNode, values: Readonly<Record<string, string>>): [string, string][] {
  const owner = 'parts' in node ? '' : `${node.name}.`
  return Object.entries(values).map(([key, value]) => [`${owner}${key}`, value])
}
