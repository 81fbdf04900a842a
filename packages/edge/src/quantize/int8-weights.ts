/** Weights and biases as integers: the range of int8 weights, their scales, and rounding. */
import { floatTensor, sizeOf, type Tensor } from '@esc/onnx'
import { roundHalfEven } from './int8-activations.js'

/** A quantised constant. `axis: null` means one scale for all values. */
export interface WeightScale {
  values: Tensor
  scales: Tensor & { type: 'float32' }
  zeroPoints: Tensor
  axis: number | null
}

/** Largest absolute value of an int8 weight; `reduced` is the one of 7 bits. The smallest is its negative: the range is symmetric. */
const weightLimit = { full: 127, reduced: 64 } as const

/** How weights are quantised. */
export interface WeightOptions {
  perChannel: boolean
  /** Weights of 7 bits, in ±64, instead of 8 bits, in ±127. */
  reduceRange: boolean
  /** Lower bounds of the scales: one for each channel, or one for the whole tensor. */
  smallestScales: readonly number[]
}

/**
 * Weights as int8, symmetric around 0, with one scale for each output channel (the first axis) or one for the whole tensor.
 *
 * @see ONNX Runtime `quantize_static(reduce_range=True)`: weights in [-64, 64].
 */
export function quantizeWeight(
  { dims, data }: { dims: readonly number[]; data: Float32Array },
  { perChannel, reduceRange, smallestScales }: WeightOptions,
): WeightScale {
  const limit = reduceRange ? weightLimit.reduced : weightLimit.full
  const channels = perChannel ? dims[0]! : 1
  const size = data.length / channels
  const scales = new Float32Array(channels)
  const values = new Int8Array(data.length)
  for (let channel = 0; channel < channels; channel++) {
    let peak = 0
    for (let i = channel * size; i < (channel + 1) * size; i++) peak = Math.max(peak, Math.abs(data[i]!))
    const scale = Math.fround(Math.max(peak / limit, smallestScales[channel]!)) || 1
    scales[channel] = scale
    for (let i = channel * size; i < (channel + 1) * size; i++) {
      values[i] = Math.max(-limit, Math.min(limit, roundHalfEven(data[i]! / scale)))
    }
  }
  return {
    values: { type: 'int8', dims, data: values },
    scales: floats(scales, perChannel),
    zeroPoints: { type: 'int8', dims: perChannel ? [channels] : [], data: new Int8Array(channels) },
    axis: perChannel ? 0 : null,
  }
}

/** The largest int32, reduced by the possible rounding error of float32 scales. */
const largestBias = 2 ** 31 * (1 - 2 ** -20)

/**
 * The smallest scale of each channel with which its bias still fits int32. If the weights of a channel are nearly 0 (after a
 * BatchNorm with a gamma near 0 was folded), their own scale would be so small that the bias is cut off, and the bias is all that
 * such a channel contributes.
 *
 * @see ONNX Runtime `QDQQuantizer`, which adjusts weight scales for int32 biases for the same reason.
 */
export function scalesForBias(bias: Float32Array, inputScale: number, perChannel: boolean): number[] {
  const smallest = Array.from(bias, (value) => Math.abs(value) / (inputScale * largestBias))
  return perChannel ? smallest : [Math.max(0, ...smallest)]
}

/**
 * A bias as int32 in units of input scale × weight scale, so that a kernel can add it to its sum of products. The weight
 * scales must not be smaller than {@link scalesForBias} allows.
 */
export function quantizeBias(
  { dims, data }: { dims: readonly number[]; data: Float32Array },
  inputScale: number,
  weightScales: Tensor & { type: 'float32' },
): WeightScale {
  const perChannel = sizeOf(weightScales.dims) === data.length && weightScales.dims.length === 1
  const scales = weightScales.data.map((scale) => scale * inputScale)
  const values = Int32Array.from(data, (value, i) => roundHalfEven(value / scales[perChannel ? i : 0]!))
  return {
    values: { type: 'int32', dims, data: values },
    scales: floats(scales, perChannel),
    zeroPoints: {
      type: 'int32',
      dims: perChannel ? [scales.length] : [],
      data: new Int32Array(scales.length),
    },
    axis: perChannel ? 0 : null,
  }
}

function floats(data: Float32Array, perChannel: boolean): Tensor & { type: 'float32' } {
  return floatTensor(data, perChannel ? [data.length] : []) as Tensor & { type: 'float32' }
}
