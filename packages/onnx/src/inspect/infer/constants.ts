/** Rules of operators that make values from attributes, sizes and counts. */

import { sizeOf } from '../../tensor.js'
import { input, intOf, intsOf, numbersOf, type Rule, sameType, typeOr, unknownSizes } from './call.js'
import { asSize, axisIn, contradiction } from './sizes.js'
import { contentOf } from './values.js'

const shape: Rule = (call) => {
  const { dims } = input(call, 0)
  const length = dims?.slice(intOf(call, 'start', 0), intOf(call, 'end', dims.length)).length ?? null
  return [{ type: 'int64', dims: [length] }]
}

const constant: Rule = (call) => {
  const entries = Object.entries(call.node.attributes)
  if (entries.length !== 1) throw contradiction(`holds ${entries.length} values instead of one`)
  const value = entries[0]![1]
  if ('tensor' in value) {
    const { type, dims, data } = value.tensor
    if (data.length !== sizeOf(dims)) throw contradiction(`has ${data.length} values for shape [${dims}]`)
    const content = contentOf(value.tensor)
    return [{ type, dims, ...(content ? { content } : {}) }]
  }
  if ('int' in value) return [{ type: 'int64', dims: [], content: [value.int] }]
  if ('ints' in value) return [{ type: 'int64', dims: [value.ints.length], content: value.ints }]
  if ('float' in value) return [{ type: 'float32', dims: [], content: [Math.fround(value.float)] }]
  if ('floats' in value) return [{ type: 'float32', dims: [value.floats.length] }]
  return [{ type: null, dims: null }]
}

const constantOfShape: Rule = (call) => {
  const { value } = call.node.attributes
  const type = value && 'tensor' in value ? value.tensor.type : 'float32'
  return [{ type, dims: input(call, 0).content?.map(asSize) ?? unknownSizes(call, 0) }]
}

const range: Rule = (call) => {
  const type = sameType(call)
  const [start, limit, step] = [0, 1, 2].map((index) => numbersOf(call, index)?.[0])
  if (start === undefined || limit === undefined || step === undefined) return [{ type, dims: [null] }]
  if (step === 0) throw contradiction('counts in steps of 0, without end')
  return [{ type, dims: [asSize(Math.max(0, Math.ceil((limit - start) / step)))] }]
}

const oneHot: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return [{ type: input(call, 2).type, dims: null }]
  const at = axisIn(intOf(call, 'axis', -1), dims.length + 1)
  const depth = asSize(numbersOf(call, 1)?.[0] ?? null)
  return [{ type: input(call, 2).type, dims: [...dims.slice(0, at), depth, ...dims.slice(at)] }]
}

const random: Rule = (call) => [
  { type: typeOr(call, 'dtype', 'float32'), dims: intsOf(call, 'shape')?.map(asSize) ?? null },
]

const window: Rule = (call) => [
  { type: typeOr(call, 'output_datatype', 'float32'), dims: [numbersOf(call, 0)?.[0] ?? null] },
]

const melWeightMatrix: Rule = (call) => {
  const [bins, length] = [numbersOf(call, 0)?.[0], numbersOf(call, 1)?.[0]]
  const type = typeOr(call, 'output_datatype', 'float32')
  return [{ type, dims: [length === undefined ? null : Math.floor(length / 2) + 1, bins ?? null] }]
}

/** The rules of these operators, by name. */
export const constantRules: Readonly<Record<string, Rule>> = {
  BlackmanWindow: window,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  EyeLike: (call) => [{ type: typeOr(call, 'dtype', input(call, 0).type), dims: input(call, 0).dims }],
  HammingWindow: window,
  HannWindow: window,
  MelWeightMatrix: melWeightMatrix,
  OneHot: oneHot,
  RandomNormal: random,
  RandomUniform: random,
  Range: range,
  Shape: shape,
  Size: () => [{ type: 'int64', dims: [] }],
}
