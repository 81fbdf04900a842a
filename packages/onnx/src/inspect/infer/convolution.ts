/** Rules of convolutions and pooling. */

import type { ElementType } from '../../tensor.js'
import {
  type Call,
  hasInput,
  input,
  intOf,
  intsOf,
  type Known,
  type Rule,
  sameType,
  stringOf,
} from './call.js'
import { contradiction, type Dim, describeDims, expectRank, productOf, sameDim } from './sizes.js'

/** A window that slides over the spatial axes. */
interface Window {
  size: readonly Dim[]
  strides: readonly number[]
  dilations: readonly number[]
  /** Padding before each axis, then padding behind each axis. */
  pads: readonly number[]
  autoPad: string
}

function windowOf(call: Call, size: readonly Dim[]): Window {
  const rank = size.length
  const listed = (name: string, fill: number, count: number) => {
    const values = intsOf(call, name) ?? new Array<number>(count).fill(fill)
    if (values.length !== count) throw contradiction(`${name} [${values}] must have ${count} values`)
    return values
  }
  const window = {
    size,
    strides: listed('strides', 1, rank),
    dilations: listed('dilations', 1, rank),
    pads: listed('pads', 0, 2 * rank),
    autoPad: stringOf(call, 'auto_pad', 'NOTSET'),
  }
  const { strides, dilations } = window
  if (![...size, ...strides, ...dilations].every((value) => typeof value !== 'number' || value >= 1)) {
    throw contradiction(`kernel [${size}], strides [${strides}] and dilations [${dilations}] must be >= 1`)
  }
  return window
}

/** The number of positions of the window along one axis: the size of the output. */
function places(
  size: Dim,
  { size: sizes, strides, dilations, pads, autoPad }: Window,
  axis: number,
  ceil: boolean,
): Dim {
  const [kernel, stride] = [sizes[axis]!, strides[axis]!]
  if (autoPad.startsWith('SAME'))
    return typeof size === 'number' ? Math.ceil(size / stride) : stride === 1 ? size : null
  if (typeof kernel !== 'number') return null
  const before = autoPad === 'VALID' ? 0 : pads[axis]!
  const reach = (kernel - 1) * dilations[axis]! + 1
  const margin = before + (autoPad === 'VALID' ? 0 : pads[axis + sizes.length]!) - reach
  // If padding adds exactly what the window takes away, the size stays as it is, even if it is unknown.
  if (typeof size !== 'number') return stride === 1 && margin === -1 ? size : null
  if (size + margin < 0)
    throw contradiction(`a window of ${reach} is larger than the padded axis of ${size + margin + reach}`)
  if (!ceil) return Math.floor((size + margin) / stride) + 1
  const count = Math.ceil((size + margin) / stride) + 1
  // A last window that would begin in the padding behind the input is left out.
  return (count - 1) * stride >= size + before ? count - 1 : count
}

/** Sizes of a kernel without its channels, from the attribute if it is given, else from the weights. */
function kernelSize(call: Call, weight: Known): readonly Dim[] | null {
  const listed = intsOf(call, 'kernel_shape') ?? null
  const sizes = weight.dims?.slice(2) ?? listed
  if (
    listed &&
    sizes &&
    (listed.length !== sizes.length ||
      !listed.every((size, i) => typeof sizes[i] !== 'number' || size === sizes[i]))
  ) {
    throw contradiction(
      `kernel_shape [${listed}] is not the one of the weights, ${describeDims(weight.dims)}`,
    )
  }
  return listed ?? sizes
}

interface ConvInputs {
  weight: number
  bias: number
  type: ElementType | null
}

function conv(call: Call, { weight: weightIndex, bias: biasIndex, type }: ConvInputs): readonly Known[] {
  const [image, weight] = [input(call, 0), input(call, weightIndex)]
  expectRank(image, 'the input', 3, Number.POSITIVE_INFINITY)
  expectRank(weight, 'the weights', 3, Number.POSITIVE_INFINITY)
  if (image.dims && weight.dims) expectRank(weight, 'the weights', image.dims.length)
  const kernel = kernelSize(call, weight)
  const [filters = null, perGroup = null] = weight.dims ?? []
  const group = intOf(call, 'group', 1)
  const channels = image.dims?.[1] ?? null
  const wanted = typeof perGroup === 'number' ? perGroup * group : null
  sameDim(
    channels,
    wanted,
    `channels of the input and of the weights${group === 1 ? '' : ` (${group} groups)`} differ`,
  )
  if (typeof filters === 'number' && filters % group !== 0)
    throw contradiction(`${filters} filters cannot be divided into ${group} groups`)
  expectBias(call, biasIndex, filters)
  if (image.dims === null || kernel === null) return [{ type, dims: null }]
  const window = windowOf(call, kernel)
  if (kernel.length !== image.dims.length - 2)
    throw contradiction(`kernel [${kernel}] does not fit the input ${describeDims(image.dims)}`)
  const spatial = image.dims.slice(2).map((size, axis) => places(size, window, axis, false))
  return [{ type, dims: [image.dims[0]!, filters, ...spatial] }]
}

