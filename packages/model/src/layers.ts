/**
 * Layers to make networks of, with `sequential` or `functional`. Their options have PyTorch's names or Keras's, and defaults
 * that suit spectrograms. Shapes follow from what a layer reads; weights are drawn as PyTorch draws them.
 */
import {
  asOptions,
  assertInRange,
  assertInteger,
  assertKnown,
  assertOneOf,
  assertPositive,
  EscError,
  type Padding,
  type Rng,
  type Size2,
  type Weight,
  wrongOption,
} from '@esc/core'
import { isValue, type Layer, layerOf } from './network.js'

/** Options of layers that have no others. */
export interface LayerOptions {
  /** The node's name, unique in its network. @defaultValue after its kind, as `relu2` */
  name?: string | undefined
}

/** One number for rows and columns, or both. */
export type Size = number | Size2

/** What all convolutions have. */
export interface ConvOptions extends LayerOptions {
  /** Rows and columns of the kernel. @defaultValue 3 */
  kernel?: Size | undefined
  /** How far the kernel moves from one output to the next. @defaultValue 1 */
  strides?: Size | undefined
  /** Distance between the kernel's taps. @defaultValue 1 */
  dilations?: Size | undefined
  /** `same` pads with zeros to ⌈size / stride⌉ outputs, `valid` does not pad. @defaultValue `'same'`. Differs from Keras and PyTorch: `'valid'` */
  padding?: Padding | undefined
}

/** Options of {@link conv2d}. */
export interface Conv2dOptions extends ConvOptions {
  /** Channels of the output. */
  filters: number
  /** Channels and filters fall into so many groups that do not see each other. @defaultValue 1 */
  groups?: number | undefined
}

/** Options of {@link depthwiseConv2d}. */
export interface DepthwiseConv2dOptions extends ConvOptions {
  /** Filters for each channel. @defaultValue 1 */
  multiplier?: number | undefined
}

/** Options of {@link separableConv2d}. */
export interface SeparableConv2dOptions extends DepthwiseConv2dOptions {
  /** Channels of the output. */
  filters: number
}

/** Options of {@link batchNorm}. */
export interface BatchNormOptions extends LayerOptions {
  /** Is added to the variance. @defaultValue 1e-5 */
  epsilon?: number | undefined
  /** The share that a batch has in the running averages. @defaultValue 0.1, as PyTorch; Keras's `momentum` is one minus this */
  momentum?: number | undefined
}

/** Options of {@link layerNorm}. */
export interface LayerNormOptions extends LayerOptions {
  /** How many axes are normalised, counted from the last. @defaultValue 1 */
  axes?: number | undefined
  /** Is added to the variance. @defaultValue 1e-5 */
  epsilon?: number | undefined
}

/** Options of {@link leakyRelu}. */
export interface LeakyReluOptions extends LayerOptions {
  /** Slope of negative values. @defaultValue 0.01 */
  alpha?: number | undefined
}

/** Options of {@link maxPool} and {@link averagePool}. */
export interface PoolOptions extends LayerOptions {
  /** Rows and columns of the window. @defaultValue 2 */
  size?: Size | undefined
  /** How far the window moves. @defaultValue `size`: windows do not overlap */
  strides?: Size | undefined
  /** What `same` adds does not count. @defaultValue `'valid'`: what is left over at the far edge is dropped */
  padding?: Padding | undefined
}

/** Options of {@link reshape}. */
export interface ReshapeOptions extends LayerOptions {
  /** Without the batch axis; it holds as many values as the layer reads. */
  shape: readonly number[]
}

/** Options of {@link dropout}. */
export interface DropoutOptions extends LayerOptions {
  /** The share of values that training sets to 0, in [0, 1). @defaultValue 0.5 */
  rate?: number | undefined
}

/** Options of {@link dense}. */
export interface DenseOptions extends LayerOptions {
  /** Values of the output. */
  units: number
}

