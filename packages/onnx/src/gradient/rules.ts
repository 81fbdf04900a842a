/**
 * The table from layer to forward and backward rules, in standard ONNX operators.
 *
 * Activations are [N, C, H, W] with N left open; weights are graph inputs named `node.weight`.
 */
import { hardSigmoid, hardSwish, leakyRelu, relu, relu6, sigmoid, swish, tanh } from './activation.js'
import { attentionPool } from './attention-pool.js'
import { batchNorm, convBatchNorm } from './batch-norm.js'
import { conv2d } from './convolution.js'
import { dense } from './dense.js'
import { dropout } from './dropout.js'
import type { TrainingNode } from './fuse.js'
import { layerNorm } from './layer-norm.js'
import { add, multiply } from './merge.js'
import { averagePool, globalAveragePool, globalMaxPool, maxPool } from './pooling.js'
import { convReluMaxPool, reluMaxPool } from './relu-max-pool.js'
import type { LayerRule } from './rule.js'
import { separableConv2d } from './separable.js'
import { concatenate, flatten, reshape } from './shape.js'

/** Rules by layer. A layer without one cannot be trained by this engine. */
export const layerRules: Readonly<Record<TrainingNode['op'], LayerRule>> = {
  Conv2D: conv2d as LayerRule,
  DepthwiseConv2D: conv2d as LayerRule,
  SeparableConv2D: separableConv2d as LayerRule,
  BatchNorm: batchNorm as LayerRule,
  'Conv2D + BatchNorm': convBatchNorm as LayerRule,
  LayerNorm: layerNorm as LayerRule,
  ReLU: relu as LayerRule,
  ReLU6: relu6 as LayerRule,
  LeakyReLU: leakyRelu as LayerRule,
  Sigmoid: sigmoid as LayerRule,
  Tanh: tanh as LayerRule,
  HardSigmoid: hardSigmoid as LayerRule,
  HardSwish: hardSwish as LayerRule,
  Swish: swish as LayerRule,
  MaxPool: maxPool as LayerRule,
  'ReLU + MaxPool': reluMaxPool as LayerRule,
  'Conv2D + ReLU + MaxPool': convReluMaxPool as LayerRule,
  AveragePool: averagePool as LayerRule,
  GlobalAveragePool: globalAveragePool as LayerRule,
  GlobalMaxPool: globalMaxPool as LayerRule,
  AttentionPool: attentionPool as LayerRule,
  Flatten: flatten as LayerRule,
  Reshape: reshape as LayerRule,
  Dropout: dropout as LayerRule,
  Dense: dense as LayerRule,
  Add: add as LayerRule,
  Multiply: multiply as LayerRule,
  Concatenate: concatenate as LayerRule,
}
