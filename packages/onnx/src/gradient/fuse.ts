/** Finds layers that train faster as one. */
import type {
  ActivationNode,
  BatchNormNode,
  Conv2DNode,
  DepthwiseConv2DNode,
  NetworkGraph,
  NetworkNode,
  PoolNode,
} from '@esc/core'

/** A convolution and the batch normalisation that alone reads it. */
export interface ConvBatchNormNode {
  op: 'Conv2D + BatchNorm'
  name: string
  inputs: readonly string[]
  parts: readonly [Conv2DNode | DepthwiseConv2DNode, BatchNormNode]
}

/**
 * ReLU and the max pooling that alone reads it. Both keep the order of values, so the pooling may come first: then ReLU has a
 * window's share of the work, forward and backward.
 */
export interface ReluMaxPoolNode {
  op: 'ReLU + MaxPool'
  name: string
  inputs: readonly string[]
  parts: readonly [ActivationNode, PoolNode]
}

/**
 * A convolution, and the ReLU and max pooling that alone read it. What the pooling leaves over at the far edges need not be
 * convolved.
 */
export interface ConvReluMaxPoolNode {
  op: 'Conv2D + ReLU + MaxPool'
  name: string
  inputs: readonly string[]
  parts: readonly [Conv2DNode | DepthwiseConv2DNode, ActivationNode, PoolNode]
}

/** Layers that the training step writes as one. */
export type FusedNode = ConvBatchNormNode | ReluMaxPoolNode | ConvReluMaxPoolNode

/** A layer, or some of them, as the training step writes them. */
export type TrainingNode = NetworkNode | FusedNode

/** The graph's nodes, with those that train faster together as one, which has the name of its last part. */
export function fuseNodes(graph: NetworkGraph): TrainingNode[] {
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
    const found = fuse(node, second, onlyReader(second))
    for (const part of found?.parts ?? []) fused.add(part.name)
    return [found ?? node]
  })
}

function fuse(
  first: NetworkNode,
  second: NetworkNode | undefined,
  third: NetworkNode | undefined,
): FusedNode | null {
  const { inputs } = first
  if (first.op === 'Conv2D' || first.op === 'DepthwiseConv2D') {
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

/** The largest window whose ties are told apart by marking values; see `relu-max-pool.ts`. */
const largestWindow = 4

function isSmallTiling({ attributes: { size, strides = size, padding = 'valid' } }: PoolNode): boolean {
  const tiles = strides[0] === size[0] && strides[1] === size[1] && padding === 'valid'
  return tiles && size[0] * size[1] <= largestWindow
}
