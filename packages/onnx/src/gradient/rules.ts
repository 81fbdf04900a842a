/**
 * The table from layer to forward and backward rules, in standard ONNX operators.
 *
 * Activations are [N, C, H, W] with N left open; weights are graph inputs named `node.weight`.
 */
import { type NetworkOp, type NodeOf, type Unsupported, unsupportedLayer } from '@esc/core'
import type { FusedNode, TrainingNode } from './fuse.js'
import { hardSigmoid, hardSwish, leakyRelu, relu, relu6, sigmoid, swish, tanh } from './layers/activation.js'
import { attentionPool } from './layers/attention-pool.js'
import { batchNorm, convBatchNorm } from './layers/batch-norm.js'
import { conv2d, separableConv2d } from './layers/convolution.js'
import { dense } from './layers/dense.js'
import { dropout } from './layers/dropout.js'
import { layerNorm } from './layers/layer-norm.js'
import { add, multiply } from './layers/merge.js'
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './layers/pooling.js'
import { convReluMaxPool, reluMaxPool } from './layers/relu-max-pool.js'
import { concatenate, flatten, reshape } from './layers/shape.js'
import { statsPool } from './layers/stats-pool.js'
import type { LayerRule } from './rule.js'

/** The rule of each kind of layer, and of layers that are written as one. `unsupported('why')` is an entry, too. */
export const layerRules: {
  readonly [Op in NetworkOp]: LayerRule<NodeOf<Op>> | Unsupported
} & {
  readonly [Op in FusedNode['op']]: LayerRule<Extract<FusedNode, { op: Op }>>
} = {
  Conv2D: conv2d,
  DepthwiseConv2D: conv2d,
  SeparableConv2D: separableConv2d,
  BatchNorm: batchNorm,
  'Conv2D + BatchNorm': convBatchNorm,
  'Conv2D + BatchNorm + ReLU': convBatchNorm,
  LayerNorm: layerNorm,
  ReLU: relu,
  ReLU6: relu6,
  LeakyReLU: leakyRelu,
  Sigmoid: sigmoid,
  Tanh: tanh,
  HardSigmoid: hardSigmoid,
  HardSwish: hardSwish,
  Swish: swish,
  MaxPool: maxPool,
  'ReLU + MaxPool': reluMaxPool,
  'Conv2D + ReLU + MaxPool': convReluMaxPool,
  AveragePool: averagePool,
  GlobalAveragePool: globalAveragePool,
  GlobalMaxPool: globalMaxPool,
  AttentionPool: attentionPool,
  StatsPool: statsPool,
  Flatten: flatten,
  Reshape: reshape,
  Dropout: dropout,
  Dense: dense,
  Add: add,
  Multiply: multiply,
  Concatenate: concatenate,
}

/** @throws EscError UNSUPPORTED_LAYER naming a node whose layer has no rule: this engine cannot train it. */
export function ruleOf(node: TrainingNode): LayerRule {
  const rule = Object.hasOwn(layerRules, node.op) ? layerRules[node.op] : null
  if (typeof rule === 'function') return rule as LayerRule
  throw unsupportedLayer(node, rule?.unsupported ?? 'has no gradient rule')
}
