/**
 * Networks as plain data. Architectures make a {@link NetworkGraph}; training, export, pruning and the tfjs
 * conversion are functions that take one.
 *
 * Conventions: activations are NCHW (bins are H, frames are W), convolution kernels OIHW, dense kernels [units, inputs].
 * Flatten puts the channel first. Pooling rounds sizes down. BatchNorm's running averages follow PyTorch:
 * `running = (1 - momentum) * running + momentum * batch`, with the unbiased variance.
 */

/** A weight: row-major values with their shape. */
export interface Weight {
  shape: readonly number[]
  data: Float32Array
}

interface NodeBase {
  /** Unique in its graph; made of letters, digits, `_`, `.`, `/` and `-`. */
  name: string
  /** Names of the nodes that this node reads, in order; the graph's input counts as a node. */
  inputs: readonly string[]
}

/** Rows and columns. */
export type Size2 = readonly [rows: number, columns: number]

/**
 * What a window does at the edges. `valid`: it stays inside. `same`: zeros are added so that there are ⌈size / stride⌉ outputs.
 * If the number of zeros is odd, the additional zero stands behind the data, as in TensorFlow and in ONNX's SAME_UPPER.
 */
export type Padding = 'same' | 'valid'

/** Attributes of all convolutions. */
export interface ConvAttributes {
  padding: Padding
  /** Step of the window. @defaultValue `[1, 1]` */
  strides?: Size2
  /** Distance between the kernel's taps. @defaultValue `[1, 1]` */
  dilations?: Size2
}

/** 2-D convolution. `kernel` [filters, channels / groups, kh, kw], `bias` [filters]. */
export interface Conv2DNode extends NodeBase {
  op: 'Conv2D'
  attributes: ConvAttributes & {
    /** Number of groups. The filters of a group read the channels of that group alone. @defaultValue `1` */
    groups?: number
  }
  weights: { kernel: Weight; bias: Weight }
}

/**
 * A convolution of each channel alone. `kernel` [channels · multiplier, 1, kh, kw], `bias` [channels · multiplier]. The filters of
 * one channel stand side by side.
 */
export interface DepthwiseConv2DNode extends NodeBase {
  op: 'DepthwiseConv2D'
  attributes: ConvAttributes
  weights: { kernel: Weight; bias: Weight }
}

/**
 * A depthwise convolution without bias, then a 1 × 1 convolution. `depthwise` [channels · multiplier, 1, kh, kw], `pointwise`
 * [filters, channels · multiplier, 1, 1], `bias` [filters].
 */
export interface SeparableConv2DNode extends NodeBase {
  op: 'SeparableConv2D'
  attributes: ConvAttributes
  weights: { depthwise: Weight; pointwise: Weight; bias: Weight }
}

/**
 * Batch normalisation over N, H and W of [C, H, W], or over N of [C]. All weights have shape [C]; `mean` and `variance` are
 * running averages.
 */
export interface BatchNormNode extends NodeBase {
  op: 'BatchNorm'
  attributes: { epsilon: number; momentum: number }
  weights: { gamma: Weight; beta: Weight; mean: Weight; variance: Weight }
}

/** PyTorch's LayerNorm. It normalises each example over its last axes; the shape of `gamma` and `beta` says which. */
export interface LayerNormNode extends NodeBase {
  op: 'LayerNorm'
  attributes: { epsilon: number }
  weights: { gamma: Weight; beta: Weight }
}

/**
 * An activation, element by element: ReLU `max(x, 0)`; ReLU6 `min(max(x, 0), 6)`; Sigmoid `1 / (1 + e⁻ˣ)`; Tanh; HardSigmoid
 * `min(max(x / 6 + 1/2, 0), 1)`; HardSwish `x · HardSigmoid(x)`; Swish (SiLU) `x · Sigmoid(x)`.
 */
