/** Writes a network's whole training step — forward, loss, backward, optimiser update — as one ordinary ONNX graph. */
import { EscError, inferShapes, type NetworkGraph, namedWeights } from '@esc/core'
import { createGraphBuilder, type GraphBuilder } from '../builder.js'
import type { OnnxModel } from '../model.js'
import { int64Vector } from '../tensor.js'
import { layerRules } from './ops.js'
import { type AdamOptions, adamUpdate } from './optimizer.js'
import type { ForwardResult } from './rule.js'

/**
 * The loss of a network and the gradient of every trainable weight, as an ONNX model.
 *
 * Inputs: the network's own ([N, channels, bins, frames]), `target` [N, classes] (rows of probabilities), every weight
 * as `node.weight`, and `node.mask` for each Dropout (0 or 1 / (1 - rate), shape of its input).
 * Outputs: `loss` (mean softmax cross-entropy, scalar), `logits` [N, classes], `gradient/node.weight` for each trainable
 * weight, and `next/node.weight` for BatchNorm's running averages.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule.
 * @example const session = await ortRuntime.createSession(writeModel(buildGradientModel(graph)))
 */
export function buildGradientModel(graph: NetworkGraph): OnnxModel {
  const g = createGraphBuilder({ name: `${graph.name} loss and gradients` })
  const { gradients } = writeForwardAndBackward(g, graph)
  for (const { name, weight, trainable } of namedWeights(graph)) {
    if (!trainable) continue
    g.nodeWithOutputs('Identity', [gradients.get(name)!], [`gradient/${name}`])
    g.output({ name: `gradient/${name}`, type: 'float32', dims: weight.shape })
  }
  return g.build()
}

/**
 * One training step with Adam, as an ONNX model.
 *
 * Inputs and outputs are those of {@link buildGradientModel} without the gradients; further inputs `learningRate`,
 * `biasCorrection1`, `biasCorrection2` (scalars: 1 - beta^t, see {@link adamUpdate}) and the moments `m/node.weight` and
 * `v/node.weight`; further outputs `next/node.weight`, `next/m/node.weight` and `next/v/node.weight`, which are the
 * inputs of the step after.
 *
 * @throws EscError UNSUPPORTED_LAYER naming a layer that has no gradient rule.
 * @example const step = await ortRuntime.createSession(writeModel(buildTrainingModel(graph)))
 */
export function buildTrainingModel(graph: NetworkGraph, options: AdamOptions = {}): OnnxModel {
  const g = createGraphBuilder({ name: `${graph.name} training step` })
  const { gradients } = writeForwardAndBackward(g, graph)
  const update = adamUpdate(g, options)
  for (const { name, weight, trainable } of namedWeights(graph)) {
    if (trainable) update(name, weight.shape, gradients.get(name)!)
  }
  return g.build()
}

function writeForwardAndBackward(
  g: GraphBuilder,
  graph: NetworkGraph,
): { gradients: ReadonlyMap<string, string> } {
  const shapes = inferShapes(graph)
  const classes = shapes.get(graph.output)![0]!
  g.input({ name: graph.input.name, type: 'float32', dims: ['N', ...graph.input.shape] })
  const target = g.input({ name: 'target', type: 'float32', dims: ['N', classes] })
  for (const { name, weight } of namedWeights(graph)) g.input({ name, type: 'float32', dims: weight.shape })

  const forward = writeForward(g, graph, shapes)
  const { dLogits } = crossEntropy(g, forward.get(graph.output)!.output, target, classes)
  const gradients = writeBackward(g, graph, forward, dLogits)
  for (const node of graph.nodes) {
    for (const [key, value] of Object.entries(forward.get(node.name)!.updates ?? {})) {
      const name = `next/${node.name}.${key}`
      g.nodeWithOutputs('Identity', [value], [name])
      g.output({
        name,
        type: 'float32',
        dims: [(node.weights as Record<string, { shape: readonly number[] }>)[key]!.shape[0]!],
      })
    }
  }
  return { gradients }
}

function writeForward(
  g: GraphBuilder,
  graph: NetworkGraph,
  shapes: ReadonlyMap<string, readonly number[]>,
): Map<string, ForwardResult> {
  const forward = new Map<string, ForwardResult>()
  for (const node of graph.nodes) {
    const rule = layerRules[node.op]
    if (!rule) {
      throw new EscError('UNSUPPORTED_LAYER', `node '${node.name}' (${node.op}) has no gradient rule`, {
        detail: { node: node.name, op: node.op },
      })
    }
    const from = node.inputs[0]!
    const context = {
      g,
      inputShape: shapes.get(from)!,
      outputShape: shapes.get(node.name)!,
      needsInputGradient: from !== graph.input.name,
    }
    forward.set(node.name, rule(context, node, forward.get(from)?.output ?? from))
  }
  return forward
}

function writeBackward(
  g: GraphBuilder,
  graph: NetworkGraph,
  forward: ReadonlyMap<string, ForwardResult>,
  dLogits: string,
): Map<string, string> {
  const gradients = new Map<string, string>()
  // A value read by several nodes gets the sum of what comes back from each.
  const incoming = new Map<string, string>([[graph.output, dLogits]])
  for (const node of [...graph.nodes].reverse()) {
    const dOutput = incoming.get(node.name)
    if (dOutput === undefined) {
      throw new EscError(
        'INVALID_INPUT',
        `node '${node.name}' does not lead to the output '${graph.output}'; remove it`,
      )
    }
    const back = forward.get(node.name)!.backward(dOutput)
    for (const [key, value] of Object.entries(back.weights)) gradients.set(`${node.name}.${key}`, value)
    const from = node.inputs[0]!
    if (back.input === null || from === graph.input.name) continue
    const earlier = incoming.get(from)
    incoming.set(from, earlier === undefined ? back.input : g.node('Add', [earlier, back.input]))
  }
  return gradients
}

/** Mean softmax cross-entropy with rows of probabilities as targets: `loss = -mean_n Σ_c target · log softmax(logits)`. */
function crossEntropy(g: GraphBuilder, logits: string, target: string, classes: number): { dLogits: string } {
  g.nodeWithOutputs('Identity', [logits], ['logits'])
  const logProbabilities = g.node('LogSoftmax', [logits], { axis: { int: 1 } })
  const classAxis = g.constant('loss/classAxis', int64Vector([1]))
  const perClip = g.node('ReduceSum', [g.node('Mul', [target, logProbabilities]), classAxis], {
    keepdims: { int: 0 },
  })
  const mean = g.node('ReduceMean', [perClip], { axes: { ints: [0] }, keepdims: { int: 0 } })
  g.nodeWithOutputs('Neg', [mean], ['loss'])
  g.output({ name: 'loss', type: 'float32', dims: [] })
  g.output({ name: 'logits', type: 'float32', dims: ['N', classes] })

  const probabilities = g.node('Exp', [logProbabilities])
  const batchSize = g.node('Cast', [g.node('Gather', [g.node('Shape', [logits]), firstAxis(g)])], {
    to: { int: 1 },
  })
  // Rows of `target` sum to 1, so softmax - target is the exact gradient of the sum over clips.
  return { dLogits: g.node('Div', [g.node('Sub', [probabilities, target]), batchSize]) }
}

function firstAxis(g: GraphBuilder): string {
  return g.constant('loss/batchAxis', { type: 'int64', dims: [], data: BigInt64Array.of(0n) })
}
