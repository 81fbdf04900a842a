/**
 * Follows the numbers in short vectors and scalars. Exporters compute shapes in the graph (Shape → Gather → Concat → Reshape), and
 * without these numbers no shape behind such a Reshape is known.
 */

import { arrayOf, type Tensor } from '../../tensor.js'
import { type Call, hasInput, input, intOf, intsOf, type Known, numbersOf } from './call.js'
import { axisIn, type Dim, productOf } from './sizes.js'

/** Longest vector whose numbers are followed. Shapes, axes, pads and scales are shorter. */
const maxContent = 64

/** The numbers in a short constant. */
export function contentOf({ type, dims, data }: Tensor): readonly number[] | undefined {
  // The 16-bit floats are stored as their bits.
  if (dims.length > 1 || data.length > maxContent || type === 'float16' || type === 'bfloat16')
    return undefined
  return Array.from(data as ArrayLike<number | bigint>, Number)
}

/** The numbers in an operator's output, if the numbers in its inputs are known; undefined otherwise. */
export function foldContent(call: Call, output: Known): readonly Dim[] | undefined {
  const fold = Object.hasOwn(folds, call.node.opType) ? folds[call.node.opType] : undefined
  if (!fold || output.dims === null || output.dims.length > 1) return undefined
  const content = fold(call, output)
  const length = output.dims.length === 0 ? 1 : output.dims[0]
  return content && content.length <= maxContent && content.length === length ? content : undefined
}

/** Computes the numbers in an operator's output. */
type Fold = (call: Call, output: Known) => readonly Dim[] | undefined

const first = (call: Call) => input(call, 0).content

const folds: Readonly<Record<string, Fold>> = {
  Identity: first,
  Squeeze: first,
  Unsqueeze: first,
  Reshape: first,
  Flatten: first,
  Cast: (call, { type }) =>
    first(call)?.map((value) => (typeof value !== 'number' || type === null ? value : inType(value, type))),
  Floor: unary(Math.floor),
  Ceil: unary(Math.ceil),
  Neg: unary((value) => -value),
  Shape(call) {
    const { dims } = input(call, 0)
    return dims?.slice(intOf(call, 'start', 0), intOf(call, 'end', dims.length))
  },
  Size(call) {
    const { dims } = input(call, 0)
    return dims ? [productOf(dims)] : undefined
  },
  Concat(call) {
    const parts = call.inputs.map(({ content }) => content)
    return parts.includes(undefined) ? undefined : parts.flatMap((part) => part!)
  },
  Gather(call) {
    const { content, dims } = input(call, 0)
    return dims?.length === 1 && content
      ? numbersOf(call, 1)?.map((index) => content[axisIn(index, content.length, 'index')] ?? null)
      : undefined
  },
  Slice(call) {
    const { content } = input(call, 0)
    const [start] = numbersOf(call, 1) ?? []
    const [end] = numbersOf(call, 2) ?? []
    const [step] = hasInput(call, 4) ? (numbersOf(call, 4) ?? []) : [1]
    if (!content || start === undefined || end === undefined || step !== 1) return undefined
    return content.slice(start, end)
  },
  ConstantOfShape(call, { dims }) {
    const size = dims?.length === 0 ? 1 : dims?.[0]
    if (typeof size !== 'number' || size > maxContent) return undefined
    const { value } = call.node.attributes
    const fill = value && 'tensor' in value ? contentOf(value.tensor)?.[0] : 0
    return fill === undefined ? undefined : new Array<Dim>(size).fill(fill)
  },
  Range(call, { dims }) {
    const [start, , step] = [0, 1, 2].map((index) => numbersOf(call, index)?.[0])
    const size = dims?.[0]
    if (start === undefined || step === undefined || typeof size !== 'number' || size > maxContent)
      return undefined
    return Array.from({ length: size }, (_, i) => start + i * step)
  },
  ReduceProd(call) {
    const numbers = numbersOf(call, 0)
    const axes = intsOf(call, 'axes')
    return numbers && (!axes || axes.length === 1) ? [numbers.reduce((a, b) => a * b, 1)] : undefined
  },
  Add: binary((a, b) => a + b, 0),
  Sub: binary((a, b) => a - b, 0),
  Mul: binary((a, b) => a * b, 1),
  Div: binary((a, b, whole) => (whole ? Math.trunc(a / b) : a / b), 1),
  Max: binary((a, b) => Math.max(a, b), null),
  Min: binary((a, b) => Math.min(a, b), null),
  Equal: binary((a, b) => Number(a === b), null),
  Where(call, { dims }) {
    const length = dims?.length === 0 ? 1 : dims?.[0]
    const parts = [0, 1, 2].map((index) => input(call, index).content)
    if (typeof length !== 'number' || length > maxContent || parts.includes(undefined)) return undefined
    const at = (part: number, i: number) =>
      parts[part]!.length === 1 ? parts[part]![0]! : (parts[part]![i] ?? null)
    return Array.from({ length }, (_, i) => {
      const condition = at(0, i)
      return typeof condition === 'number' ? at(condition !== 0 ? 1 : 2, i) : null
    })
  },
}

function unary(compute: (value: number) => number): Fold {
  return (call) => first(call)?.map((value) => (typeof value === 'number' ? compute(value) : null))
}

/** Computes value by value over vectors of equal length, or with a single value. A symbol beside the neutral element stays a symbol. */
function binary(compute: (a: number, b: number, whole: boolean) => number, neutral: number | null): Fold {
  return (call, { type }) => {
    const [a, b] = [input(call, 0).content, input(call, 1).content]
    if (!a || !b || call.inputs.length !== 2 || type === null) return undefined
    const length = a.length === 1 ? b.length : a.length
    if (b.length !== 1 && b.length !== length) return undefined
    return Array.from({ length }, (_, i) => {
      const [x, y] = [a[a.length === 1 ? 0 : i]!, b[b.length === 1 ? 0 : i]!]
      if (typeof x === 'number' && typeof y === 'number') {
        const value = inType(compute(x, y, !type.startsWith('float')), type)
        return Number.isFinite(value) ? value : null
      }
      return neutral !== null && y === neutral ? x : null
    })
  }
}

/** Rounds a number as the element type stores it: a floor behind float32 arithmetic depends on it. */
function inType(value: number, type: NonNullable<Known['type']>): number {
  if (type === 'bool') return Number(value !== 0)
  if (type === 'float32') return Math.fround(value)
  if (type === 'float64') return value
  // A number cannot hold every int64 beyond 2^53. Such a value means «to the end», and no size is so large.
  return type === 'int64'
    ? Math.trunc(value)
    : Number(arrayOf[type === 'uint64' ? 'uint32' : type].of(value)[0])
}
