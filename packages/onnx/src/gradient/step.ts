/** Writes a network's whole training step — forward, loss, backward, optimiser update — as one ordinary ONNX graph. */
import { assertGraph, classCount, EscError, type NetworkGraph } from '@esc/core'
import type { OnnxModel } from '../model.js'
import { type LayerForward, writeForward } from './forward.js'
import { frozenLayers, trainedWeights } from './frozen.js'
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
 * `next/node.weight` for BatchNorm's running averages. Weights of frozen layers have no output.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule; INVALID_OPTION naming an option that is
 *   unknown, or a constant of the loss that is out of range.
 * @example const session = await ortRuntime.createSession(writeModel(buildGradientModel(graph)))
 */
export function buildGradientModel(
  graph: NetworkGraph,
  options: Pick<StepOptions, 'loss' | 'frozen' | 'blocking'> = {},
): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildGradientModel', options, { loss: true, frozen: true, blocking: true })
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
  const known = { loss: true, optimizer: true, frozen: true, blocking: true } as const
  assertStepOptions('buildTrainingModel', options, known)
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
  options: Pick<StepOptions, 'optimizer' | 'frozen'> = {},
): OnnxModel {
  assertGraph('graph', graph)
  assertStepOptions('buildUpdateModel', options, { optimizer: true, frozen: true })
  const { optimizer, frozen } = options
  const g = createStepBuilder(`${graph.name} update`)
  const gradients = trainedWeights(graph, frozen)
    .filter(({ change }) => change === 'gradient')
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

/** Writes forward pass, loss and backward pass. @returns The weights that learn, with the names of their gradients. */
function writeForwardAndBackward(
  g: StepBuilder,
  graph: NetworkGraph,
  { loss, frozen, blocking }: StepOptions,
): WeightGradient[] {
  const classes = classCount(graph)
  const layers = frozenLayers(graph, frozen)
  const nodes = fuseNodes(graph, layers)
  const blocks = blocking && blocking.channels > 1 ? blocking : null
  const forward = writeForward(g, graph, nodes, { frozen: layers, blocking: blocks })
  assertNoStrays(graph)
  g.nodeWithOutputs('Identity', [forward.get(graph.output)!.output], ['logits'])
  const dLogits = writeLoss(g, 'logits', classes, loss)
  g.output({ name: 'logits', type: 'float32', dims: ['N', classes] })
  const gradients = writeBackward(g, nodes, graph, forward, dLogits)
  const updates = new Map(nodes.flatMap((node) => weightNames(node, forward.get(node.name)!.updates ?? {})))
  const weights = trainedWeights(graph, frozen)
  for (const { name, weight, change } of weights) {
    if (change !== 'average') continue
    g.nodeWithOutputs('Identity', [updates.get(name)!], [`next/${name}`])
    g.output({ name: `next/${name}`, type: 'float32', dims: weight.shape })
  }
  return weights
    .filter(({ change }) => change === 'gradient')
    .map(({ name, weight }) => ({ name, shape: weight.shape, gradient: gradients.get(name)! }))
}

/** @throws EscError INVALID_INPUT naming a node that does not lead to the output. */
function assertNoStrays({ nodes, output }: NetworkGraph): void {
  const read = new Set([output])
  for (const { name, inputs } of [...nodes].reverse()) {
    if (!read.has(name))
      throw new EscError('INVALID_INPUT', `node '${name}' does not lead to the output '${output}'; remove it`)
    for (const from of inputs) read.add(from)
  }
}

/** Writes the backward pass of every node that learns or stands behind one that does, last node first. @returns Names of gradients by name of the weight. */
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
    const { learns, backward } = forward.get(node.name)!
    if (!learns) continue
    const back = backward(incoming.get(node.name)!)
    for (const [name, value] of weightNames(node, back.weights)) gradients.set(name, value)
    node.inputs.forEach((from, i) => {
      const gradient = back.inputs[i]
      if (gradient === null || gradient === undefined) return
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
