/** Turns a network into an inference graph of standard operators. */
import {
  applyLayer,
  assertKnown,
  assertNormalizer,
  type BatchNormNode,
  type Conv2DNode,
  classCount,
  type DenseNode,
  type DepthwiseConv2DNode,
  EscError,
  inferShapes,
  type NetworkGraph,
  type NetworkNode,
  type Normalizer,
  type SeparableConv2DNode,
  typeOf,
  type Weight,
  wrongValue,
} from '@esc/core'
import { createGraphBuilder, type GraphBuilder } from './builder.js'
import { layerWriters } from './lower-layers.js'
import type { OnnxModel } from './model.js'
import { floatTensor } from './tensor.js'

/** Options of {@link lowerNetwork}. */
export interface LowerOptions {
  /** Standard operator set, 13 to 21 (default 17). */
  opset?: number
  /** Puts `(x - mean[bin]) / std[bin]` in front, so that the model takes features as the recipe makes them. */
  normalizer?: Normalizer | null
  /** Key-value pairs stored in the file (`metadata_props`). */
  metadata?: Readonly<Record<string, string>>
}

/**
 * The network in inference mode: BatchNorm folded into the convolution or dense layer before it, Dropout gone.
 *
 * Input: the network's own, [N, channels, bins, frames]; output: `logits` [N, classes].
 *
 * @throws EscError INVALID_INPUT if the graph is inconsistent, or the normaliser has another number of bins or a deviation
 *   that is not > 0; INVALID_OPTION naming an option that is unknown, or if `opset` is outside 13 to 21.
 * @see Jacob et al. 2018, section 3.2, for the folding.
 * @example await writeFile('model.onnx', writeModel(lowerNetwork(graph)))
 */
export function lowerNetwork(graph: NetworkGraph, options: LowerOptions = {}): OnnxModel {
  assertKnown('lowerNetwork', options, { opset: true, normalizer: true, metadata: true })
  const { opset = 17, normalizer = null, metadata = {} } = options
  if (normalizer !== null) assertNormalizer('normalizer', normalizer)
  assertMetadata(metadata)
  const classes = classCount(graph)
  const shapes = inferShapes(graph)
  assertVariances(graph)
  const g = createGraphBuilder({ name: graph.name, opset, reserved: ['logits'] })
  const input = g.input({ name: graph.input.name, type: 'float32', dims: ['N', ...graph.input.shape] })
  const values = new Map([
    [input, normalizer ? writeNormalizer(g, input, graph.input.shape[1], normalizer) : input],
  ])

  const readers = new Map<string, NetworkNode[]>()
  for (const node of graph.nodes) {
    for (const from of node.inputs) readers.set(from, [...(readers.get(from) ?? []), node])
  }
  const folded = new Set<string>()
  for (const node of graph.nodes) {
    const inputs = node.inputs.map((name) => values.get(name)!)
    if (folded.has(node.name)) {
      values.set(node.name, inputs[0]!)
      continue
    }
    const inputShapes = node.inputs.map((name) => shapes.get(name)!)
    const [norm, ...others] = readers.get(node.name) ?? []
    let layer = node
    if (isFoldable(node) && norm?.op === 'BatchNorm' && others.length === 0 && node.name !== graph.output) {
      folded.add(norm.name)
      layer = foldBatchNorm(node, norm)
    }
    values.set(node.name, applyLayer(layerWriters, layer, { g, opset, inputs, inputShapes }))
  }
  g.nodeWithOutputs('Identity', [values.get(graph.output)!], ['logits'])
  g.output({ name: 'logits', type: 'float32', dims: ['N', classes] })
  return withoutTrailingIdentity(g.build(metadata))
}