/** A convolution over rows and columns: [C, H, W] → [filters, H', W']. @example conv2d({ filters: 16, kernel: [3, 5], strides: 2 }) */
export function conv2d(options: Conv2dOptions): Layer {
  assertOptions('conv2d', options, { ...convNames, filters: true, groups: true })
  const { filters, groups = 1, name } = asOptions('conv2d', options)
  assertInteger('filters', filters, 1, largestSize)
  assertInteger('groups', groups, 1)
  const { kernel, attributes } = convolution(options)
  return layerOf('Conv2D', name, ([channels], rng) => {
    if (channels! % groups !== 0 || filters % groups !== 0) {
      const found = `groups=${groups} of conv2d`
      throw new EscError('INVALID_INPUT', `${found} must divide ${channels} channels and ${filters} filters`)
    }
    return {
      attributes: groups === 1 ? attributes : { ...attributes, groups },
      weights: drawn([filters, channels! / groups, ...kernel], rng),
    }
  })
}

/** A convolution of each channel alone: [C, H, W] → [C · multiplier, H', W']. @example depthwiseConv2d({ kernel: 5 }) */
export function depthwiseConv2d(options: DepthwiseConv2dOptions = {}): Layer {
  assertOptions('depthwiseConv2d', options, { ...convNames, multiplier: true })
  const { multiplier = 1, name } = options
  assertInteger('multiplier', multiplier, 1, largestSize)
  const { kernel, attributes } = convolution(options)
  return layerOf('DepthwiseConv2D', name, ([channels], rng) => ({
    attributes,
    weights: drawn([channels! * multiplier, 1, ...kernel], rng),
  }))
}

/**
 * A depthwise convolution without bias, then a convolution of 1 × 1: [C, H, W] → [filters, H', W']. It needs a fraction of the weights and of
 * the work of {@link conv2d}.
 *
 * @example separableConv2d({ filters: 64, strides: 2 })
 */
export function separableConv2d(options: SeparableConv2dOptions): Layer {
  assertOptions('separableConv2d', options, { ...convNames, filters: true, multiplier: true })
  const { filters, multiplier = 1, name } = asOptions('separableConv2d', options)
  assertInteger('filters', filters, 1, largestSize)
  assertInteger('multiplier', multiplier, 1, largestSize)
  const { kernel, attributes } = convolution(options)
  return layerOf('SeparableConv2D', name, ([channels], rng) => {
    const { kernel: depthwise } = drawn([channels! * multiplier, 1, ...kernel], rng)
    const { kernel: pointwise, bias } = drawn([filters, channels! * multiplier, 1, 1], rng)
    return { attributes, weights: { depthwise, pointwise, bias } }
  })
}

/** Batch normalisation of each channel; the shape stays. It trains scale and shift, and keeps running averages. @example batchNorm() */
export function batchNorm(options: BatchNormOptions = {}): Layer {
  assertOptions('batchNorm', options, { name: true, epsilon: true, momentum: true })
  const { epsilon = 1e-5, momentum = 0.1, name } = options
  assertPositive('epsilon', epsilon)
  assertInRange('momentum', momentum, 0, 1)
  return layerOf('BatchNorm', name, ([channels]) => ({
    attributes: { epsilon, momentum },
    weights: {
      gamma: filled([channels!], 1),
      beta: filled([channels!], 0),
      mean: filled([channels!], 0),
      variance: filled([channels!], 1),
    },
  }))
}

/** Normalises each example over its last axes, as PyTorch's LayerNorm; the shape stays. @example layerNorm({ axes: 1 }) */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  assertOptions('layerNorm', options, { name: true, axes: true, epsilon: true })
  const { axes = 1, epsilon = 1e-5, name } = options
  assertInteger('axes', axes, 1, 3)
  assertPositive('epsilon', epsilon)
  return layerOf('LayerNorm', name, (shape) => {
    const last = shape.slice(-axes)
    return { attributes: { epsilon }, weights: { gamma: filled(last, 1), beta: filled(last, 0) } }
  })
}

/** `max(x, 0)`. @example relu() */
export const relu = (options?: LayerOptions): Layer => plain('ReLU', 'relu', options)
/** `min(max(x, 0), 6)`. @example relu6() */
export const relu6 = (options?: LayerOptions): Layer => plain('ReLU6', 'relu6', options)
/** `1 / (1 + e⁻ˣ)`. @example sigmoid() */
export const sigmoid = (options?: LayerOptions): Layer => plain('Sigmoid', 'sigmoid', options)
/** The hyperbolic tangent. @example tanh() */
export const tanh = (options?: LayerOptions): Layer => plain('Tanh', 'tanh', options)
/** `min(max(x / 6 + 1/2, 0), 1)`. @example hardSigmoid() */
export const hardSigmoid = (options?: LayerOptions): Layer => plain('HardSigmoid', 'hardSigmoid', options)
/** `x · hardSigmoid(x)`. @example hardSwish() */
export const hardSwish = (options?: LayerOptions): Layer => plain('HardSwish', 'hardSwish', options)
/** `x · sigmoid(x)`, also called SiLU. @example swish() */
export const swish = (options?: LayerOptions): Layer => plain('Swish', 'swish', options)

