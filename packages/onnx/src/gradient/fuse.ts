/** Fusing: finds neighbouring layers that train faster when they are written as one layer. */
import type {
  ActivationNode,
  BatchNormNode,
  Conv2DNode,
  DepthwiseConv2DNode,
  NetworkGraph,
  NetworkNode,
  PoolNode,
} from '@esc/core'

/** A convolution and the batch normalisation that is its only reader. */
export interface ConvBatchNormNode {
  op: 'Conv2D + BatchNorm'
  name: string
  inputs: readonly string[]
  parts: readonly [Conv2DNode | DepthwiseConv2DNode, BatchNormNode]
}

/** A convolution, batch normalisation and ReLU, where each is the only reader of the one before. */
export interface ConvBatchNormReluNode {
  op: 'Conv2D + BatchNorm + ReLU'
  name: string
  inputs: readonly string[]
  parts: readonly [Conv2DNode | DepthwiseConv2DNode, BatchNormNode, ActivationNode]
}

/**
 * ReLU and the max pooling that is its only reader. Both keep the order of values, so the pooling may come first. Then ReLU works
 * on one value instead of a whole window, forward and backward.
 */
export interface ReluMaxPoolNode {
  op: 'ReLU + MaxPool'
  name: string
  inputs: readonly string[]
  parts: readonly [ActivationNode, PoolNode]
}

/**
 * A convolution, ReLU and max pooling, where each is the only reader of the one before. The convolution need not compute the last
 * rows and columns that the pooling drops.
 */
export interface ConvReluMaxPoolNode {
  op: 'Conv2D + ReLU + MaxPool'
  name: string
  inputs: readonly string[]
  parts: readonly [Conv2DNode | DepthwiseConv2DNode, ActivationNode, PoolNode]
}

/** Several layers that the training step writes as one. */
export type FusedNode = ConvBatchNormNode | ConvBatchNormReluNode | ReluMaxPoolNode | ConvReluMaxPoolNode

/** What the training step writes as one: a layer, or several fused layers. */
export type TrainingNode = NetworkNode | FusedNode

/**
 * The nodes of the graph after fusing. A fused node has the name of its last part.
 *
 * @param frozen - Names of layers that stay as they are. A batch normalisation is written with its convolution only if both learn.
 */
export function fuseNodes(graph: NetworkGraph, frozen: ReadonlySet<string> = new Set()): TrainingNode[] {
  const readers = new Map<string, NetworkNode[]>()
  for (const node of graph.nodes) {
    for (const from of node.inputs) readers.set(from, [...(readers.get(from) ?? []), node])
  }
  const onlyReader = (node: NetworkNode | undefined): NetworkNode | undefined => {
    const [reader, ...others] = (node && readers.get(node.name)) ?? []
    return others.length === 0 && node?.name !== graph.output ? reader : undefined
  }
  const fused = new Set<string>()
  return graph.nodes.flatMap((node): TrainingNode[] => {
    if (fused.has(node.name)) return []
    const second = onlyReader(node)
    const third = onlyReader(second)
    const isKept = second?.op === 'BatchNorm' && (frozen.has(node.name) || frozen.has(second.name))
    const found = isKept ? null : fuse(node, second, third, onlyReader(third))
    for (const part of found?.parts ?? []) fused.add(part.name)
    return [found ?? node]
  })
}

function fuse(
  first: NetworkNode,
  second: NetworkNode | undefined,
  third: NetworkNode | undefined,
  fourth: NetworkNode | undefined,
): FusedNode | null {
  const { inputs } = first
  if (first.op === 'Conv2D' || first.op === 'DepthwiseConv2D') {
    // In front of a pooling, ReLU is written with it.
    const poolsNext = fourth?.op === 'MaxPool' && isSmallTiling(fourth)
    if (second?.op === 'BatchNorm' && third?.op === 'ReLU' && !poolsNext) {
      return { op: 'Conv2D + BatchNorm + ReLU', name: third.name, inputs, parts: [first, second, third] }
    }
    if (second?.op === 'BatchNorm') {
      return { op: 'Conv2D + BatchNorm', name: second.name, inputs, parts: [first, second] }
    }
    if (second?.op === 'ReLU' && third?.op === 'MaxPool' && isSmallTiling(third)) {
      return { op: 'Conv2D + ReLU + MaxPool', name: third.name, inputs, parts: [first, second, third] }
    }
  }
  if (first.op === 'ReLU' && second?.op === 'MaxPool' && isSmallTiling(second)) {
    return { op: 'ReLU + MaxPool', name: second.name, inputs, parts: [first, second] }
  }
  return null
}

/** Largest window, in values, for which `layers/relu-max-pool.ts` finds the first of several equal maxima. */
const largestWindow = 4

/** Whether the windows of a pool lie side by side and are so small that the tie breaker of `layers/relu-max-pool.ts` works. */
export function isSmallTiling({
  attributes: { size, strides = size, padding = 'valid' },
}: PoolNode): boolean {
  const tiles = strides[0] === size[0] && strides[1] === size[1] && padding === 'valid'
  return tiles && size[0] * size[1] <= largestWindow
}