export interface ActivationNode extends NodeBase {
  op: 'ReLU' | 'ReLU6' | 'Sigmoid' | 'Tanh' | 'HardSigmoid' | 'HardSwish' | 'Swish'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** `x` where x >= 0, else `alpha · x`. */
export interface LeakyReluNode extends NodeBase {
  op: 'LeakyReLU'
  attributes: { alpha: number }
  weights: Record<never, never>
}

/**
 * The largest value, or the mean, of each window. With padding `same`, places outside the input do not count. With `valid`, values
 * at the far edge that do not fill a window are dropped.
 */
export interface PoolNode extends NodeBase {
  op: 'MaxPool' | 'AveragePool'
  attributes: {
    size: Size2
    /** Step of the window. @defaultValue `size`: windows do not overlap */
    strides?: Size2
    /** @defaultValue `'valid'` */
    padding?: Padding
  }
  weights: Record<never, never>
}

/** Mean, or largest value, over H and W: [C, H, W] → [C]. */
export interface GlobalPoolNode extends NodeBase {
  op: 'GlobalAveragePool' | 'GlobalMaxPool'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/**
 * Attention over time: [C, H, W] → [C]. `h = mean over H`, `a = softmax over W of (kernel · h)`, output `Σ_w a[w] · h[:, w]`.
 * `kernel` [C]. There is no bias: it would cancel in the softmax.
 *
 * @see Kong et al. 2020, PANNs; Bahdanau et al. 2015 for the weighted sum.
 */
export interface AttentionPoolNode extends NodeBase {
  op: 'AttentionPool'
  attributes: Record<never, never>
  weights: { kernel: Weight }
}

/**
 * Statistics pooling: mean and standard deviation over time, [C, H, W] → [2·C·H]. First the mean over W of every row, channel first,
 * then the population standard deviation of every row in the same order. A row whose values are all equal has deviation 0, and that
 * deviation gives no gradient.
 *
 * @see Snyder et al. 2018, X-vectors: Robust DNN embeddings for speaker recognition.
 */
export interface StatsPoolNode extends NodeBase {
  op: 'StatsPool'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** [C, H, W] → [C·H·W], channel first. */
export interface FlattenNode extends NodeBase {
  op: 'Flatten'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** The same values in another shape, without the batch axis. */
export interface ReshapeNode extends NodeBase {
  op: 'Reshape'
  attributes: { shape: readonly number[] }
  weights: Record<never, never>
}

/**
 * In training, sets a share `rate` of the values to zero and scales the others by `1 / (1 - rate)`. Elsewhere it changes
 * nothing.
 */
export interface DropoutNode extends NodeBase {
  op: 'Dropout'
  attributes: { rate: number }
  weights: Record<never, never>
}

/** `y = x · kernelᵀ + bias`; `kernel` [units, inputs], `bias` [units]. */
export interface DenseNode extends NodeBase {
  op: 'Dense'
  attributes: Record<never, never>
  weights: { kernel: Weight; bias: Weight }
}

/** Sum, or product, of two values of the same shape; or of [C, H, W] and [C], where [C] is used for every row and column. */
export interface MergeNode extends NodeBase {
  op: 'Add' | 'Multiply'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** Joins two or more values along the first axis: channels of [C, H, W], features of [C]. */
export interface ConcatenateNode extends NodeBase {
  op: 'Concatenate'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** A layer of any kind. */
export type NetworkNode =
  | Conv2DNode
  | DepthwiseConv2DNode
  | SeparableConv2DNode
  | BatchNormNode
  | LayerNormNode
  | ActivationNode
  | LeakyReluNode
  | PoolNode
  | GlobalPoolNode
  | AttentionPoolNode
  | StatsPoolNode
  | FlattenNode
  | ReshapeNode
  | DropoutNode
  | DenseNode
  | MergeNode
  | ConcatenateNode

/** The name of a kind of layer. */
export type NetworkOp = NetworkNode['op']

/** A network. Each node stands behind the nodes that it reads. */
export interface NetworkGraph {
  /** The architecture's name, e.g. `audio-cnn`. */
  name: string
  input: { name: string; shape: readonly [channels: number, bins: number, frames: number] }
  nodes: readonly NetworkNode[]
  /** Name of the node whose values are the logits, [N, classes]. */
  output: string
}
