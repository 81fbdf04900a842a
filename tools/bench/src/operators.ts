/**
 * Forms in which ONNX Runtime can compute the same thing in a training step, with one thread and with two. The guide
 * `docs/training-in-onnx-runtime.md` names them.
 */
import {
  createGraphBuilder,
  floatTensor,
  type GraphBuilder,
  int64Vector,
  type Tensor,
  writeModel,
} from '@esc/onnx'
import { ortRuntime } from '@esc/onnx/node'
import { formatTable, median } from './rows.js'

/** Two images of a batch: 32 clips, 48 channels, 32 × 108 pixels. */
const [clips, channels, height, width] = [32, 48, 32, 108] as const
const block = 16
const rounds = 15

/** One form, and its median times. */
export interface OperatorRow {
  what: string
  form: string
  ms: readonly [oneThread: number, twoThreads: number] | null
}

/** Writes operators and returns the name of their result. `x` and `y` are the two images. */
type Form = (g: Writer) => string

interface Writer extends Pick<GraphBuilder, 'node' | 'nodeWithOutputs'> {
  ints(...values: number[]): string
  floats(dims: readonly number[], value?: number): string
  reshape(value: string, ...dims: number[]): string
}

const blocked = (op: string) => `com.microsoft.nchwc.${op}`
const pads = { pads: { ints: [1, 1, 1, 1] } }
const tiles = { kernel_shape: { ints: [2, 2] }, strides: { ints: [2, 2] } }
const perChannel = { group: { int: channels } }
const perImage = { group: { int: clips * channels } }
const steep = { alpha: { float: 3.4e38 }, beta: { float: 0 } }

const forms: readonly (readonly [what: string, form: string, build: Form])[] = [
  [
    'depthwise 3 × 3',
    'Conv',
    (g) => g.node('Conv', ['x', g.floats([channels, 1, 3, 3])], { ...perChannel, ...pads }),
  ],
  [
    '',
    'blocked Conv',
    (g) => g.node(blocked('Conv'), ['x', g.floats([channels, 1, 3, 3])], { ...perChannel, ...pads }),
  ],
  ['1 × 1, 48 → 48', 'Conv', (g) => g.node('Conv', ['x', g.floats([channels, channels, 1, 1])])],
  ['', 'blocked Conv', (g) => g.node(blocked('Conv'), ['x', g.floats([channels, channels, 1, 1])])],
  ['gradient of a depthwise kernel', 'nine taps: Slice, Concat, MatMul', gatherTaps],
  ['', 'Conv of clips × channels groups', (g) => asKernel(g, 'Conv', 'x', 'y', pads)],
  [
    '',
    'the same blocked, Pad in front',
    (g) => {
      const dims = [clips, channels / block, height, width, block]
      const padded = g.node('Pad', [g.reshape('x', ...dims), g.ints(0, 0, 1, 1, 0, 0, 0, 1, 1, 0)])
      const image = g.reshape(padded, 1, clips * channels, height + 2, width + 2)
      return g.node(blocked('Conv'), [image, g.reshape('y', clips * channels, 1, height, width)], perImage)
    },
  ],
  [
    'gradient of a 1 × 1 kernel',
    'product with the transposed image',
    (g) => {
      const rows = [clips, channels, height * width] as const
      const turned = g.node('Transpose', [g.reshape('x', ...rows)], { perm: { ints: [0, 2, 1] } })
      return g.node('MatMul', [g.reshape('y', ...rows), turned])
    },
  ],
  [
    '',
    'product with the blocked image',
    (g) => {
      const pixels = height * width
      const right = g.reshape('x', clips, channels / block, pixels, block)
      return g.node('MatMul', [g.reshape('y', clips, 1, channels, pixels), right])
    },
  ],
  [
    '',
    'one product in NHWC',
    (g) => {
      const rows = [clips * height * width, channels] as const
      return g.node('Gemm', [g.reshape('x', ...rows), g.reshape('y', ...rows)], { transA: { int: 1 } })
    },
  ],
  ['mean over clips', 'ReduceMean', (g) => g.node('ReduceMean', ['x'], { axes: { ints: [0] } })],
  [
    '',
    'product with a row of 1 / N',
    (g) => g.node('MatMul', [g.floats([1, clips], 1 / clips), g.reshape('x', clips, -1)]),
  ],
  [
    'Σ x² of each channel',
    'ReduceSumSquare',
    (g) =>
      g.node('ReduceSumSquare', [g.reshape('x', clips, channels / block, height * width, block)], {
        axes: { ints: [2] },
      }),
  ],
  [
    '',
    'Mul, ReduceSum',
    (g) => g.node('ReduceSum', [g.reshape(g.node('Mul', ['x', 'x']), clips, channels, -1), g.ints(2)]),
  ],
  ['', 'blocked Conv with itself', (g) => asKernel(g, blocked('Conv'), 'x', 'x')],
  [
    'x · scale + shift of each channel',
    'Mul, Add',
    (g) => {
      const scaled = g.node('Mul', ['x', g.floats([channels, 1, 1])])
      return g.node('Add', [scaled, g.floats([channels, 1, 1])])
    },
  ],
  [
    '',
    'BatchNormalization',
    (g) => {
      const [zero, one] = [g.floats([channels], 0), g.floats([channels], 1)]
      return g.node('BatchNormalization', ['x', one, one, zero, one], { epsilon: { float: 0 } })
    },
  ],
  [
    '',
    'blocked Conv of 1 × 1, and ReLU',
    (g) => {
      const inputs = ['x', g.floats([channels, 1, 1, 1]), g.floats([channels])]
      return g.node(blocked('Conv'), inputs, { ...perChannel, activation: { string: 'Relu' } })
    },
  ],
  [
    'gradient in front of ReLU',
    'Greater, Where',
    (g) => g.node('Where', [positive(g), 'y', g.floats([], 0)]),
  ],
  ['', 'Sign, Mul', (g) => g.node('Mul', ['y', g.node('Sign', ['x'])])],
  ['', 'Greater, Cast, Mul', (g) => g.node('Mul', ['y', g.node('Cast', [positive(g)], { to: { int: 1 } })])],
  ['', 'steep HardSigmoid, Mul', (g) => g.node('Mul', ['y', g.node('HardSigmoid', ['x'], steep)])],
  [
    'max pooling 2 × 2',
    'MaxPool with indices',
    (g) => {
      g.nodeWithOutputs('MaxPool', ['x'], ['pooled', 'indices'], tiles)
      return g.node('Add', [g.node('Cast', ['indices'], { to: { int: 1 } }), 'pooled'])
    },
  ],
  ['', 'MaxPool', (g) => g.node('MaxPool', ['x'], tiles)],
  ['', 'blocked MaxPool', (g) => g.node(blocked('MaxPool'), ['x'], tiles)],
  ['a kernel [192, 160, 1, 1] · 0.9', 'Mul', (g) => g.node('Mul', [kernel(g), g.floats([], 0.9)])],
  ['', 'Reshape to a vector, Mul', (g) => g.node('Mul', [g.reshape(kernel(g), -1), g.floats([], 0.9)])],
]

