/** Turns a network into an inference graph of standard operators. */
import {
  type BatchNormNode,
  type Conv2DNode,
  EscError,
  inferShapes,
  type NetworkGraph,
  type NetworkNode,
  type Normalizer,
  type Weight,
} from '@esc/core'
import { createGraphBuilder, type GraphBuilder } from './builder.js'
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
 * The network in inference mode: BatchNorm folded into the convolution before it, Dropout gone.
 *
 * Input: the network's own, [N, channels, bins, frames]; output: `logits` [N, classes].
 *
 * @throws EscError INVALID_INPUT if the graph is inconsistent, or the normaliser has another number of bins or a deviation
 *   that is not > 0.
 * @see Jacob et al. 2018, section 3.2, for the folding.
 * @example await writeFile('model.onnx', writeModel(lowerNetwork(graph)))
 */
export function lowerNetwork(graph: NetworkGraph, options: LowerOptions = {}): OnnxModel {
  const { opset = 17, normalizer = null, metadata = {} } = options
  const shapes = inferShapes(graph)
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
    const from = values.get(node.inputs[0]!)!
    if (folded.has(node.name)) {
      values.set(node.name, from)
      continue
    }
    const next = readers.get(node.name) ?? []
    const foldable =
      node.op === 'Conv2D' && node.name !== graph.output && next.length === 1 && next[0]!.op === 'BatchNorm'
    if (foldable) folded.add(next[0]!.name)
    const lowered = foldable ? foldBatchNorm(node, next[0] as BatchNormNode) : node
    values.set(node.name, writeNode(g, lowered, from))
  }
  g.nodeWithOutputs('Identity', [values.get(graph.output)!], ['logits'])
  g.output({ name: 'logits', type: 'float32', dims: ['N', ...shapes.get(graph.output)!] })
  return withoutTrailingIdentity(g.build(metadata))
}

/** Rows and columns of zeros that a convolution puts on each side. */
export function convPads(node: Conv2DNode): [rows: number, columns: number] {
  if (node.attributes.padding === 'valid') return [0, 0]
  const [, , kh, kw] = node.weights.kernel.shape as [number, number, number, number]
  return [(kh - 1) / 2, (kw - 1) / 2]
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

function writeNode(g: GraphBuilder, node: NetworkNode, input: string): string {
  const weight = (key: string, { shape, data }: Weight) =>
    g.constant(`${node.name}.${key}`, floatTensor(data, shape))
  switch (node.op) {
    case 'Conv2D': {
      const { kernel, bias } = node.weights
      const pads = convPads(node)
      const attributes = { kernel_shape: { ints: kernel.shape.slice(2) }, pads: { ints: [...pads, ...pads] } }
      return g.node('Conv', [input, weight('kernel', kernel), weight('bias', bias)], attributes, node.name)
    }
    case 'BatchNorm': {
      const { gamma, beta, mean, variance } = node.weights
      const inputs = [
        input,
        weight('gamma', gamma),
        weight('beta', beta),
        weight('mean', mean),
        weight('variance', variance),
      ]
      return g.node('BatchNormalization', inputs, { epsilon: { float: node.attributes.epsilon } }, node.name)
    }
    case 'ReLU':
      return g.node('Relu', [input], {}, node.name)
    case 'MaxPool': {
      const { size } = node.attributes
      return g.node('MaxPool', [input], { kernel_shape: { ints: size }, strides: { ints: size } }, node.name)
    }
    case 'GlobalAveragePool':
      return g.node('Flatten', [g.node('GlobalAveragePool', [input])], {}, node.name)
    case 'Flatten':
      return g.node('Flatten', [input], {}, node.name)
    case 'Dropout':
      return input
    case 'Dense': {
      const inputs = [input, weight('kernel', node.weights.kernel), weight('bias', node.weights.bias)]
      return g.node('Gemm', inputs, { transB: { int: 1 } }, node.name)
    }
  }
}

/** `gamma · (conv(x) - mean) / √(variance + ε) + beta` is a convolution with other weights. */
function foldBatchNorm(conv: Conv2DNode, { weights, attributes }: BatchNormNode): Conv2DNode {
  const { kernel, bias } = conv.weights
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
  return {
    ...conv,
    weights: {
      kernel: { shape: kernel.shape, data: kernelData },
      bias: { shape: bias.shape, data: biasData },
    },
  }
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
