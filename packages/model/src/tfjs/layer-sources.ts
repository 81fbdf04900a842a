/** Which kinds of tfjs layers become which kind of our layers. */
import { type NetworkOp, type Unsupported, unsupported } from '@esc/core'

/** A kind of tfjs layer that can be converted. */
export type LayerClass =
  | 'InputLayer'
  | 'Conv2D'
  | 'DepthwiseConv2D'
  | 'SeparableConv2D'
  | 'BatchNormalization'
  | 'LayerNormalization'
  | 'MaxPooling2D'
  | 'AveragePooling2D'
  | 'GlobalAveragePooling2D'
  | 'GlobalMaxPooling2D'
  | 'Dropout'
  | 'ReLU'
  | 'LeakyReLU'
  | 'Activation'
  | 'Softmax'
  | 'Permute'
  | 'Flatten'
  | 'Dense'

const notInTfjs = unsupported('tfjs has no such layer')
const readsSeveral = unsupported('only chains of layers can be converted')

/** For each kind of our layers, the kinds of tfjs layers that become one. */
export const layerSources: Readonly<Record<NetworkOp, readonly LayerClass[] | Unsupported>> = {
  Conv2D: ['Conv2D'],
  DepthwiseConv2D: ['DepthwiseConv2D'],
  SeparableConv2D: ['SeparableConv2D'],
  BatchNorm: ['BatchNormalization'],
  LayerNorm: ['LayerNormalization'],
  ReLU: ['ReLU', 'Activation'],
  ReLU6: ['ReLU', 'Activation'],
  LeakyReLU: ['LeakyReLU'],
  Sigmoid: ['Activation'],
  Tanh: ['Activation'],
  HardSigmoid: unsupported('it has another slope in tfjs'),
  HardSwish: notInTfjs,
  Swish: ['Activation'],
  MaxPool: ['MaxPooling2D'],
  AveragePool: ['AveragePooling2D'],
  GlobalAveragePool: ['GlobalAveragePooling2D'],
  GlobalMaxPool: ['GlobalMaxPooling2D'],
  AttentionPool: notInTfjs,
  StatsPool: notInTfjs,
  Flatten: ['Flatten'],
  Reshape: unsupported('a tfjs layer orders the values channels last'),
  Dropout: ['Dropout'],
  Dense: ['Dense'],
  Add: readsSeveral,
  Multiply: readsSeveral,
  Concatenate: readsSeveral,
}
