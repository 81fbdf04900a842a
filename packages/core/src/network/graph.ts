/**
 * Networks as plain data. Architectures make a {@link NetworkGraph}; training, export, pruning and the tfjs
 * conversion are functions over it.
 *
 * Conventions: activations NCHW (bins are H, frames are W), convolution kernels OIHW, dense kernels [units, inputs],
 * Flatten channel-first, pooling floors. BatchNorm's running averages follow PyTorch:
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
  /** Names of the nodes (or of the graph's input) this node reads, in order. */
  inputs: readonly string[]
}

/** Rows and columns. */
export type Size2 = readonly [rows: number, columns: number]

/**
 * How a window meets the edges: `valid` stays inside; `same` pads with zeros to ⌈size / stride⌉ outputs, the odd one
 * behind, as TensorFlow does and as ONNX's SAME_UPPER.
 */
export type Padding = 'same' | 'valid'

/** What all convolutions share. */
export interface ConvAttributes {
  padding: Padding
  /** Default [1, 1]. */
  strides?: Size2
  /** Distance between the kernel's taps (default [1, 1]). */
  dilations?: Size2
}

/** 2-D convolution. `kernel` [filters, channels / groups, kh, kw], `bias` [filters]. */
export interface Conv2DNode extends NodeBase {
  op: 'Conv2D'
  attributes: ConvAttributes & {
    /** Channels and filters fall into so many groups that do not see each other (default 1). */
    groups?: number
  }
  weights: { kernel: Weight; bias: Weight }
}

/**
 * A convolution of each channel alone. `kernel` [channels · multiplier, 1, kh, kw], `bias` [channels · multiplier]; filters
 * of one channel stand side by side.
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

/** Normalises each example over its last axes, those that `gamma` and `beta` have: PyTorch's LayerNorm. */
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
 * The largest value, or the mean, of each window. With padding `same`, what lies outside does not count. With `valid`, what
 * is left over at the far edge is dropped.
 */
export interface PoolNode extends NodeBase {
  op: 'MaxPool' | 'AveragePool'
  attributes: {
    size: Size2
    /** Default: `size`, windows that do not overlap. */
    strides?: Size2
    /** Default `valid`. */
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
 * `kernel` [C]; a bias would cancel in the softmax.
 *
 * @see Kong et al. 2020, PANNs; Bahdanau et al. 2015 for the weighted sum.
 */
export interface AttentionPoolNode extends NodeBase {
  op: 'AttentionPool'
  attributes: Record<never, never>
  weights: { kernel: Weight }
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

/** In training, zeroes a share `rate` of the values and scales the others by `1 / (1 - rate)`; else the identity. */
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

/** Sum, or product, of two values of one shape; or of [C, H, W] and [C], which then counts for every row and column. */
export interface MergeNode extends NodeBase {
  op: 'Add' | 'Multiply'
  attributes: Record<never, never>
  weights: Record<never, never>
}

/** Two or more values one behind the other along the first axis: channels of [C, H, W], features of [C]. */
export interface ConcatenateNode extends NodeBase {
  op: 'Concatenate'
  attributes: Record<never, never>
  weights: Record<never, never>
}

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
  | FlattenNode
  | ReshapeNode
  | DropoutNode
  | DenseNode
  | MergeNode
  | ConcatenateNode

/** The name of a layer kind. */
export type NetworkOp = NetworkNode['op']

/** A network: nodes in an order in which every input comes before its reader. */
export interface NetworkGraph {
  /** The architecture's name, e.g. `audio-cnn`. */
  name: string
  input: { name: string; shape: readonly [channels: number, bins: number, frames: number] }
  nodes: readonly NetworkNode[]
  /** Name of the node whose value is the logits, [N, classes]. */
  output: string
}