function positive(g: Writer): string {
  return g.node('Greater', ['x', g.floats([], 0)])
}

/** A value of this shape that is not constant. */
function kernel(g: Writer): string {
  const flat = g.node('Slice', [g.reshape('x', -1), g.ints(0), g.ints(192 * 160)])
  return g.reshape(flat, 192, 160, 1, 1)
}

/** A convolution of each image with an image as its kernel. */
function asKernel(g: Writer, op: string, image: string, kernelImage: string, attributes = {}): string {
  const images = g.reshape(image, 1, clips * channels, height, width)
  const kernels = g.reshape(kernelImage, clips * channels, 1, height, width)
  return g.node(op, [images, kernels], { ...perImage, ...attributes })
}

function gatherTaps(g: Writer): string {
  const padded = g.node('Pad', ['x', g.ints(0, 0, 1, 1, 0, 0, 1, 1)])
  const taps = Array.from({ length: 9 }, (_, tap) => {
    const [top, left] = [Math.floor(tap / 3), tap % 3]
    const ends = g.ints(top + height, left + width)
    return g.reshape(g.node('Slice', [padded, g.ints(top, left), ends, g.ints(2, 3)]), clips, channels, 1, -1)
  })
  const patches = g.node('Concat', taps, { axis: { int: 2 } })
  return g.node('MatMul', [patches, g.reshape('y', clips, channels, -1, 1)])
}

/** Measures each form in a graph of its own. A form that this processor does not have gets `null`. */
export async function operatorsSuite(): Promise<OperatorRow[]> {
  const rows: OperatorRow[] = []
  const feeds = { x: noise(1), y: noise(2) }
  for (const [what, form, build] of forms) {
    const model = writeModel(graphOf(build))
    const ms = [await time(model, feeds, 1), await time(model, feeds, 2)] as const
    const found = ms.every((value) => value !== null)
    rows.push({ what, form, ms: found ? (ms as readonly [number, number]) : null })
  }
  return rows
}

function graphOf(build: Form) {
  const g = createGraphBuilder({ name: 'form' })
  const dims = [clips, channels, height, width]
  for (const name of ['x', 'y']) g.input({ name, type: 'float32', dims })
  let count = 0
  const constant = (tensor: Tensor) => g.constant(`constant ${count++}`, tensor)
  const ints = (...values: number[]) => constant(int64Vector(values))
  const reshape = (value: string, ...shape: number[]) => g.node('Reshape', [value, ints(...shape)])
  const firstOf = (value: string) => g.node('Slice', [reshape(value, -1), ints(0), ints(1)])
  // Results of all values would be copied to JavaScript.
  const floats = (shape: readonly number[], value = 0.5) => {
    const size = shape.reduce((product, length) => product * length, 1)
    return constant(floatTensor(new Float32Array(size).fill(value), shape))
  }
  g.nodeWithOutputs('Identity', [firstOf(build({ ...g, ints, floats, reshape }))], ['result'])
  g.output({ name: 'result', type: 'float32', dims: [1] })
  return g.build()
}

function noise(seed: number): Tensor {
  const size = clips * channels * height * width
  const data = Float32Array.from({ length: size }, (_, i) => Math.sin(i * 0.7391 + seed))
  return { type: 'float32', dims: [clips, channels, height, width], data }
}

/** The median time of a run in ms; `null` if ONNX Runtime refuses the model. */
async function time(
  model: Uint8Array,
  feeds: Readonly<Record<string, Tensor>>,
  threads: number,
): Promise<number | null> {
  const session = await ortRuntime.createSession(model, { threads, training: true }).catch(() => null)
  if (session === null) return null
  const values: number[] = []
  for (let round = -3; round < rounds; round++) {
    const started = performance.now()
    await session.run(feeds)
    if (round >= 0) values.push(performance.now() - started)
  }
  await session.release()
  return median(values)
}

/** Formats rows as aligned text. */
export function formatOperatorRows(rows: readonly OperatorRow[]): string {
  const cells = rows.map(({ what, form, ms }) => [
    what,
    form,
    ...(ms === null ? ['–', '–'] : ms.map((value) => value.toFixed(2))),
  ])
  const size = `images: ${clips} × ${channels} × ${height} × ${width}; median ms of ${rounds} runs`
  return `${formatTable([['what', 'form', '1 thread', '2 threads'], ...cells])}\n${size}`
}