/** `x` where `x >= 0`, else `alpha · x`. @example leakyRelu({ alpha: 0.1 }) */
export function leakyRelu(options: LeakyReluOptions = {}): Layer {
  assertOptions('leakyRelu', options, { name: true, alpha: true })
  const { alpha = 0.01, name } = options
  if (!Number.isFinite(alpha)) throw wrongOption('alpha', alpha, 'a finite number')
  return layerOf('LeakyReLU', name, () => ({ attributes: { alpha }, weights: {} }))
}

/** The largest value of each window: [C, H, W] → [C, H', W']. @example maxPool({ size: [2, 4] }) */
export const maxPool = (options?: PoolOptions): Layer => pool('MaxPool', 'maxPool', options)
/** The mean of each window: [C, H, W] → [C, H', W']. @example averagePool() */
export const averagePool = (options?: PoolOptions): Layer => pool('AveragePool', 'averagePool', options)

/** The mean of each channel: [C, H, W] → [C]. @example globalAveragePool() */
export const globalAveragePool = (options?: LayerOptions): Layer =>
  plain('GlobalAveragePool', 'globalAveragePool', options)
/** The largest value of each channel: [C, H, W] → [C]. @example globalMaxPool() */
export const globalMaxPool = (options?: LayerOptions): Layer =>
  plain('GlobalMaxPool', 'globalMaxPool', options)

/** A learnt weighted mean over time: [C, H, W] → [C]. Rows are averaged first. @example attentionPool() */
export function attentionPool(options: LayerOptions = {}): Layer {
  assertOptions('attentionPool', options, nameOnly)
  return layerOf('AttentionPool', options.name, ([channels], rng) => ({
    attributes: {},
    weights: { kernel: { shape: [channels!], data: drawn([1, channels!], rng).kernel.data } },
  }))
}

/** All values in one vector, channel by channel: [C, H, W] → [C · H · W]. @example flatten() */
export const flatten = (options?: LayerOptions): Layer => plain('Flatten', 'flatten', options)

/** The same values in another shape. @example reshape({ shape: [64, 1, 27] }) */
export function reshape(options: ReshapeOptions): Layer {
  assertOptions('reshape', options, { name: true, shape: true })
  const { shape, name } = asOptions('reshape', options)
  if (!Array.isArray(shape)) throw wrongOption('shape', shape, 'a list of sizes')
  for (const [i, length] of shape.entries()) assertInteger(`shape[${i}]`, length, 1)
  return layerOf('Reshape', name, () => ({ attributes: { shape: [...shape] }, weights: {} }))
}

/** In training, sets a share of the values to 0 and scales the others; else it changes nothing. @example dropout({ rate: 0.3 }) */
export function dropout(options: DropoutOptions = {}): Layer {
  assertOptions('dropout', options, { name: true, rate: true })
  const { rate = 0.5, name } = options
  assertInRange('rate', rate, 0, 1 - Number.EPSILON)
  return layerOf('Dropout', name, () => ({ attributes: { rate }, weights: {} }))
}

/** A fully connected layer: [C] → [units]. An image needs {@link flatten} or a global pool before it. @example dense({ units: 10 }) */
export function dense(options: DenseOptions): Layer {
  assertOptions('dense', options, { name: true, units: true })
  const { units, name } = asOptions('dense', options)
  assertInteger('units', units, 1, largestSize)
  return layerOf('Dense', name, (shape, rng) => {
    if (shape.length !== 1) {
      throw new EscError(
        'INVALID_INPUT',
        `dense reads [${shape}] and takes vectors; put flatten() or globalAveragePool() before it`,
      )
    }
    return { attributes: {}, weights: drawn([units, shape[0]!], rng) }
  })
}

