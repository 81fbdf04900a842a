import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { describeLike } from '../../../fixtures/describe.js'
import { modelNames, readFixture } from '../../../fixtures/files.js'
import types from '../../../fixtures/types.json' with { type: 'json' }
import {
  type Attribute,
  createGraphBuilder,
  floatTensor,
  int64Vector,
  type OnnxModel,
  readModel,
  sizeOf,
  type Tensor,
  type ValueInfo,
  writeModel,
} from '../../index.js'
import { ortRuntime } from '../../node/index.js'
import { arrayOf } from '../../tensor.js'
import { inferTypes } from '../index.js'

const reference = types as Record<string, Record<string, string>>

describe('finds all that ONNX 1.23.1 infers, and the same', () => {
  test.each(modelNames)('%s', (name) => {
    const expected = reference[name]!
    const types = inferTypes(readModel(readFixture(name)))
    const found = Object.entries(expected).map(([value, text]) => [
      value,
      describeLike(text, types.get(value)),
    ])
    expect(Object.fromEntries(found)).toEqual(expected)
    expect(found.length).toBeGreaterThan(4)
  })
})

describe('finds the types and shapes that ONNX Runtime makes', () => {
  test.each(['operators-13', 'operators-21', 'quantized-13'])('%s', async (name) => {
    const model = readModel(readFixture(name))
    const types = inferTypes(model)
    const made = model.graph.nodes.flatMap(({ outputs }) => outputs.map((output) => types.get(output)!))
    const outputs = made.map((value) => ({ ...value, dims: value.dims?.map(() => null) ?? null }))
    const everything = { ...model, graph: { ...model.graph, outputs } }
    const feeds = model.graph.inputs.map((value) => [value.name, filled(value)] as const)
    const session = await ortRuntime.createSession(writeModel(everything), { threads: 1 })
    const results = await session.run(Object.fromEntries(feeds))
    await session.release()
    const found = made.map((value) => {
      const { type, dims } = results[value.name]!
      // A symbol or an unknown size may be any number; N is 2.
      const known = value.dims?.map((dim, axis) => (dim === 'N' ? 2 : (dim ?? dims[axis]!)))
      return { name: value.name, inferred: [value.type, known ?? dims], made: [type, [...dims]] }
    })
    expect(found.filter(({ inferred, made }) => JSON.stringify(inferred) !== JSON.stringify(made))).toEqual(
      [],
    )
    expect(found.length).toBeGreaterThan(15)
  })

  /** N is 2, K is 4. */
  function filled({ type, dims }: ValueInfo): Tensor {
    const sizes = dims!.map((dim) => (typeof dim === 'number' ? dim : dim === 'K' ? 4 : 2))
    if (type === 'float32') {
      return floatTensor(
        Float32Array.from({ length: sizeOf(sizes) }, (_, i) => 0.3 + ((i * 7) % 11) / 17),
        sizes,
      )
    }
    return { type, dims: sizes, data: new arrayOf[type](sizeOf(sizes)) } as Tensor
  }
})

test('follows shapes that a graph computes further than ONNX does', () => {
  const types = inferTypes(readModel(readFixture('torch-residual-17')))
  expect(types.get('/Reshape_1_output_0')?.dims).toEqual(['batch', 8, 12, 8])
  expect(reference['torch-residual-17']?.['/Reshape_1_output_0']).toContain('?')
})

/** A model of one operator that can read `x` [N, 4, 6, 8]. Arrays of numbers become int64 constants, and tensors become constants. */
function call(
  opType: string,
  inputs: readonly (string | readonly number[] | Tensor)[],
  attributes: Readonly<Record<string, Attribute>> = {},
  opset = 17,
): OnnxModel {
  const g = createGraphBuilder({ name: 'call', opset })
  g.input({ name: 'x', type: 'float32', dims: ['N', 4, 6, 8] })
  g.input({ name: 'i', type: 'int64', dims: ['N', 4, 6, 8] })
  g.input({ name: 'rows', type: 'float32', dims: ['N', 12] })
  g.input({ name: 'z', type: 'float32', dims: [2, 0] })
  if (inputs.includes('many')) g.input({ name: 'many', type: 'float32', dims: null })
  const names = inputs.map((input, index) => {
    if (typeof input === 'string') return input
    return g.constant(`c${index}`, 'type' in input ? input : int64Vector(input))
  })
  g.node(opType, names, attributes, 'y')
  g.output({ name: 'y', type: 'float32', dims: null })
  return g.build()
}
const zeros = (...dims: number[]) => floatTensor(new Float32Array(dims.reduce((a, b) => a * b, 1)), dims)

