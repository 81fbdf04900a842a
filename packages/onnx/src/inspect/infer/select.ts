/** Rules of operators that join, cut and choose values. */
import { hasInput, input, intOf, type Known, numbersOf, type Rule, sameType, shaped } from './call.js'
import { asSize, axesIn, axisIn, contradiction, type Dim, expectRank, sameDim } from './sizes.js'

const concat: Rule = (call) => {
  const type = sameType(call)
  const shapes = call.inputs.flatMap(({ dims }) => (dims === null ? [] : [dims]))
  const [first] = shapes
  if (!first) return [{ type, dims: null }]
  for (const dims of shapes) expectRank({ dims }, 'an input', first.length)
  const at = axisIn(intOf(call, 'axis', 0), first.length)
  const merged = first.map((_, axis) => {
    if (axis === at) {
      const sizes = call.inputs.map(({ dims }) => dims?.[axis] ?? null)
      return sizes.every((size) => typeof size === 'number') ? sizes.reduce((a, b) => a + b, 0) : null
    }
    return shapes.reduce<Dim>(
      (known, dims) => sameDim(known, dims[axis] ?? null, `sizes of axis ${axis} differ`),
      null,
    )
  })
  return [{ type, dims: merged }]
}

const split: Rule = (call) => {
  const { type, dims } = input(call, 0)
  const parts = call.node.outputs.length
  const isListed = hasInput(call, 1)
  const asked = intOf(call, 'num_outputs', 0)
  if (call.opset >= 18 && isListed === asked > 0) {
    throw contradiction('needs either the sizes as its second input, or num_outputs >= 1')
  }
  const count = isListed || call.opset < 18 ? parts : asked
  if (count < parts) throw contradiction(`splits into ${count} parts, but has ${parts} outputs`)
  if (dims === null) return new Array<Known>(parts).fill({ type, dims })
  const at = axisIn(intOf(call, 'axis', 0), dims.length)
  const size = dims[at]!
  if (call.opset < 18 && !isListed && typeof size === 'number' && size % parts !== 0) {
    throw contradiction(`splits ${size} into ${parts} equal parts`)
  }
  const chunk = typeof size === 'number' ? Math.ceil(size / count) : null
  const equal = Array.from({ length: parts }, (_, part) =>
    chunk === null ? null : Math.max(0, Math.min(chunk, (size as number) - part * chunk)),
  )
  const sizes = isListed ? (numbersOf(call, 1) ?? new Array<Dim>(parts).fill(null)) : equal
  if (sizes.length !== parts)
    throw contradiction(`splits into ${sizes.length} parts, but has ${parts} outputs`)
  const isKnown = isListed && sizes.every((part) => typeof part === 'number')
  const sum = isKnown ? sizes.reduce((a, b) => a + b, 0) : null
  sameDim(sum, size, `parts [${sizes}] do not fill axis ${at}`)
  return sizes.map((part) => ({ type, dims: dims.map((dim, axis) => (axis === at ? part : dim)) }))
}

const slice: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return shaped(call, null)
  const [starts, ends] = [numbersOf(call, 1), numbersOf(call, 2)]
  const count = starts?.length ?? ends?.length ?? input(call, 1).dims?.[0]
  const axes = hasInput(call, 3)
    ? numbersOf(call, 3)
    : typeof count === 'number'
      ? [...dims.keys()].slice(0, count)
      : undefined
  if (!axes)
    return shaped(
      call,
      dims.map(() => null),
    )
  const steps = hasInput(call, 4) ? numbersOf(call, 4) : axes.map(() => 1)
  const out = [...dims]
  for (const [i, at] of axesIn(axes, dims.length).entries()) {
    out[at] = slicedSize(dims[at]!, starts?.[i], ends?.[i], steps?.[i])
  }
  return shaped(call, out)
}

function slicedSize(size: Dim, start?: number, end?: number, step?: number): Dim {
  if (step === 0) throw contradiction('slices in steps of 0, without end')
  if (start === undefined || end === undefined || step === undefined) return null
  if (typeof size !== 'number') return start === 0 && end > 2 ** 31 - 2 && step === 1 ? size : null
  const within = (index: number, low: number, high: number) =>
    Math.min(Math.max(index < 0 ? index + size : index, low), high)
  const [from, to] =
    step > 0
      ? [within(start, 0, size), within(end, 0, size)]
      : [within(start, 0, size - 1), within(end, -1, size - 1)]
  return Math.max(0, Math.ceil((to - from) / step))
}

const gather: Rule = (call) => {
  const [{ dims }, { dims: indices }] = [input(call, 0), input(call, 1)]
  if (dims === null) return shaped(call, null)
  const at = axisIn(intOf(call, 'axis', 0), dims.length)
  return shaped(call, indices && [...dims.slice(0, at), ...indices, ...dims.slice(at + 1)])
}

const gatherNd: Rule = (call) => {
  const [{ dims }, { dims: indices }] = [input(call, 0), input(call, 1)]
  const depth = indices?.at(-1)
  if (dims === null || !indices || typeof depth !== 'number') return shaped(call, null)
  return shaped(call, [...indices.slice(0, -1), ...dims.slice(intOf(call, 'batch_dims', 0) + depth)])
}

const pad: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return shaped(call, null)
  const pads = numbersOf(call, 1)
  const axes = hasInput(call, 3) ? numbersOf(call, 3) : [...dims.keys()]
  if (!pads || !axes)
    return shaped(
      call,
      dims.map(() => null),
    )
  if (pads.length !== 2 * axes.length) {
    throw contradiction(
      `has ${pads.length} pads for ${axes.length} axes; it needs one before and one behind each axis`,
    )
  }
  const out = [...dims]
  for (const [i, at] of axesIn(axes, dims.length).entries()) {
    const added = pads[i]! + pads[axes.length + i]!
    const size = dims[at]!
    out[at] = typeof size === 'number' ? asSize(size + added) : added === 0 ? size : null
  }
  return shaped(call, out)
}

/** The rules of these operators, by name. */
export const selectRules: Readonly<Record<string, Rule>> = {
  Concat: concat,
  Gather: gather,
  GatherElements: (call) => shaped(call, input(call, 1).dims),
  GatherND: gatherNd,
  NonZero: (call) => [{ type: 'int64', dims: [input(call, 0).dims?.length ?? null, null] }],
  Pad: pad,
  Slice: slice,
  Split: split,
}
