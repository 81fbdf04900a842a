/** What several layers share: checks of options, attributes, initial weights. */
import {
  assertInteger,
  assertKnown,
  assertOneOf,
  EscError,
  type Rng,
  type Size2,
  type Weight,
  wrongOption,
} from '@esc/core'
import { isValue, type Layer, layerOf } from './layer.js'
import type { ConvOptions, LayerOptions, PoolOptions, Size } from './layer-options.js'

export const nameOnly = { name: true } as const
export const convNames = {
  ...nameOnly,
  kernel: true,
  strides: true,
  dilations: true,
  padding: true,
} as const

/** Largest number of filters or units, and largest size. A mistyped number must not take all memory. */
export const largestSize = 65_536

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
  | 'StatsPool'
  | 'Flatten'
  | 'Add'
  | 'Multiply'
  | 'Concatenate'

/** A layer without attributes and weights. */
export function plain(op: PlainOp, owner: string, options: LayerOptions = {}): Layer {
  assertOptions(owner, options, nameOnly)
  return layerOf(op, options.name, () => ({ attributes: {}, weights: {} }))
}

/** A pooling layer with windows. */
export function pool(op: 'MaxPool' | 'AveragePool', owner: string, options: PoolOptions = {}): Layer {
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

/** Kernel size and attributes of a convolution. Strides and dilations that equal a node's defaults are left out. */
export function convolution({ kernel = 3, strides = 1, dilations = 1, padding = 'same' }: ConvOptions) {
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
  const sizes: readonly number[] = Array.isArray(size) ? size : [size as number, size as number]
  if (sizes.length !== 2) throw wrongOption(name, size, 'a number, or [rows, columns]')
  const [rows, columns] = sizes as Size2
  for (const value of [rows, columns]) assertInteger(name, value, 1, largestSize)
  return [rows, columns]
}

/** @throws EscError INVALID_OPTION if these are no options, or a value: `relu(x)` was written instead of `relu()(x)`. */
export function assertOptions<T extends object>(
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

/** Largest number of values of a weight: 1 GiB. */
const largestWeight = 2 ** 28

/** Number of values of a weight, after checking that it is not too large. */
function weightSize(shape: readonly number[]): number {
  const size = shape.reduce((all, length) => all * length, 1)
  if (size <= largestWeight) return size
  const advice = 'use fewer filters or units, or a smaller input'
  throw new EscError(
    'INVALID_INPUT',
    `a weight of shape [${shape}] would have more than ${largestWeight} values; ${advice}`,
  )
}

/** A weight with one number everywhere. */
export function filled(shape: readonly number[], value: number): Weight {
  return { shape, data: new Float32Array(weightSize(shape)).fill(value) }
}

/**
 * A weight and a bias drawn from U(-1/√fanIn, 1/√fanIn): PyTorch's default for convolutions and dense layers, which is
 * Kaiming-uniform with a = √5.
 *
 * @see torch.nn.Linear.reset_parameters; He et al. 2015.
 */
export function drawn(shape: readonly number[], rng: Rng): { kernel: Weight; bias: Weight } {
  const [units, ...fan] = shape
  const bound = 1 / Math.sqrt(fan.reduce((product, size) => product * size, 1))
  const draw = (size: number) => Float32Array.from({ length: size }, () => (2 * rng.uniform() - 1) * bound)
  return { kernel: { shape, data: draw(weightSize(shape)) }, bias: { shape: [units!], data: draw(units!) } }
}