describe('symbols', () => {
  test.each<[string, OnnxModel, ValueInfo['dims']]>([
    ['stay through a reshape that copies them', call('Reshape', ['x', [0, -1]]), ['N', 192]],
    ['are what -1 stands for', call('Reshape', ['x', [-1, 192]]), ['N', 192]],
    ['are unknown where they are split', call('Reshape', ['x', [-1, 96]]), [null, 96]],
    ['nothing is divided by 0', call('Reshape', ['z', [0, -1]]), [2, 0]],
    [
      'stay where padding makes up for the kernel',
      call('Transpose', ['x'], { perm: { ints: [1, 2, 3, 0] } }),
      [4, 6, 8, 'N'],
    ],
    ['broadcast with 1', call('Add', ['x', zeros(1, 1, 1, 1)]), ['N', 4, 6, 8]],
    ['give way to a number', call('Add', ['x', zeros(5, 1, 1, 1)]), [5, 4, 6, 8]],
    ['with others are unknown', call('Concat', ['x', 'x'], { axis: { int: 0 } }), [null, 4, 6, 8]],
    ['tiled once stay', call('Tile', ['rows', [1, 2]]), ['N', 24]],
  ])('%s', (_name, model, dims) =>
    expect(inferTypes(model).get('y')).toEqual({ name: 'y', type: 'float32', dims }),
  )

  test('stay symbols in computed shapes, also after arithmetic', () => {
    const g = createGraphBuilder({ name: 'shapes' })
    const x = g.input({ name: 'x', type: 'float32', dims: ['N', 4, 6, 8] })
    const shape = g.node('Shape', [x])
    const at = (axis: number) => g.node('Gather', [shape, g.constant(`at${axis}`, int64Vector([axis]))])
    const half = g.node('Div', [at(3), g.constant('two', int64Vector([2]))])
    const doubled = g.node('Mul', [at(1), 'two'])
    g.node('Reshape', [x, g.node('Concat', [at(0), doubled, at(2), half], { axis: { int: 0 } })], {}, 'y')
    g.output({ name: 'y', type: 'float32', dims: null })
    expect(inferTypes(g.build()).get('y')?.dims).toEqual(['N', 8, 6, 4])
  })
})

test('outputs of unknown operators are unknown, and so are values that depend on them alone', () => {
  const g = createGraphBuilder({ name: 'g' })
  const x = g.input({ name: 'x', type: 'float32', dims: [2] })
  g.node('Relu', [g.node('Acme', [x])], {}, 'y')
  g.node('Greater', ['y', x], {}, 'z')
  g.output({ name: 'y', type: 'float32', dims: [7] })
  expect([...inferTypes(g.build())]).toEqual([
    ['x', { name: 'x', type: 'float32', dims: [2] }],
    ['y', { name: 'y', type: 'float32', dims: [7] }],
    ['z', { name: 'z', type: 'bool', dims: null }],
  ])
})

test.each<[string, OnnxModel]>([
  ['Resize by NaN', call('Resize', ['rows', '', floatTensor([1, Number.NaN])])],
  ['Tile -1 times', call('Tile', ['rows', [1, -1]])],
  ['Split into -1 and 13', call('Split', ['rows', [13, -1]], { axis: { int: 1 } })],
])('%s makes no size: CORRUPT_DATA', (_name, model) => {
  const outputs = model.graph.nodes[0]!.opType === 'Split' ? ['y', 'rest'] : ['y']
  const nodes = [{ ...model.graph.nodes[0]!, outputs }]
  expect(() => inferTypes({ ...model, graph: { ...model.graph, nodes } })).toThrow(
    throwsCode('CORRUPT_DATA', /(NaN|-12|-1) is not a size/),
  )
})

test('a shape of thousands of dimensions counts as unknown', () => {
  const model = call('Transpose', ['many'])
  const inputs = [{ name: 'many', type: 'float32', dims: new Array<number>(1e5).fill(1) }] as const
  expect(inferTypes({ ...model, graph: { ...model.graph, inputs } }).get('y')?.dims).toBeNull()
})

test('a shape of 2^40 values needs no memory', () => {
  const model = call('ConstantOfShape', [[2 ** 20, 2 ** 20]])
  expect(inferTypes(model).get('y')?.dims).toEqual([2 ** 20, 2 ** 20])
})

