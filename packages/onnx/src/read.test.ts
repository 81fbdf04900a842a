/** Which files readModel reads, and which it refuses. */
import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import { readFixture } from '../fixtures/files.js'
import { floatTensor, readModel } from './index.js'
import { encodeModel, type ModelMessage } from './proto.js'

test('skips parts that only describe the model, and keeps all others', () => {
  const { metadata, producer, irVersion, graph } = readModel(readFixture('features-18'))
  expect({ metadata, producer, irVersion }).toEqual({
    metadata: { author: 'ä, 雨' },
    producer: 'by hand',
    irVersion: 10,
  })
  expect(graph.inputs.map(({ name }) => name)).toEqual(['x', 'b'])
  expect([...graph.initializers.keys()]).toEqual(['b'])
  expect(graph.nodes.map(({ inputs }) => inputs)).toEqual([
    [],
    ['x', 'low', ''],
    [],
    ['clipped', 'half'],
    ['halved', 'b'],
  ])
})

/** A valid file with some parts replaced. */
function message(
  change: Partial<ModelMessage>,
  graph: Partial<ModelMessage['graph'] & object> = {},
): Uint8Array {
  const value = (name: string) => ({
    name,
    type: { tensor_type: { elem_type: 1, shape: { dim: [{ dim_value: 1 }] } } },
  })
  return encodeModel({
    ir_version: 8,
    opset_import: [{ domain: '', version: 17 }],
    graph: {
      name: 'g',
      node: [{ op_type: 'Relu', name: 'relu', input: ['x'], output: ['y'] }],
      input: [value('x')],
      output: [value('y')],
      ...graph,
    },
    ...change,
  })
}
const node = (attribute: object, more: object = {}) => ({
  node: [{ op_type: 'If', name: 'if', input: ['x'], output: ['y'], attribute: [attribute], ...more }],
})
const weight = (tensor: object) => ({ initializer: [{ name: 'w', dims: [1], ...tensor }] })
const external = {
  data_location: 1,
  external_data: [{ key: 'location', value: 'weights.bin' }],
  data_type: 1,
}

test('reads the file that the refused files are made from', () => {
  expect(readModel(message({})).graph.nodes).toHaveLength(1)
  const typed = weight({ data_type: 1, float_data: [0.5] })
  expect(readModel(message({}, typed)).graph.initializers.get('w')).toEqual(floatTensor([0.5]))
})

test('the standard operator set may be listed twice, under both of its names', () => {
  const imports = ['', 'ai.onnx', 'ai.onnx.ml', 'ai.onnx.ml'].map((domain) => ({ domain, version: 17 }))
  const model = readModel(message({ opset_import: imports }))
  expect([model.opset, model.domains]).toEqual([17, { 'ai.onnx.ml': 17 }])
})

test('a size of 0 or -1 of data counts as unknown; a constant may be empty', () => {
  const sized = (name: string, ...sizes: number[]) => {
    const dim = sizes.map((size) => ({ dim_value: size }))
    return { name, type: { tensor_type: { elem_type: 1, shape: { dim } } } }
  }
  const { graph } = readModel(
    message(
      {},
      {
        ...weight({ data_type: 1, dims: [0] }),
        input: [sized('w', 0), sized('x', 0, -1, 3)],
        output: [sized('y', 0, 2, 3)],
      },
    ),
  )
  expect(graph.inputs.map(({ dims }) => dims)).toEqual([[0], [null, null, 3]])
  expect(graph.outputs[0]!.dims).toEqual([null, 2, 3])
})

test.each([3, 4, 7, 10, 14])('IR version %i is read, with the weight as an input', (version) => {
  const value = (name: string) => ({ name, type: { tensor_type: { elem_type: 1 } } })
  const weights = { ...weight({ data_type: 1, float_data: [0.5] }), input: [value('w'), value('x')] }
  const { irVersion, graph } = readModel(message({ ir_version: version }, weights))
  expect(irVersion).toBe(version)
  expect(graph.inputs.map(({ name }) => name)).toEqual(['w', 'x'])
})