function expectBias(call: Call, index: number, filters: Dim): void {
  const bias = input(call, index)
  expectRank(bias, 'the bias', 1)
  if (bias.dims) sameDim(filters, bias.dims[0]!, 'number of filters and length of the bias differ')
}

const convTranspose: Rule = (call) => {
  const type = sameType(call)
  const [image, weight] = [input(call, 0), input(call, 1)]
  const kernel = kernelSize(call, weight)
  const group = intOf(call, 'group', 1)
  sameDim(
    image.dims?.[1] ?? null,
    weight.dims?.[0] ?? null,
    'channels of the input and of the weights differ',
  )
  const filters = productOf([weight.dims?.[1] ?? null, group])
  expectBias(call, 2, filters)
  if (image.dims === null || kernel === null) return [{ type, dims: null }]
  const window = windowOf(call, kernel)
  const outputShape = intsOf(call, 'output_shape')
  const added = intsOf(call, 'output_padding') ?? kernel.map(() => 0)
  const spatial = image.dims.slice(2).map((size, axis): Dim => {
    const [stride, taps] = [window.strides[axis]!, kernel[axis]!]
    if (outputShape) return outputShape.at(axis - kernel.length) ?? null
    if (window.autoPad.startsWith('SAME')) return productOf([size, stride])
    if (typeof size !== 'number' || typeof taps !== 'number') return null
    const cut = window.autoPad === 'VALID' ? 0 : window.pads[axis]! + window.pads[axis + kernel.length]!
    const length = stride * (size - 1) + added[axis]! + (taps - 1) * window.dilations[axis]! + 1 - cut
    if (!(length >= 0)) throw contradiction(`pads [${window.pads}] remove more than there is`)
    return length
  })
  return [{ type, dims: [image.dims[0]!, filters, ...spatial] }]
}

const pool: Rule = (call) => {
  const { type, dims } = input(call, 0)
  expectRank(input(call, 0), 'the input', 3, Number.POSITIVE_INFINITY)
  const kernel = intsOf(call, 'kernel_shape')
  if (dims === null || !kernel)
    return [
      { type, dims: null },
      { type: 'int64', dims: null },
    ]
  if (kernel.length !== dims.length - 2)
    throw contradiction(`kernel_shape [${kernel}] does not fit the input ${describeDims(dims)}`)
  const window = windowOf(call, kernel)
  const ceil = intOf(call, 'ceil_mode', 0) !== 0
  const pooled = [...dims.slice(0, 2), ...dims.slice(2).map((size, axis) => places(size, window, axis, ceil))]
  return [
    { type, dims: pooled },
    { type: 'int64', dims: pooled },
  ]
}

const globalPool: Rule = (call) => {
  const { type, dims } = input(call, 0)
  return [{ type, dims: dims?.map((dim, axis) => (axis < 2 ? dim : 1)) ?? null }]
}

const maxUnpool: Rule = (call) => {
  const { type, dims } = input(call, 0)
  const kernel = intsOf(call, 'kernel_shape')
  if (hasInput(call, 2)) return [{ type, dims: input(call, 2).content ?? dims?.map(() => null) ?? null }]
  if (dims === null || !kernel) return [{ type, dims: null }]
  const { strides, pads } = windowOf(call, kernel)
  const spatial = dims.slice(2).map((size, axis) => {
    if (typeof size !== 'number') return null
    return (size - 1) * strides[axis]! + kernel[axis]! - pads[axis]! - pads[axis + kernel.length]!
  })
  return [{ type, dims: [...dims.slice(0, 2), ...spatial] }]
}

/** The rules of these operators, by name. */
export const convolutionRules: Readonly<Record<string, Rule>> = {
  AveragePool: pool,
  Conv: (call) => conv(call, { weight: 1, bias: 2, type: sameType(call) }),
  ConvInteger: (call) => conv(call, { weight: 1, bias: -1, type: 'int32' }),
  ConvTranspose: convTranspose,
  GlobalAveragePool: globalPool,
  GlobalLpPool: globalPool,
  GlobalMaxPool: globalPool,
  LpPool: pool,
  MaxPool: pool,
  MaxUnpool: maxUnpool,
  QLinearConv: (call) => conv(call, { weight: 3, bias: 8, type: input(call, 7).type }),
}