describe('contradictions name the operator', () => {
  const ints = (...values: number[]): Attribute => ({ ints: values })
  test.each<[string, OnnxModel, RegExp]>([
    [
      'channels',
      call('Conv', ['x', zeros(8, 3, 3, 3)]),
      /channels of the input and of the weights differ: 4 and 3/,
    ],
    [
      'groups',
      call('Conv', ['x', zeros(8, 4, 3, 3)], { group: { int: 4 } }),
      /\(4 groups\) differ: 4 and 16/,
    ],
    ['filters', call('Conv', ['x', zeros(8, 4, 3, 3), zeros(3)]), /length of the bias differ: 8 and 3/],
    [
      'kernel_shape',
      call('Conv', ['x', zeros(8, 4, 3, 3)], { kernel_shape: ints(3, 5) }),
      /kernel_shape \[3,5\] is not the one of the weights/,
    ],
    ['pads', call('Conv', ['x', zeros(8, 4, 3, 3)], { pads: ints(1, 1) }), /pads \[1,1\] must have 4 values/],
    [
      'window',
      call('MaxPool', ['x'], { kernel_shape: ints(7, 7) }),
      /window of 7 is larger than the padded axis of 6/,
    ],
    [
      'strides',
      call('MaxPool', ['x'], { kernel_shape: ints(2, 2), strides: ints(0, 1) }),
      /kernel \[2,2\], strides \[0,1\] .* must be >= 1/,
    ],
    [
      'off-axis sizes',
      call('Concat', ['x', zeros(1, 4, 5, 8)], { axis: { int: 1 } }),
      /sizes of axis 2 differ: 6 and 5/,
    ],
    ['ranks', call('Concat', ['x', 'rows'], { axis: { int: 0 } }), /with 2 dimensions instead of 4/],
    ['element types', call('Add', ['x', 'i']), /one element type: 'x' float32, 'i' int64/],
    ['Gemm', call('Gemm', ['rows', zeros(5, 12)]), /inner sizes of \[N, 12\] and \[5, 12\] differ: 12 and 5/],
    ['Gemm bias', call('Gemm', ['rows', zeros(12, 5), zeros(4)]), /do not broadcast/],
    ['MatMul', call('MatMul', ['x', zeros(7, 2)]), /inner sizes .* differ: 8 and 7/],
    ['Reshape', call('Reshape', [zeros(2, 3), [4, -1]]), /\[2, 3\] does not divide into \[4\]/],
    ['Reshape, two -1', call('Reshape', ['x', [-1, -1]]), /more than one -1/],
    ['Reshape, other size', call('Reshape', [zeros(2, 3), [2, 2]]), /does not divide|reshapes/],
    ['Reshape, more than 2^53', call('Reshape', ['rows', [2 ** 53 * 4, 1]]), /is not a size/],
    [
      'Transpose',
      call('Transpose', ['x'], { perm: ints(0, 1, 1, 2) }),
      /axes \[0,1,1,2\] name one axis twice/,
    ],
    ['axis', call('Softmax', ['x'], { axis: { int: 4 } }), /axis 4 is outside a tensor of 4 dimensions/],
    ['Squeeze', call('Squeeze', ['x', [1]]), /axis 1 is squeezed, but its size is not 1: 4 and 1/],
    ['Split', call('Split', ['x', [1, 2]], { axis: { int: 1 } }), /splits into 2 parts, but has 1 outputs/],
    ['Slice', call('Slice', ['x', [0], [1], [0], [0]]), /steps of 0/],
    ['TopK', call('TopK', ['rows', [13]]), /takes 13 of only 12 values/],
    [
      'BatchNormalization',
      call('BatchNormalization', ['x', zeros(4), zeros(4), zeros(4), zeros(3)]),
      /channels .* differ: 4 and 3/,
    ],
    ['scales', call('QuantizeLinear', ['x', zeros(3)]), /sizes of axis 1 and of the scale differ: 4 and 3/],
  ])('%s', (_name, model, message) => {
    const { opType } = model.graph.nodes[0]!
    expect(() => inferTypes(model)).toThrow(
      throwsCode('CORRUPT_DATA', new RegExp(`^node 0 'y' \\(${opType}\\): .*${message.source}`)),
    )
  })

  test('of an output that is declared with another type or shape', () => {
    const model = call('Flatten', ['x'])
    const declared = (value: Partial<ValueInfo>) => ({
      ...model,
      graph: { ...model.graph, outputs: [{ ...model.graph.outputs[0]!, ...value }] },
    })
    expect(inferTypes(declared({ dims: ['batch', null] })).get('y')?.dims).toEqual(['batch', 192])
    for (const value of [{ dims: ['N', 191] }, { dims: ['N'] }, { type: 'int64' }] as const) {
      expect(() => inferTypes(declared(value))).toThrow(
        throwsCode(
          'CORRUPT_DATA',
          /^node 0 'y' \(Flatten\): makes 'y' as float32\[N, 192\], but the model declares /,
        ),
      )
    }
  })

  test('of a constant that differs from the input of its name', () => {
    const model = call('Relu', ['x'])
    const initializers = new Map([['rows', zeros(2, 11)]])
    expect(() => inferTypes({ ...model, graph: { ...model.graph, initializers } })).toThrow(
      throwsCode('CORRUPT_DATA', /constant 'rows' is float32\[2, 11\]/),
    )
  })
})

test.each([-1, 0.5, Number.NaN, 1e300])('an input that claims to hold %d sizes gives no shape', (size) => {
  const g = createGraphBuilder({ name: 'odd' })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 4] })
  g.node('Reshape', [x, g.input({ name: 'shape', type: 'int64', dims: [size] })], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: null })
  expect(inferTypes(g.build()).get('y')).toEqual({ name: 'y', type: 'float32', dims: null })
})
