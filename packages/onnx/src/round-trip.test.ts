/** Models are written as bytes and read again. */

import { isDeepStrictEqual } from 'node:util'
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { modelNames, readFixture } from '../fixtures/files.js'
import {
  createGraphBuilder,
  floatTensor,
  int64Vector,
  type OnnxModel,
  readModel,
  scalar,
  type Tensor,
  writeModel,
} from './index.js'
import { ortRuntime } from './node/index.js'

/** A model with y = x + b, where b is the output of a `Constant` node; `tensor` is a constant that nothing reads. */
function withConstant(tensor: Tensor, attribute = scalar(0)): OnnxModel {
  const g = createGraphBuilder({ name: 'g', opset: 21 })
  g.constant('tensor', tensor)
  const b = g.node('Constant', [], { value: { tensor: attribute } })
  g.node('Add', [g.input({ name: 'x', type: 'float32', dims: ['N', null, 2] }), b], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: ['N', null, 2] })
  return g.build({ author: 'ä, 雨' })
}

describe('is the same after writing and reading', () => {
  test.each<Tensor>([
    { type: 'float32', dims: [0], data: new Float32Array() },
    { type: 'float64', dims: [1, 2], data: Float64Array.of(0.1, -2) },
    { type: 'float16', dims: [2], data: Uint16Array.of(0x3c00, 0xfc00) },
    { type: 'bfloat16', dims: [2], data: Uint16Array.of(0x3f80, 0xff80) },
    { type: 'int8', dims: [2], data: Int8Array.of(-128, 127) },
    { type: 'int16', dims: [2], data: Int16Array.of(-32768, 32767) },
    { type: 'int32', dims: [], data: Int32Array.of(-5) },
    { type: 'int64', dims: [1], data: BigInt64Array.of(2n ** 62n) },
    { type: 'uint8', dims: [2], data: Uint8Array.of(0, 255) },
    { type: 'uint16', dims: [1], data: Uint16Array.of(65535) },
    { type: 'uint32', dims: [1], data: Uint32Array.of(2 ** 32 - 1) },
    { type: 'uint64', dims: [1], data: BigUint64Array.of(2n ** 64n - 1n) },
    { type: 'bool', dims: [2], data: Uint8Array.of(0, 1) },
  ])('a constant of $type', (tensor) => {
    expect(readModel(writeModel(withConstant(tensor)))).toEqual(withConstant(tensor))
  })

  test('every kind of attribute', () => {
    const g = createGraphBuilder({ name: 'kinds' })
    const attributes = {
      int: { int: -3 },
      ints: { ints: [1, 2 ** 53 - 1] },
      float: { float: 0.5 },
      floats: { floats: [0.25, -1] },
      string: { string: 'ö' },
      strings: { strings: ['p', ''] },
      tensor: { tensor: floatTensor([1, 2], [2, 1]) },
    }
    g.node('Custom', [g.input({ name: 'x', type: 'bool', dims: null }), '', 'x'], attributes, 'y')
    g.output({ name: 'y', type: 'int8', dims: null })
    expect(readModel(writeModel(g.build()))).toEqual(g.build())
  })

  test.each(modelNames)('%s, with the same bytes', (name) => {
    const model = readModel(readFixture(name))
    const bytes = writeModel(model)
    // `toEqual` would take half a minute for a megabyte.
    expect(isDeepStrictEqual(readModel(bytes), model)).toBe(true)
    expect(isDeepStrictEqual(writeModel(readModel(bytes)), bytes)).toBe(true)
  })
})

// The other files have operators for which ONNX Runtime has no kernel.
const runnable = modelNames.filter((name) => !name.startsWith('operators'))
test.each(runnable)('%s: the file written again gives the same outputs, bit for bit', async (name) => {
  const bytes = readFixture(name)
  const model = readModel(bytes)
  const feeds = model.graph.inputs.flatMap(({ name: input, dims }) => {
    const sizes = dims!.map((size) => (typeof size === 'number' ? size : 2))
    const values = Float32Array.from({ length: sizes.reduce((a, b) => a * b, 1) }, (_, i) => Math.sin(i))
    return model.graph.initializers.has(input) ? [] : [[input, floatTensor(values, sizes)] as const]
  })
  const run = async (file: Uint8Array) => {
    const session = await ortRuntime.createSession(file, { threads: 1 })
    const outputs = await session.run(Object.fromEntries(feeds))
    await session.release()
    return outputs
  }
  const expected = await run(bytes)
  expect(Object.keys(expected)).toEqual(model.graph.outputs.map((output) => output.name))
  expect(await run(writeModel(model))).toEqual(expected)
})

describe('2 GiB', () => {
  /** An array that claims to be larger than it is. */
  class Huge extends Float32Array {
    override get byteLength() {
      return 2 ** 31
    }
  }
  test.each([
    ['of constants', withConstant({ type: 'float32', dims: [1], data: new Huge(1) })],
    ['of constants in attributes', withConstant(scalar(0), { type: 'float32', dims: [], data: new Huge(1) })],
  ])('%s are not written', (_name, model) => {
    expect(() => writeModel(model)).toThrow(throwsCode('INVALID_INPUT', /'g' has 214748\d+ bytes.*2 GiB/))
  })
})

describe('is not written', () => {
  test.each<[string, OnnxModel, RegExp]>([
    [
      'a constant that does not fill its shape',
      withConstant(floatTensor([1], [2])),
      /'tensor' has 1 values for shape \[2\]/,
    ],
    ['a fraction where an integer is', broken({ axis: { int: 0.5 } }), /'axis' holds 0\.5/],
    ['an attribute of two kinds', broken({ axis: { int: 1, ints: [1] } as never }), /'axis' is \{int,ints\}/],
  ])('%s', (_name, model, text) => {
    expect(() => writeModel(model)).toThrow(throwsCode('INVALID_INPUT', text))
  })
  function broken(attributes: OnnxModel['graph']['nodes'][0]['attributes']): OnnxModel {
    const model = withConstant(int64Vector([1]))
    const nodes = model.graph.nodes.map((item) => ({ ...item, attributes }))
    return { ...model, graph: { ...model.graph, nodes } }
  }
})
