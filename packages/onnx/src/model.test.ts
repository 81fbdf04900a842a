/** Building, writing, reading, checking and printing models, and running them. */
import { createRng, EscError, isEscError } from '@esc/core'
import { describe, expect, test } from 'vitest'
import {
  checkModel,
  createGraphBuilder,
  floatData,
  floatTensor,
  int64Vector,
  type OnnxModel,
  printGraph,
  readModel,
  scalar,
  writeModel,
} from './index.js'
import { ortRuntime } from './node/index.js'

/** y = (2x + b) summed over the last axis: inputs, constants of three kinds, attributes, symbolic sizes. */
function example(): OnnxModel {
  const g = createGraphBuilder({ name: 'example' })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 3] })
  const doubled = g.node('Mul', [x, g.constant('two', scalar(2))])
  const shifted = g.node('Add', [doubled, g.constant('b', floatTensor([1, 2, 3]))])
  g.node('ReduceSum', [shifted, g.constant('axis', int64Vector([1]))], { keepdims: { int: 0 } }, 'y')
  g.output({ name: 'y', type: 'float32', dims: ['N'] })
  return g.build({ author: 'test', note: 'ä, 雨' })
}

test('a model comes back from its bytes the same', () => {
  const model = example()
  const bytes = writeModel(model)
  expect(readModel(bytes)).toEqual(model)
  expect(writeModel(readModel(bytes))).toEqual(bytes)
})

test('every kind of attribute and element type comes back the same', () => {
  const g = createGraphBuilder({ name: 'kinds', opset: 21 })
  const tensors = {
    a: { type: 'float64', dims: [1, 2], data: Float64Array.of(0.1, -2) },
    b: { type: 'int8', dims: [2], data: Int8Array.of(-128, 127) },
    c: { type: 'uint8', dims: [2], data: Uint8Array.of(0, 255) },
    d: { type: 'int32', dims: [], data: Int32Array.of(-5) },
    e: { type: 'int64', dims: [1], data: BigInt64Array.of(2n ** 62n) },
    f: { type: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
    g: { type: 'float32', dims: [0], data: new Float32Array() },
  } as const
  for (const [name, tensor] of Object.entries(tensors)) g.constant(name, tensor)
  g.node(
    'Custom',
    ['a', '', 'b'],
    {
      int: { int: -3 },
      ints: { ints: [1, 2] },
      float: { float: 0.5 },
      floats: { floats: [0.25, -1] },
      string: { string: 'ö' },
      strings: { strings: ['p', ''] },
      tensor: { tensor: floatTensor([1, 2], [2, 1]) },
    },
    'y',
  )
  g.output({ name: 'y', type: 'int8', dims: null })
  expect(readModel(writeModel(g.build()))).toEqual(g.build())
})

test('ONNX Runtime runs it', async () => {
  const session = await ortRuntime.createSession(writeModel(example()))
  const outputs = await session.run({ x: floatTensor([1, 2, 3, 0, 0, 0], [2, 3]) })
  expect([...floatData(outputs, 'y')]).toEqual([18, 6])
  expect(() => floatData(outputs, 'z')).toThrow(expect.objectContaining({ code: 'INCOMPATIBLE_MODEL' }))
  const wide = floatTensor([1, 2, 3, 4], [1, 4])
  await expect(session.run({ x: wide })).rejects.toMatchObject({ code: 'INCOMPATIBLE_MODEL' })
  await expect(session.run({})).rejects.toMatchObject({ code: 'INCOMPATIBLE_MODEL' })
  await session.release()
})

test('a model that ONNX Runtime refuses: INCOMPATIBLE_MODEL', async () => {
  const g = createGraphBuilder({ name: 'odd' })
  g.node('NoSuchOperator', [g.input({ name: 'x', type: 'float32', dims: [1] })], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: [1] })
  await expect(ortRuntime.createSession(writeModel(g.build()))).rejects.toMatchObject({
    code: 'INCOMPATIBLE_MODEL',
  })
})

test('printGraph', () => {
  expect(printGraph(example())).toBe(
    [
      'graph "example" (opset 17, @esc/onnx)',
      '  input x: float32[N, 3]',
      '  const two: float32[]',
      '  const b: float32[3]',
      '  const axis: int64[1]',
      '  Mul = Mul(x, two)',
      '  Add = Add(Mul, b)',
      '  y = ReduceSum(Add, axis) {keepdims: 0}',
      '  output y: float32[N]',
    ].join('\n'),
  )
})

