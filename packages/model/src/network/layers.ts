/**
 * Layers for `sequential` and `functional`. Their options have the names of PyTorch or Keras, and defaults that suit
 * spectrograms. A layer takes the shape from its input. Initial weights are drawn as in PyTorch.
 */
import { asOptions, assertInRange, assertInteger, assertPositive, EscError, wrongOption } from '@esc/core'
import { type Layer, layerOf } from './layer.js'
import type {
  BatchNormOptions,
  Conv2dOptions,
  DenseOptions,
  DepthwiseConv2dOptions,
  DropoutOptions,
  LayerNormOptions,
  LayerOptions,
  LeakyReluOptions,
  PoolOptions,
  ReshapeOptions,
  SeparableConv2dOptions,
} from './layer-options.js'
import {
  assertOptions,
  convNames,
  convolution,
  drawn,
  filled,
  largestSize,
  nameOnly,
  plain,
  pool,
} from './layer-parts.js'

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

/** A convolution of each channel by itself: [C, H, W] → [C · multiplier, H', W']. @example depthwiseConv2d({ kernel: 5 }) */
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
 * A depthwise convolution without bias, then a 1 × 1 convolution: [C, H, W] → [filters, H', W']. It needs a fraction of the
 * weights and of the work of {@link conv2d}.
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

/** Batch normalisation of each channel; the shape stays. Scale and shift are trained; running averages are kept for inference. @example batchNorm() */
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

/** Normalises each example over its last axes, as LayerNorm of PyTorch does; the shape stays. @example layerNorm({ axes: 1 }) */
export function layerNorm(options: LayerNormOptions = {}): Layer {
  assertOptions('layerNorm', options, { name: true, axes: true, epsilon: true })
  const { axes = 1, epsilon = 1e-5, name } = options
  assertInteger('axes', axes, 1, 3)
  assertPositive('epsilon', epsilon)
  return layerOf('LayerNorm', name, (shape) => {
    if (axes > shape.length) {
      throw new EscError(
        'INVALID_INPUT',
        `axes=${axes} of layerNorm must be at most ${shape.length} for [${shape}]`,
      )
    }
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

/** A weighted mean over time, whose weights are learnt: [C, H, W] → [C]. Rows are averaged first. @example attentionPool() */
export function attentionPool(options: LayerOptions = {}): Layer {
  assertOptions('attentionPool', options, nameOnly)
  return layerOf('AttentionPool', options.name, ([channels], rng) => ({
    attributes: {},
    weights: { kernel: { shape: [channels!], data: drawn([1, channels!], rng).kernel.data } },
  }))
}

/**
 * Statistics pooling: mean and population standard deviation of every row over time, [C, H, W] → [2 · C · H]. The means come first.
 *
 * @see Snyder et al. 2018, X-vectors.
 * @example statsPool()
 */
export const statsPool = (options?: LayerOptions): Layer => plain('StatsPool', 'statsPool', options)

/** Puts all values into one vector, channel by channel: [C, H, W] → [C · H · W]. @example flatten() */
export const flatten = (options?: LayerOptions): Layer => plain('Flatten', 'flatten', options)

/** Gives the same values another shape. @example reshape({ shape: [64, 1, 27] }) */
export function reshape(options: ReshapeOptions): Layer {
  assertOptions('reshape', options, { name: true, shape: true })
  const { shape, name } = asOptions('reshape', options)
  if (!Array.isArray(shape)) throw wrongOption('shape', shape, 'a list of sizes')
  for (const [i, length] of shape.entries()) assertInteger(`shape[${i}]`, length, 1)
  return layerOf('Reshape', name, () => ({ attributes: { shape: [...shape] }, weights: {} }))
}

/** In training, sets a random share of the values to 0 and scales the others up. In inference, it changes nothing. @example dropout({ rate: 0.3 }) */
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
        `dense has an input of shape [${shape}] and takes vectors; put flatten() or globalAveragePool() before it`,
      )
    }
    return { attributes: {}, weights: drawn([units, shape[0]!], rng) }
  })
}

/** The sum of two values of the same shape, or of [C, H, W] and [C]. @example const block = (x: Value) => add()(x, conv2d({ filters: 16 })(x)) */
export const add = (options?: LayerOptions): Layer => plain('Add', 'add', options)
/** The product of two values of the same shape, or of [C, H, W] and [C]. @example const gated = (x: Value) => multiply()(x, sigmoid()(x)) */
export const multiply = (options?: LayerOptions): Layer => plain('Multiply', 'multiply', options)
/** Joins two or more values: images by their channels, vectors by their features. @example const both = (x: Value) => concatenate()(maxPool()(x), averagePool()(x)) */
export const concatenate = (options?: LayerOptions): Layer => plain('Concatenate', 'concatenate', options)
