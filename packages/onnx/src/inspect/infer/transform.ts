/** Rules of resizing, of moving channels to pixels and back, and of Fourier transforms. */
import { hasInput, input, intOf, intsOf, numbersOf, type Rule, stringOf } from './call.js'
import { axesIn, axisIn, contradiction, type Dim, expectRank, productOf } from './sizes.js'

const resize: Rule = (call) => {
  const { type, dims } = input(call, 0)
  if (dims === null) return [{ type, dims }]
  const axes = intsOf(call, 'axes') ? axesIn(intsOf(call, 'axes')!, dims.length) : [...dims.keys()]
  const sizes = hasInput(call, 3) ? input(call, 3).content : undefined
  const scales = numbersOf(call, 2)
  const keepsAspect = stringOf(call, 'keep_aspect_ratio_policy', 'stretch') !== 'stretch'
  const listed = sizes ?? (scales?.length ? scales : undefined)
  if (listed && listed.length !== axes.length)
    throw contradiction(`has ${listed.length} sizes or scales for ${axes.length} axes`)
  const out = [...dims]
  for (const [i, at] of axes.entries()) {
    const [size, scale] = [dims[at]!, scales?.[i]]
    if (sizes) out[at] = keepsAspect ? null : (sizes[i] ?? null)
    else if (scale === undefined) out[at] = null
    else out[at] = typeof size === 'number' ? Math.floor(size * scale) : scale === 1 ? size : null
  }
  return [{ type, dims: out }]
}

/** A rule in which channels become blocks of pixels, or blocks of pixels become channels. */
const blocks =
  (outputOf: (dims: readonly [Dim, Dim, Dim, Dim], block: number) => Dim[]): Rule =>
  (call) => {
    const { type, dims } = input(call, 0)
    const block = intOf(call, 'blocksize', 1)
    expectRank(input(call, 0), 'the input', 4)
    if (!(block >= 1)) throw contradiction(`blocksize ${block} must be >= 1`)
    return [{ type, dims: dims && outputOf(dims as [Dim, Dim, Dim, Dim], block) }]
  }

const depthToSpace = blocks(([batch, channels, height, width], block) => [
  batch,
  whole(channels, block * block),
  productOf([height, block]),
  productOf([width, block]),
])

const spaceToDepth = blocks(([batch, channels, height, width], block) => [
  batch,
  productOf([channels, block * block]),
  whole(height, block),
  whole(width, block),
])

function whole(size: Dim, by: number): Dim {
  if (typeof size !== 'number') return by === 1 ? size : null
  if (size % by !== 0) throw contradiction(`${size} is not a multiple of ${by}`)
  return size / by
}

/** The axis is an attribute before operator set 20, and an input from then on. */
const dft: Rule = (call) => {
  const { type, dims } = input(call, 0)
  if (dims === null) return [{ type, dims }]
  const [listed] =
    call.opset >= 20 ? (hasInput(call, 2) ? (numbersOf(call, 2) ?? []) : [-2]) : [intOf(call, 'axis', 1)]
  if (listed === undefined) return [{ type, dims: [...dims.slice(0, -1).map(() => null), 2] }]
  const at = axisIn(listed, dims.length)
  const length = hasInput(call, 1) ? (numbersOf(call, 1)?.[0] ?? null) : dims[at]!
  const half = intOf(call, 'onesided', 0) !== 0
  const bins = half ? (typeof length === 'number' ? Math.floor(length / 2) + 1 : null) : length
  return [{ type, dims: [...dims.slice(0, -1).map((dim, axis) => (axis === at ? bins : dim)), 2] }]
}

const stft: Rule = (call) => {
  const { type, dims } = input(call, 0)
  const step = numbersOf(call, 1)?.[0] ?? null
  const window = hasInput(call, 2) ? input(call, 2).dims?.[0] : undefined
  const length = numbersOf(call, 3)?.[0] ?? window ?? null
  const size = dims?.[1] ?? null
  if (step !== null && !(step > 0)) throw contradiction(`frame_step ${step} must be > 0`)
  if (typeof length !== 'number') return [{ type, dims: [dims?.[0] ?? null, null, null, 2] }]
  const frames = typeof size === 'number' && step !== null ? Math.floor((size - length) / step) + 1 : null
  if (frames !== null && frames < 0)
    throw contradiction(`frames of ${length} do not fit into ${size} samples`)
  const bins = intOf(call, 'onesided', 1) !== 0 ? Math.floor(length / 2) + 1 : length
  return [{ type, dims: [dims?.[0] ?? null, frames, bins, 2] }]
}

/** The rules of these operators, by name. */
export const transformRules: Readonly<Record<string, Rule>> = {
  DFT: dft,
  DepthToSpace: depthToSpace,
  Resize: resize,
  STFT: stft,
  SpaceToDepth: spaceToDepth,
}