test('a wished name that is taken or reserved gets a number', () => {
  const g = createGraphBuilder({ name: 'g', reserved: ['y'] })
  const x = g.input({ name: 'x', type: 'float32', dims: [1] })
  const names = [
    g.node('Relu', [x], {}, 'y'),
    g.node('Relu', [x]),
    g.node('Relu', [x]),
    g.node('Relu', [x], {}, 'x'),
  ]
  expect(new Set([...names, 'x', 'y']).size).toBe(6)
  g.nodeWithOutputs('Identity', [names[0]!], ['y'])
  expect(() => g.nodeWithOutputs('Identity', [x], ['y'])).toThrow(
    expect.objectContaining({ code: 'INVALID_INPUT' }),
  )
})

describe('the builder refuses', () => {
  const invalid = expect.objectContaining({ code: 'INVALID_INPUT' })
  test('a value that nothing makes, or that is made twice', () => {
    const g = createGraphBuilder({ name: 'g' })
    g.input({ name: 'x', type: 'float32', dims: [1] })
    expect(() => g.node('Relu', ['y'])).toThrow(invalid)
    expect(() => g.constant('x', scalar(0))).toThrow(invalid)
    expect(() => g.output({ name: 'z', type: 'float32', dims: [1] })).toThrow(invalid)
  })
  test('operator sets outside 13 to 21', () => {
    expect(() => createGraphBuilder({ name: 'g', opset: 12 })).toThrow(
      expect.objectContaining({ code: 'INVALID_OPTION' }),
    )
  })
})

describe('checkModel names what is wrong', () => {
  const broken = (change: (graph: OnnxModel['graph']) => Partial<OnnxModel['graph']>): OnnxModel => {
    const model = example()
    return { ...model, graph: { ...model.graph, ...change(model.graph) } }
  }
  test.each<[string, OnnxModel, RegExp]>([
    [
      'order',
      broken(({ nodes }) => ({ nodes: [...nodes].reverse() })),
      /node 0 'y' \(ReduceSum\) reads 'Add'/,
    ],
    [
      'a value made twice',
      broken(({ nodes }) => ({ nodes: [...nodes, nodes[0]!] })),
      /makes 'Mul', which exists/,
    ],
    ['no outputs', broken(() => ({ outputs: [] })), /no outputs/],
    ['a lost output', broken(({ nodes }) => ({ nodes: nodes.slice(0, 2) })), /output 'y'/],
    [
      'a constant that does not fill its shape',
      broken(() => ({ initializers: new Map([['two', floatTensor([1], [2])]]) })),
      /constant 'two' has 1 values for shape \[2\]/,
    ],
  ])('%s', (_name, model, message) => {
    expect(() => checkModel(model)).toThrow(
      expect.objectContaining({ code: 'CORRUPT_DATA', message: expect.stringMatching(message) }),
    )
  })
})

describe('reading what is no model', () => {
  test.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array()],
    ['text', new TextEncoder().encode('<!doctype html><html><body>Not found</body></html>')],
    ['zeros', new Uint8Array(64)],
    ['half a model', writeModel(example()).slice(0, 120)],
  ])('%s: CORRUPT_DATA', (_name, bytes) => {
    expect(() => readModel(bytes)).toThrow(expect.objectContaining({ code: 'CORRUPT_DATA' }))
  })

  test('damaged bytes are read or refused with an EscError, never another error', () => {
    const rng = createRng(8)
    const original = writeModel(example())
    let refused = 0
    for (let i = 0; i < 2000; i++) {
      const bytes = original.slice(0, rng.uniform() < 0.3 ? rng.integer(original.length) : original.length)
      for (let flips = rng.integer(4); flips >= 0 && bytes.length > 0; flips--) {
        bytes[rng.integer(bytes.length)]! ^= 1 << rng.integer(8)
      }
      try {
        readModel(bytes)
      } catch (error) {
        if (!isEscError(error))
          throw new EscError('CORRUPT_DATA', `mutation ${i} threw ${error}`, { cause: error })
        refused++
      }
    }
    expect(refused).toBeGreaterThan(500)
  })
})
