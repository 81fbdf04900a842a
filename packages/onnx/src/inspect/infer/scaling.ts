/** Rules of normalisation and quantisation, which scale channels. */

import { type Call, hasInput, input, intOf, type Known, type Rule, sameType, shaped, typeOr } from './call.js'
import { axisIn, broadcast, expectRank, sameDim } from './sizes.js'

/** Checks that vector inputs of a normalisation have one value for each channel. */
function expectPerChannel(call: Call, indices: readonly number[]): void {
  const channels = input(call, 0).dims?.[1] ?? null
  for (const index of indices) {
    const value = input(call, index)
    expectRank(value, `input ${index}`, 1)
    if (value.dims)
      sameDim(
        channels,
        value.dims[0]!,
        `channels of the input and length of '${call.node.inputs[index]}' differ`,
      )
  }
}

const batchNormalization: Rule = (call) => {
  expectPerChannel(call, [1, 2, 3, 4])
  const { type, dims } = input(call, 3)
  const running = { type, dims: dims ?? [null] }
  return [shaped(call, input(call, 0).dims)[0]!, running, running, running, running]
}

const instanceNormalization: Rule = (call) => {
  expectPerChannel(call, [1, 2])
  return shaped(call, input(call, 0).dims)
}

const layerNormalization: Rule = (call) => {
  const { type, dims } = input(call, 0)
  if (dims === null) return [{ type, dims }]
  const from = axisIn(intOf(call, 'axis', -1), dims.length)
  for (const index of [1, 2]) {
    const weight = input(call, index).dims
    if (weight) broadcast([dims.slice(from), weight], ['the normalised axes', call.node.inputs[index]!])
  }
  const statistics: Known = { type: 'float32', dims: dims.map((dim, axis) => (axis < from ? dim : 1)) }
  return [{ type, dims }, statistics, statistics]
}

/** Checks that a scale that is a vector has one value for each index of `axis`. */
function expectScale(call: Call): void {
  const { dims } = input(call, 0)
  const scale = input(call, 1).dims
  if (intOf(call, 'block_size', 0) === 0 && dims && scale?.length === 1 && scale[0] !== 1) {
    const at = axisIn(intOf(call, 'axis', 1), dims.length)
    sameDim(dims[at]!, scale[0]!, `sizes of axis ${at} and of the scale differ`)
  }
}

const quantizeLinear: Rule = (call) => {
  expectScale(call)
  const type = hasInput(call, 2) ? input(call, 2).type : typeOr(call, 'output_dtype', 'uint8')
  return [{ type, dims: input(call, 0).dims }]
}

const dequantizeLinear: Rule = (call) => {
  expectScale(call)
  sameType(call, [0, 2])
  return [{ type: input(call, 1).type, dims: input(call, 0).dims }]
}

/** The rules of these operators, by name. */
export const scalingRules: Readonly<Record<string, Rule>> = {
  BatchNormalization: batchNormalization,
  DequantizeLinear: dequantizeLinear,
  DynamicQuantizeLinear: (call) => [
    { type: 'uint8', dims: input(call, 0).dims },
    { type: 'float32', dims: [] },
    { type: 'uint8', dims: [] },
  ],
  InstanceNormalization: instanceNormalization,
  LayerNormalization: layerNormalization,
  QuantizeLinear: quantizeLinear,
}