/** The sum of two values of one shape, or of [C, H, W] and [C]. @example add()(x, y) */
export const add = (options?: LayerOptions): Layer => plain('Add', 'add', options)
/** The product of two values of one shape, or of [C, H, W] and [C]. @example multiply()(x, sigmoid()(gate)) */
export const multiply = (options?: LayerOptions): Layer => plain('Multiply', 'multiply', options)
/** Two or more values behind one another: channels of images, or features of vectors. @example concatenate()(x, y) */
export const concatenate = (options?: LayerOptions): Layer => plain('Concatenate', 'concatenate', options)

const nameOnly = { name: true } as const
const convNames = { ...nameOnly, kernel: true, strides: true, dilations: true, padding: true } as const
/** Of filters and units; a mistaken size must not ask for all memory. */
const largestSize = 65_536

type PlainOp =
  | 'ReLU'
  | 'ReLU6'
  | 'Sigmoid'
  | 'Tanh'
  | 'HardSigmoid'
  | 'HardSwish'
  | 'Swish'
  | 'GlobalAveragePool'
  | 'GlobalMaxPool'
  | 'Flatten'
  | 'Add'
  | 'Multiply'
  | 'Concatenate'

/** A layer without attributes and weights. */
function plain(op: PlainOp, owner: string, options: LayerOptions = {}): Layer {
  assertOptions(owner, options, nameOnly)
  return layerOf(op, options.name, () => ({ attributes: {}, weights: {} }))
}

function pool(op: 'MaxPool' | 'AveragePool', owner: string, options: PoolOptions = {}): Layer {
  assertOptions(owner, options, { ...nameOnly, size: true, strides: true, padding: true })
  const { size = 2, strides, padding, name } = options
  if (padding !== undefined) assertOneOf('padding', padding, ['same', 'valid'])
  const attributes = {
    size: size2('size', size),
    ...(strides !== undefined && { strides: size2('strides', strides) }),
    ...(padding !== undefined && { padding }),
  }
  return layerOf(op, name, () => ({ attributes, weights: {} }))
}

/** Kernel and attributes; of these only what differs from a node's defaults. */
function convolution({ kernel = 3, strides = 1, dilations = 1, padding = 'same' }: ConvOptions) {
  assertOneOf('padding', padding, ['same', 'valid'])
  const [stride, dilation] = [size2('strides', strides), size2('dilations', dilations)]
  const attributes = {
    padding,
    ...(Math.max(...stride) > 1 && { strides: stride }),
    ...(Math.max(...dilation) > 1 && { dilations: dilation }),
  }
  return { kernel: size2('kernel', kernel), attributes }
}

function size2(name: string, size: Size): Size2 {
  const [rows, columns = rows, ...others] = Array.isArray(size)
    ? (size as readonly number[])
    : [size as number]
  if (others.length > 0 || (Array.isArray(size) && size.length !== 2)) {
    throw wrongOption(name, size, 'a number, or [rows, columns]')
  }
  for (const value of [rows!, columns!]) assertInteger(name, value, 1, largestSize)
  return [rows!, columns!]
}

function assertOptions<T extends object>(
  owner: string,
  options: T | undefined,
  names: Readonly<Record<keyof T, true>>,
): void {
  if (isValue(options)) {
    const advice = `write ${owner}()(value), or ${owner}() in a list of layers`
    throw new EscError('INVALID_OPTION', `${owner} takes options, not a value; ${advice}`)
  }
  assertKnown(owner, options, names)
}

function filled(shape: readonly number[], value: number): Weight {
  return { shape, data: new Float32Array(shape.reduce((all, size) => all * size, 1)).fill(value) }
}

/**
 * A weight and a bias drawn from U(-1/√fanIn, 1/√fanIn): PyTorch's default for convolutions and dense layers, which is
 * Kaiming-uniform with a = √5.
 *
 * @see torch.nn.Linear.reset_parameters; He et al. 2015.
 */
function drawn(shape: readonly number[], rng: Rng): { kernel: Weight; bias: Weight } {
  const [units, ...fan] = shape
  const bound = 1 / Math.sqrt(fan.reduce((product, size) => product * size, 1))
  const draw = (size: number) => Float32Array.from({ length: size }, () => (2 * rng.uniform() - 1) * bound)
  const size = shape.reduce((product, length) => product * length, 1)
  return { kernel: { shape, data: draw(size) }, bias: { shape: [units!], data: draw(units!) } }
}
