/** Rules of operators that work value by value, or along axes. */

import { axesOf, type Call, input, intOf, numbersOf, type Rule, sameType, typeOr } from './call.js'
import { axesIn, axisIn, broadcast, contradiction, type Dim } from './sizes.js'

const same: Rule = (call) => [{ type: input(call, 0).type, dims: input(call, 0).dims }]

const asBool: Rule = (call) => [{ type: 'bool', dims: input(call, 0).dims }]

const alongAxis: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims) axisIn(intOf(call, 'axis', -1), dims.length)
  return same(call)
}

function stretched({ inputs, node }: Call): Dim[] | null {
  return broadcast(
    inputs.map(({ dims }) => dims),
    node.inputs,
  )
}

const arithmetic: Rule = (call) => [{ type: sameType(call), dims: stretched(call) }]

/** Bounds and slopes have the type of the input and do not change its shape. */
const bounded: Rule = (call) => [{ type: sameType(call), dims: input(call, 0).dims }]

const comparison: Rule = (call) => [{ type: 'bool', dims: arithmetic(call)[0]!.dims }]

function reduced(call: Call): readonly Dim[] | null {
  const { dims } = input(call, 0)
  const keep = intOf(call, 'keepdims', 1) === 1
  const listed = axesOf(call, 1, 'axes')
  if (dims === null) return null
  if (listed === 'unknown') return keep ? dims.map(() => null) : null
  const all = listed === 'none' || listed.length === 0
  if (all && intOf(call, 'noop_with_empty_axes', 0) !== 0) return dims
  const axes = new Set(all ? dims.keys() : axesIn(listed, dims.length))
  return keep
    ? dims.map((dim, axis) => (axes.has(axis) ? 1 : dim))
    : dims.filter((_, axis) => !axes.has(axis))
}

const reduce: Rule = (call) => [{ type: input(call, 0).type, dims: reduced(call) }]

const argument: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return [{ type: 'int64', dims: null }]
  const at = axisIn(intOf(call, 'axis', 0), dims.length)
  const keep = intOf(call, 'keepdims', 1) === 1
  return [{ type: 'int64', dims: dims.flatMap((dim, axis) => (axis !== at ? [dim] : keep ? [1] : [])) }]
}

const topK: Rule = (call) => {
  const { type, dims } = input(call, 0)
  const [k] = numbersOf(call, 1) ?? []
  const at = dims ? axisIn(intOf(call, 'axis', -1), dims.length) : 0
  const size = dims?.[at]
  if (typeof size === 'number' && k !== undefined && k > size) {
    throw contradiction(`takes ${k} of only ${size} values`)
  }
  const picked = dims?.map((dim, axis) => (axis === at ? (k ?? null) : dim)) ?? null
  return [
    { type, dims: picked },
    { type: 'int64', dims: picked },
  ]
}

const like: Rule = (call) => {
  const { type, dims } = input(call, 0)
  return [{ type: typeOr(call, 'dtype', type), dims }]
}

/** The rules of these operators, by name. */
export const elementwiseRules: Readonly<Record<string, Rule>> = {
  Abs: same,
  Acos: same,
  Acosh: same,
  Add: arithmetic,
  And: comparison,
  ArgMax: argument,
  ArgMin: argument,
  Asin: same,
  Asinh: same,
  Atan: same,
  Atanh: same,
  Bernoulli: like,
  BitShift: arithmetic,
  BitwiseAnd: arithmetic,
  BitwiseNot: same,
  BitwiseOr: arithmetic,
  BitwiseXor: arithmetic,
  Cast: (call) => [{ type: typeOr(call, 'to', null), dims: input(call, 0).dims }],
  CastLike: (call) => [{ type: input(call, 1).type, dims: input(call, 0).dims }],
  Ceil: same,
  Celu: same,
  Clip: bounded,
  Cos: same,
  Cosh: same,
  CumSum: same,
  Div: arithmetic,
  Dropout: (call) => [same(call)[0]!, { type: 'bool', dims: input(call, 0).dims }],
  Elu: same,
  Equal: comparison,
  Erf: same,
  Exp: same,
  Floor: same,
  Gelu: same,
  Greater: comparison,
  GreaterOrEqual: comparison,
  GroupNormalization: same,
  HardSigmoid: same,
  HardSwish: same,
  Hardmax: alongAxis,
  Identity: same,
  IsInf: asBool,
  IsNaN: asBool,
  LRN: same,
  LeakyRelu: same,
  Less: comparison,
  LessOrEqual: comparison,
  Log: same,
  LogSoftmax: alongAxis,
  LpNormalization: alongAxis,
  Max: arithmetic,
  Mean: arithmetic,
  MeanVarianceNormalization: same,
  Min: arithmetic,
  Mish: same,
  Mod: arithmetic,
  Mul: arithmetic,
  Neg: same,
  Not: same,
  Or: comparison,
  PRelu: bounded,
  Pow: (call) => [{ type: input(call, 0).type, dims: stretched(call) }],
  RandomNormalLike: like,
  RandomUniformLike: like,
  Reciprocal: same,
  ReduceL1: reduce,
  ReduceL2: reduce,
  ReduceLogSum: reduce,
  ReduceLogSumExp: reduce,
  ReduceMax: reduce,
  ReduceMean: reduce,
  ReduceMin: reduce,
  ReduceProd: reduce,
  ReduceSum: reduce,
  ReduceSumSquare: reduce,
  Relu: same,
  ReverseSequence: same,
  Round: same,
  ScatterElements: same,
  ScatterND: same,
  Selu: same,
  Shrink: same,
  Sigmoid: same,
  Sign: same,
  Sin: same,
  Sinh: same,
  Softmax: alongAxis,
  Softplus: same,
  Softsign: same,
  Sqrt: same,
  Sub: arithmetic,
  Sum: arithmetic,
  Tan: same,
  Tanh: same,
  ThresholdedRelu: same,
  TopK: topK,
  Trilu: same,
  Where: (call) => [{ type: sameType(call, [1, 2]), dims: stretched(call) }],
  Xor: comparison,
}
