/** Rules of operators that give values another shape, or repeat them. */
import { axesOf, input, intOf, intsOf, numbersOf, type Rule, shaped, unknownSizes } from './call.js'
import {
  asSize,
  axesIn,
  axisIn,
  broadcast,
  contradiction,
  type Dim,
  describeDims,
  productOf,
  sameDim,
} from './sizes.js'

const reshape: Rule = (call) => {
  const { dims } = input(call, 0)
  const wanted = input(call, 1).content
  if (!wanted) return shaped(call, unknownSizes(call, 1))
  const copies = intOf(call, 'allowzero', 0) === 0
  const rest = wanted.indexOf(-1)
  if (rest !== wanted.lastIndexOf(-1))
    throw contradiction(`shape ${describeDims(wanted)} has more than one -1`)
  const sizes = wanted.map((size, axis) => {
    if (size !== 0 || !copies) return size === -1 ? -1 : asSize(size)
    if (dims && axis >= dims.length)
      throw contradiction(`shape ${describeDims(wanted)} copies a size that does not exist`)
    return dims?.[axis] ?? null
  })
  const listed = sizes.filter((_, axis) => axis !== rest)
  if (dims !== null) {
    const quotient = divided(dims, listed)
    if (rest >= 0) sizes[rest] = quotient
    else if (typeof quotient === 'number' && quotient !== 1) {
      throw contradiction(
        `reshapes ${describeDims(dims)} to ${describeDims(sizes)}, which has another number of values`,
      )
    }
  } else if (rest >= 0) sizes[rest] = null
  return shaped(call, sizes)
}

/** The number of values of `dims`, divided by that of `by`; null if it depends on the numbers behind symbols. */
function divided(dims: readonly Dim[], by: readonly Dim[]): Dim {
  const left = [...dims]
  const divisors: Dim[] = []
  for (const size of by) {
    const at = typeof size === 'string' ? left.indexOf(size) : -1
    if (at >= 0) left.splice(at, 1)
    else divisors.push(size)
  }
  const symbols = left.filter((dim) => typeof dim !== 'number')
  const above = productOf(left.filter((dim) => typeof dim === 'number')) as number
  const below = productOf(divisors)
  if (typeof below !== 'number' || below === 0) return null
  if (symbols.length === 0) {
    if (above % below !== 0)
      throw contradiction(`${describeDims(dims)} does not divide into ${describeDims(by)}`)
    return above / below
  }
  return symbols.length === 1 && above === below ? symbols[0]! : null
}

const transpose: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return shaped(call, null)
  const perm = intsOf(call, 'perm') ?? [...dims.keys()].reverse()
  if (perm.length !== dims.length) {
    throw contradiction(`perm [${perm}] is not an order of the axes of ${describeDims(dims)}`)
  }
  return shaped(
    call,
    axesIn(perm, dims.length).map((axis) => dims[axis]!),
  )
}

const squeeze: Rule = (call) => {
  const { dims } = input(call, 0)
  const axes = axesOf(call, 1, 'axes')
  if (dims === null || axes === 'unknown') return shaped(call, null)
  if (axes === 'none')
    return shaped(call, dims.every((dim) => typeof dim === 'number') ? dims.filter((dim) => dim !== 1) : null)
  const gone = new Set(axesIn(axes, dims.length))
  for (const at of gone) sameDim(dims[at]!, 1, `axis ${at} is squeezed, but its size is not 1`)
  return shaped(
    call,
    dims.filter((_, axis) => !gone.has(axis)),
  )
}

const unsqueeze: Rule = (call) => {
  const { dims } = input(call, 0)
  const axes = axesOf(call, 1, 'axes')
  if (dims === null || typeof axes === 'string') return shaped(call, null)
  const added = new Set(axesIn(axes, dims.length + axes.length))
  const rest = dims.values()
  return shaped(
    call,
    Array.from({ length: dims.length + axes.length }, (_, axis) =>
      added.has(axis) ? 1 : (rest.next().value as Dim),
    ),
  )
}

const flatten: Rule = (call) => {
  const { dims } = input(call, 0)
  if (dims === null) return shaped(call, [null, null])
  const axis = intOf(call, 'axis', 1)
  const at = axis === dims.length ? axis : axisIn(axis, dims.length)
  return shaped(call, [productOf(dims.slice(0, at)), productOf(dims.slice(at))])
}

const expand: Rule = (call) => {
  const { dims } = input(call, 0)
  const target = input(call, 1).content?.map(asSize)
  return shaped(call, dims && target ? broadcast([dims, target], [call.node.inputs[0]!, 'shape']) : null)
}

const tile: Rule = (call) => {
  const { dims } = input(call, 0)
  const repeats = numbersOf(call, 1)
  if (dims && repeats && repeats.length !== dims.length) {
    throw contradiction(`has ${repeats.length} repeats for ${dims.length} dimensions`)
  }
  return shaped(call, dims?.map((dim, axis) => productOf([dim, repeats?.[axis] ?? null])) ?? null)
}

/** The rules of these operators, by name. */
export const reshapeRules: Readonly<Record<string, Rule>> = {
  Expand: expand,
  Flatten: flatten,
  Reshape: reshape,
  Squeeze: squeeze,
  Tile: tile,
  Transpose: transpose,
  Unsqueeze: unsqueeze,
}