describe('refuses', () => {
  test.each<[string, Uint8Array, RegExp]>([
    [
      'operator set 12',
      message({ opset_import: [{ version: 12 }] }),
      /operator set 12, but only 13 to 21 can be read; export it again, or convert it \(Python: onnx\.version_converter/,
    ],
    [
      'no standard operator set',
      message({ opset_import: [{ domain: 'ai.onnx.ml', version: 3 }] }),
      /operator set none/,
    ],
    ['no operator set', message({ opset_import: [] }), /operator set none/],
    ['a newer file format', message({ ir_version: 15 }), /IR version 15/],
    ['functions', message({ functions: [{}] }), /local functions; inline them first \(Python/],
    ['training information', message({ training_info: [{}] }), /training information/],
    ['device configurations', message({ configuration: [{}] }), /device configurations/],
    ['sparse weights', message({}, { sparse_initializer: [{}] }), /sparse weights/],
    [
      'a subgraph',
      message({}, node({ name: 'then_branch', type: 5, g: {} })),
      /node 0 'if' \(If\): attribute 'then_branch' is a subgraph/,
    ],
    ['subgraphs', message({}, node({ name: 'g', type: 10, graphs: [{}] })), /is a subgraph/],
    ['a sparse attribute', message({}, node({ name: 's', type: 11 })), /'s' has type 11/],
    [
      'a reference attribute',
      message({}, node({ name: 'a', type: 2, ref_attr_name: 'b' })),
      /refers to a function/,
    ],
    ['an overload', message({}, node({ name: 'a', type: 2 }, { overload: 'o' })), /overload 'o'/],
    [
      'a node bound to devices',
      message({}, node({}, { device_configurations: [{}], attribute: [] })),
      /bound to devices/,
    ],
    [
      'external data',
      message({}, weight(external)),
      /tensor 'w' is stored outside the model, in file 'weights\.bin'; save/,
    ],
    [
      'float8',
      message({}, weight({ data_type: 17, raw_data: Uint8Array.of(1) })),
      /tensor 'w' has element type float8e4m3fn/,
    ],
    [
      'strings',
      message({}, weight({ data_type: 8, string_data: [Uint8Array.of(65)] })),
      /tensor 'w' has element type string/,
    ],
    ['an element type of the future', message({}, weight({ data_type: 99 })), /element type 99/],
    [
      'a segment',
      message({}, weight({ data_type: 1, float_data: [1], segment: { begin: 0, end: 1 } })),
      /a segment/,
    ],
    [
      'an input that is no tensor',
      message({}, { input: [{ name: 'x', type: {} }] }),
      /value 'x' is not a tensor; leave it out \(sklearn-onnx: export with options=\{'zipmap': False\}\)/,
    ],
    [
      'an output of strings',
      message({}, { output: [{ name: 'label', type: { tensor_type: { elem_type: 8 } } }] }),
      /value 'label' has element type string; leave it out, or export labels as numbers/,
    ],
    ['an output without a type', message({}, { output: [{ name: 'y' }] }), /value 'y' has no type/],
    ['a huge int', message({}, node({ name: 'a', type: 2, i: 2 ** 60 })), /beyond 2\^53/],
    // Field 99 of ModelProto, a varint.
    [
      'a field that onnx.proto does not have',
      Uint8Array.of(...message({}), 0x98, 0x06, 1),
      /model has a field that onnx\.proto/,
    ],
  ])('%s: UNSUPPORTED_FORMAT', (_name, bytes, text) => {
    expect(() => readModel(bytes)).toThrow(throwsCode('UNSUPPORTED_FORMAT', text))
  })

  test.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /without a graph/],
    [
      'text',
      new TextEncoder().encode('<!doctype html><html><body>Not found</body></html>'),
      /not an ONNX model/,
    ],
    ['zeros', new Uint8Array(64), /not an ONNX model/],
    ['half a model', readFixture('torch-plain-17').subarray(0, 1200), /not an ONNX model/],
    [
      'a constant twice',
      message({}, { initializer: [1, 2].map(() => ({ name: 'w', dims: [0], data_type: 1 })) }),
      /constant 'w' exists twice/,
    ],
    [
      'an operator set in two versions',
      message({
        opset_import: [
          { domain: '', version: 17 },
          { domain: 'ai.onnx', version: 15 },
        ],
      }),
      /imports operator set 'ai\.onnx' in versions 17 and 15; keep one/,
    ],
    [
      'an attribute twice',
      message({}, node({}, { attribute: [1, 2].map(() => ({ name: 'a', type: 2 })) })),
      /node 0 .*attribute 'a' exists twice/,
    ],
    [
      'a shape of 2^40 without values',
      message({}, weight({ data_type: 1, dims: [2 ** 40] })),
      /tensor 'w' has 0 values for shape \[1099511627776\]/,
    ],
    [
      'a negative shape',
      message({}, weight({ data_type: 1, dims: [-1, -1], float_data: [1] })),
      /shape \[-1,-1\]/,
    ],
    [
      'broken floats',
      message({}, weight({ data_type: 1, raw_data: new Uint8Array(3) })),
      /3 bytes, not a multiple of 4/,
    ],
  ])('%s: CORRUPT_DATA', (_name, bytes, text) => {
    expect(() => readModel(bytes)).toThrow(throwsCode('CORRUPT_DATA', text))
  })
})

test('refuses a file of 2 GiB', () => {
  class HugeFile extends Uint8Array {
    override get length() {
      return 2 ** 31
    }
  }
  expect(() => readModel(new HugeFile())).toThrow(throwsCode('UNSUPPORTED_FORMAT', /2 GiB/))
})