function writeNormalizer(g: GraphBuilder, input: string, bins: number, { mean, std }: Normalizer): string {
  if (mean.length !== bins || std.length !== bins) {
    throw new EscError('INVALID_INPUT', `normalizer has ${mean.length} bins, the network's input ${bins}`)
  }
  const bad = std.findIndex((deviation, bin) => !(deviation > 0 && Number.isFinite(deviation + mean[bin]!)))
  if (bad >= 0) {
    throw new EscError(
      'INVALID_INPUT',
      `normalizer has mean ${mean[bad]} and std ${std[bad]} at bin ${bad}; std must be > 0`,
    )
  }
  const perBin = [1, bins, 1]
  const centred = g.node('Sub', [input, g.constant('normalizer.mean', floatTensor(mean, perBin))])
  return g.node('Div', [centred, g.constant('normalizer.std', floatTensor(std, perBin))], {}, 'normalized')
}

type FoldableNode = Conv2DNode | DepthwiseConv2DNode | SeparableConv2DNode | DenseNode

function isFoldable(node: NetworkNode): node is FoldableNode {
  return (
    node.op === 'Conv2D' ||
    node.op === 'DepthwiseConv2D' ||
    node.op === 'SeparableConv2D' ||
    node.op === 'Dense'
  )
}

function assertMetadata(metadata: unknown): void {
  const isTexts =
    typeOf(metadata) === 'object' &&
    Object.values(metadata as object).every((text) => typeof text === 'string')
  const isPlain = Object.prototype.toString.call(metadata) === '[object Object]'
  if (!isTexts || !isPlain)
    throw wrongValue('metadata', metadata, 'an object of texts', { code: 'INVALID_OPTION' })
}

function assertVariances({ nodes }: NetworkGraph): void {
  for (const node of nodes) {
    if (node.op !== 'BatchNorm') continue
    const { epsilon } = node.attributes
    const bad = node.weights.variance.data.findIndex((variance) => !(variance + epsilon > 0))
    if (bad >= 0) {
      const variance = node.weights.variance.data[bad]
      throw new EscError(
        'INVALID_INPUT',
        `node '${node.name}' has variance ${variance} and epsilon ${epsilon} at channel ${bad}; their sum must be > 0`,
      )
    }
  }
}

/** `gamma · (W · x + b - mean) / √(variance + ε) + beta` is the same layer with other weights. */
function foldBatchNorm(node: FoldableNode, norm: BatchNormNode): FoldableNode {
  if (node.op === 'SeparableConv2D') {
    const { kernel, bias } = foldedWeights(node.weights.pointwise, node.weights.bias, norm)
    return { ...node, weights: { ...node.weights, pointwise: kernel, bias } }
  }
  return { ...node, weights: foldedWeights(node.weights.kernel, node.weights.bias, norm) }
}

function foldedWeights(
  kernel: Weight,
  bias: Weight,
  { weights, attributes }: BatchNormNode,
): { kernel: Weight; bias: Weight } {
  const filters = kernel.shape[0]!
  const perFilter = kernel.data.length / filters
  const kernelData = new Float32Array(kernel.data.length)
  const biasData = new Float32Array(filters)
  for (let filter = 0; filter < filters; filter++) {
    const scale = weights.gamma.data[filter]! / Math.sqrt(weights.variance.data[filter]! + attributes.epsilon)
    for (let i = filter * perFilter; i < (filter + 1) * perFilter; i++)
      kernelData[i] = kernel.data[i]! * scale
    biasData[filter] = (bias.data[filter]! - weights.mean.data[filter]!) * scale + weights.beta.data[filter]!
  }
  return { kernel: { shape: kernel.shape, data: kernelData }, bias: { shape: bias.shape, data: biasData } }
}

/** The last node makes `logits` itself instead of a copy of it. */
function withoutTrailingIdentity(model: OnnxModel): OnnxModel {
  const identity = model.graph.nodes.at(-1)!
  const source = identity.inputs[0]!
  const nodes = model.graph.nodes.slice(0, -1)
  const maker = nodes.findIndex((node) => node.outputs.includes(source))
  const readElsewhere = nodes.some((node) => node.inputs.includes(source))
  if (maker < 0 || readElsewhere) return model
  nodes[maker] = { ...nodes[maker]!, outputs: ['logits'] }
  return { ...model, graph: { ...model.graph, nodes } }
}
