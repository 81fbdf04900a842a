/** Chooses which layers of a training step work in the blocked layout. */
import type { Conv2DNode, DepthwiseConv2DNode, NetworkOp, NodeOf, SeparableConv2DNode } from '@esc/core'
import { type FusedNode, isSmallTiling, type TrainingNode } from '../fuse.js'
import { canBlock } from './blocked-kernels.js'

/** What decides about the layout of a layer. */
export interface Situation {
  /** Channels of a block. */
  block: number
  inputShapes: readonly (readonly number[])[]
  outputShape: readonly number[]
  /** For each input, whether the layer that makes it gives it in the blocked layout. */
  madeBlocked: readonly boolean[]
  /** Whether its first input is dead at zero: see `deadAtZero`. */
  isDeadAtZero: boolean
}

type Choice<Node> = (node: Node, situation: Situation) => boolean

/** Layers that have no form in the blocked layout. */
const never: Choice<unknown> = () => false
/** Layers that can work in both layouts take that of their first input. */
const asInput: Choice<unknown> = (_, { madeBlocked }) => madeBlocked[0]!

/** For each kind of layer, whether it works in the blocked layout. */
const choices: { readonly [Op in NetworkOp]: Choice<NodeOf<Op>> } & {
  readonly [Op in FusedNode['op']]: Choice<Extract<FusedNode, { op: Op }>>
} = {
  Conv2D: fits,
  DepthwiseConv2D: fits,
  SeparableConv2D({ weights: { depthwise } }: SeparableConv2DNode, { block, inputShapes, outputShape }) {
    const channels = inputShapes[0]![0]!
    return depthwise.shape[0] === channels && canBlock(channels, block) && canBlock(outputShape[0]!, block)
  },
  'Conv2D + BatchNorm': ({ parts }, situation) => fits(parts[0], situation),
  'Conv2D + BatchNorm + ReLU': ({ parts }, situation) => fits(parts[0], situation),
  'Conv2D + ReLU + MaxPool': ({ parts }, situation) => fits(parts[0], situation),
  'ReLU + MaxPool': asInput,
  BatchNorm: asInput,
  ReLU: asInput,
  ReLU6: asInput,
  LeakyReLU: asInput,
  Sigmoid: asInput,
  Tanh: asInput,
  HardSigmoid: asInput,
  HardSwish: asInput,
  Swish: asInput,
  Dropout: asInput,
  Add: asInput,
  Multiply: asInput,
  GlobalAveragePool: asInput,
  Concatenate: (_, { block, inputShapes, madeBlocked }) =>
    madeBlocked[0]! && inputShapes.every(([channels]) => channels! % block === 0),
  MaxPool: (node, { madeBlocked, isDeadAtZero }) => madeBlocked[0]! && isDeadAtZero && isSmallTiling(node),
  AveragePool: never,
  GlobalMaxPool: never,
  AttentionPool: never,
  StatsPool: never,
  LayerNorm: never,
  Flatten: never,
  Reshape: never,
  Dense: never,
}

/** Whether a layer works in the blocked layout. A layer of an unknown kind does not; its rule says what is wrong. */
export function worksInBlocks(node: TrainingNode, situation: Situation): boolean {
  return Object.hasOwn(choices, node.op) && (choices[node.op] as Choice<TrainingNode>)(node, situation)
}

/** A convolution that sees all channels, or each alone. An input that cannot be blocked may stay plain if it fits into one block. */
function fits(
  { weights: { kernel } }: Conv2DNode | DepthwiseConv2DNode,
  { block, inputShapes }: Situation,
): boolean {
  const [filters, perGroup] = kernel.shape as [number, number]
  const channels = inputShapes[0]![0]!
  if (!canBlock(filters, block)) return false
  if (perGroup === channels) return canBlock(channels, block) || channels < block
  return perGroup === 1 && filters === channels
}
