import { throwsCode } from '@esc/expect'
import { describe, expect, test } from 'vitest'
import {
  type Attribute,
  createGraphBuilder,
  type ElementType,
  floatTensor,
  int64Vector,
  type OnnxModel,
  scalar,
} from '../index.js'
import { checkModel } from './index.js'

/** A model that computes 2x + b, summed over the last axis. */
function example(opset = 17): OnnxModel {
  const g = createGraphBuilder({ name: 'example', opset })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 3] })
  const doubled = g.node('Mul', [x, g.constant('two', scalar(2))])
  const shifted = g.node('Add', [doubled, g.constant('b', floatTensor([1, 2, 3]))])
  g.node('ReduceSum', [shifted, g.constant('axis', int64Vector([1]))], { keepdims: { int: 0 } }, 'y')
  g.output({ name: 'y', type: 'float32', dims: ['N'] })
  return g.build()
}

function changed(change: (graph: OnnxModel['graph']) => Partial<OnnxModel['graph']>): OnnxModel {
  const model = example()
  return { ...model, graph: { ...model.graph, ...change(model.graph) } }
}

/**
 * A model of one operator. It can read an image `x` [N, 4, 6, 8], inputs of the same shape that are named after their types, and
 * constants.
 */
function call(
  opType: string,
  { opset = 17, inputs = ['x'], outputs = ['y'], type = 'float32', ...attributes }: Call,
): OnnxModel {
  const g = createGraphBuilder({ name: 'call', opset })
  g.input({ name: 'x', type: 'float32', dims: ['N', 4, 6, 8] })
  for (const type of ['float64', 'bfloat16', 'int64', 'uint8', 'int8'] as const) {
    g.input({ name: type, type, dims: ['N', 4, 6, 8] })
  }
  g.constant('c', floatTensor([1, 2]))
  g.constant('axes', int64Vector([1]))
  g.nodeWithOutputs(opType, inputs, outputs, attributes as Record<string, Attribute>)
  g.output({ name: 'y', type, dims: null })
  return g.build()
}
interface Call {
  opset?: number
  /** Element type of the output. */
  type?: ElementType
  inputs?: string[]
  outputs?: string[]
  [attribute: string]: unknown
}

function expectProblem(model: OnnxModel, message: string | RegExp): void {
  expect(() => checkModel(model)).toThrow(throwsCode('CORRUPT_DATA', message))
}

test('accepts a model without mistakes', () => {
  for (const opset of [13, 17, 21]) expect(() => checkModel(example(opset))).not.toThrow()
})

describe('names and order', () => {
  test.each<[string, OnnxModel, RegExp]>([
    [
      'order',
      changed(({ nodes }) => ({ nodes: [...nodes].reverse() })),
      /^node 0 'y' \(ReduceSum\): reads 'Add'/,
    ],
    [
      'a value made twice',
      changed(({ nodes }) => ({ nodes: [...nodes, nodes[0]!] })),
      /^node 3 'Mul' \(Mul\): makes 'Mul', which exists/,
    ],
    ['no outputs', changed(() => ({ outputs: [] })), /graph 'example': has no outputs/],
    [
      'an output that nothing makes',
      changed(({ nodes }) => ({ nodes: nodes.slice(0, 2) })),
      /output 'y' is a value that nothing makes/,
    ],
    [
      'an input twice',
      changed(({ inputs }) => ({ inputs: [...inputs, ...inputs] })),
      /input 'x' is unnamed or declared twice/,
    ],
    [
      'a constant without a name',
      changed(({ initializers }) => ({ initializers: new Map([...initializers, ['', scalar(1)]]) })),
      /a constant has no name/,
    ],
    [
      'a constant that does not fill its shape',
      changed(({ initializers }) => ({
        initializers: new Map([...initializers, ['two', floatTensor([1], [2])]]),
      })),
      /constant 'two' has 1 values for shape \[2\]/,
    ],
    ...[-1, 0.5, Number.NaN, 2 ** 53].flatMap((size): [string, OnnxModel, RegExp][] => [
      [
        `an input of size ${size}`,
        changed(({ inputs }) => ({ inputs: [...inputs, { name: 'z', type: 'int64', dims: [size] }] })),
        new RegExp(
          `input 'z' has size ${size}; it must be an integer >= 0, a symbol, or null if it is unknown`,
        ),
      ],
      [
        `an output of size ${size}`,
        changed(({ outputs: [y] }) => ({ outputs: [{ ...y!, dims: [size] }] })),
        new RegExp(`output 'y' has size ${size}`),
      ],
    ]),
    [
      'a constant of two negative sizes',
      changed(({ initializers }) => ({
        initializers: new Map([...initializers, ['two', floatTensor([2], [-1, -1])]]),
      })),
      /constant 'two' has 1 values for shape \[-1,-1\]/,
    ],
    [
      'a domain that is not imported',
      changed(({ nodes }) => ({ nodes: nodes.map((node) => ({ ...node, domain: 'com.acme' })) })),
      /^node 0 'Mul' \(com\.acme\.Mul\): the model does not import operators of domain 'com\.acme'/,
    ],
  ])('%s', (_name, model, message) => expectProblem(model, message))
})

describe('signatures, by operator set', () => {
  const wrong: [string, Call, RegExp][] = [
    ['Relu', { inputs: ['x', 'c'] }, /^node 0 'y' \(Relu\): has 2 inputs; it takes 1$/],
    ['Conv', { inputs: ['x'] }, /has 1 inputs; it takes 2 to 3/],
    ['Conv', { inputs: ['', 'c'] }, /leaves out input 0, which it needs/],
    ['Concat', { inputs: [], axis: { int: 0 } }, /has 0 inputs; it takes at least 1/],
    ['Relu', { outputs: ['y', 'z'] }, /has 2 outputs; it makes 1/],
    ['Concat', {}, /lacks attribute 'axis' \(int\)/],
    ['MaxPool', { kernel_shape: { int: 2 } }, /has attribute 'kernel_shape' of kind int; it must be ints/],
    ['Relu', { alpha: { float: 1 } }, /has attribute 'alpha', which is unknown in operator set 17/],
    ['HardSwish', { opset: 13 }, /exists from operator set 14 on; the model has 13/],
    [
      'LayerNormalization',
      { opset: 16, inputs: ['x', 'c'] },
      /exists from operator set 17 on; the model has 16/,
    ],
    ['Upsample', { inputs: ['x', 'c'] }, /exists up to operator set 9; the model has 17/],
    ['ReduceMean', { opset: 17, inputs: ['x', 'axes'] }, /has 2 inputs; it takes 1/],
    ['ReduceMean', { opset: 18, axes: { ints: [1] } }, /'axes', which is unknown in operator set 18/],
    ['ReduceSum', { opset: 13, axes: { ints: [1] } }, /'axes', which is unknown in operator set 13/],
    ['Squeeze', { opset: 13, axes: { ints: [1] } }, /'axes', which is unknown in operator set 13/],
    ['Split', { opset: 17, num_outputs: { int: 1 } }, /'num_outputs', which is unknown in operator set 17/],
    ['Pad', { opset: 17, inputs: ['x', 'axes', '', 'axes'] }, /has 4 inputs; it takes 2 to 3/],
    ['Resize', { opset: 17, antialias: { int: 1 } }, /'antialias', which is unknown in operator set 17/],
    [
      'Resize',
      { mode: { string: 'nearst' } },
      /has attribute 'mode' 'nearst'; it must be nearest, linear or cubic$/,
    ],
    [
      'Pad',
      { opset: 18, inputs: ['x', 'axes'], mode: { string: 'wrap' } },
      /'mode' 'wrap'; it must be constant,/,
    ],
    [
      'MaxPool',
      { kernel_shape: { ints: [2, 2] }, auto_pad: { string: 'same' } },
      /'auto_pad' 'same'; it must be NOTSET, SAME_UPPER, SAME_LOWER or VALID$/,
    ],
  ]
  test.each(wrong)('%s %j', (opType, options, message) => expectProblem(call(opType, options), message))

  const right: [string, Call][] = [
    ['HardSwish', { opset: 14 }],
    ['ReduceMean', { opset: 17, axes: { ints: [1] } }],
    ['ReduceMean', { opset: 18, inputs: ['x', 'axes'] }],
    ['ReduceSum', { opset: 13, inputs: ['x', 'axes'] }],
    ['Split', { opset: 18, num_outputs: { int: 1 } }],
    ['Clip', { inputs: ['x', '', ''] }],
    ['MaxPool', { kernel_shape: { ints: [2, 2] }, auto_pad: { string: 'SAME_LOWER' } }],
    ['Acme', { anything: { strings: ['goes'] }, inputs: ['', 'x'] }],
  ]
  test.each(right)('accepts %s %j', (opType, options) =>
    expect(() => checkModel(call(opType, options))).not.toThrow(),
  )
})

describe('element types, by operator set', () => {
  const floats = 'float16, float32 or float64'
  const wrong: [string, Call, ...string[]][] = [
    ['Conv', { inputs: ['int64', 'x'] }, `input 0 'int64' is int64; it takes ${floats}`],
    [
      'Conv',
      { inputs: ['int8', 'bfloat16'] },
      `input 0 'int8' is int8; it takes ${floats}`,
      `input 1 'bfloat16' is bfloat16; it takes ${floats}`,
    ],
    [
      'Conv',
      { inputs: ['x', 'float64'] },
      "inputs must be of one element type: 'x' float32, 'float64' float64",
    ],
    [
      'Relu',
      { opset: 13, inputs: ['int64'] },
      "input 0 'int64' is int64; it takes float16, float32, float64 or bfloat16",
    ],
    ['Reshape', { inputs: ['x', 'c'] }, "input 1 'c' is float32; it takes int64"],
    [
      'Clip',
      { inputs: ['x', '', 'float64'] },
      "inputs must be of one element type: 'x' float32, 'float64' float64",
    ],
    [
      'Concat',
      { inputs: ['x', 'x', 'int64', 'int8'], axis: { int: 0 } },
      "inputs must be of one element type: 'x' float32, 'x' float32, 'int64' int64, 'int8' int8",
    ],
    [
      'Sum',
      { inputs: ['x', 'x', 'int8'] },
      "input 2 'int8' is int8; it takes float16, float32, float64 or bfloat16",
    ],
    [
      'MatMulInteger',
      { inputs: ['uint8', 'int8', 'int8'] },
      "inputs must be of one element type: 'uint8' uint8, 'int8' int8",
    ],
  ]
  test.each(wrong)('%s %j', (opType, options, ...problems) => {
    const model = call(opType, options)
    expect(() => checkModel(model)).toThrow(
      expect.objectContaining({
        code: 'CORRUPT_DATA',
        detail: { problems: problems.map((problem) => `node 0 'y' (${opType}): ${problem}`) },
      }),
    )
  })

  const right: [string, Call, ElementType][] = [
    ['Relu', { opset: 14, inputs: ['int64'] }, 'int64'],
    ['Clip', { inputs: ['int64', '', ''] }, 'int64'],
    ['CastLike', { inputs: ['x', 'int64'] }, 'int64'],
  ]
  test.each(right)('%s %j makes %s', (opType, options, type) =>
    expect(() => checkModel(call(opType, { ...options, type }))).not.toThrow(),
  )

  test('does not report types that are unknown', () => {
    const g = createGraphBuilder({ name: 'g' })
    g.node('Not', [g.node('Acme', [g.input({ name: 'x', type: 'float32', dims: [2] })])], {}, 'y')
    g.output({ name: 'y', type: 'bool', dims: [2] })
    expect(() => checkModel(g.build())).not.toThrow()
  })

  test('reports a wrong call once, not again behind it, and reports the other wrong calls', () => {
    const g = createGraphBuilder({ name: 'g', opset: 13 })
    const i = g.input({ name: 'i', type: 'int64', dims: [2] })
    const twice = g.node('Relu', [g.node('Relu', [i], {}, 'first')], {}, 'second')
    g.node('Add', [twice, g.node('Sigmoid', [i], {}, 'third')], {}, 'y')
    g.node('Not', [i], {}, 'fourth')
    g.output({ name: 'y', type: 'float32', dims: [3] })
    const takes = "input 0 'i' is int64; it takes"
    expect(() => checkModel(g.build())).toThrow(
      expect.objectContaining({
        code: 'CORRUPT_DATA',
        detail: {
          problems: [
            `node 0 'first' (Relu): ${takes} float16, float32, float64 or bfloat16`,
            `node 2 'third' (Sigmoid): ${takes} float16, float32, float64 or bfloat16`,
            `node 4 'fourth' (Not): ${takes} bool`,
          ],
        },
      }),
    )
  })
})

test.each<[string, Call, RegExp]>([
  [
    'Add',
    { inputs: ['x', 'c'] },
    /^node 0 'y' \(Add\): shapes do not broadcast: 'x' \[N, 4, 6, 8\], 'c' \[2\]$/,
  ],
  ['Cast', { to: { int: 99 } }, /: to is 99, but no element type has this number$/],
  ['Split', { opset: 18 }, /: needs either the sizes as its second input, or num_outputs >= 1$/],
  ['Split', { opset: 18, num_outputs: { int: -1 } }, /: needs either the sizes/],
  ['Split', { opset: 18, inputs: ['x', 'axes'], num_outputs: { int: 1 } }, /: needs either the sizes/],
  [
    'Split',
    { opset: 18, outputs: ['y', 'rest'], num_outputs: { int: 1 } },
    /: splits into 1 parts, but has 2 outputs$/,
  ],
])('shapes: %s %j', (opType, options, message) => expectProblem(call(opType, options), message))

test('one error lists all problems', () => {
  const model = changed(({ nodes, outputs }) => ({
    nodes: [
      { ...nodes[0]!, attributes: { axis: { int: 1 } } },
      { ...nodes[1]!, inputs: ['Mul', 'lost', ''] },
      nodes[2]!,
    ],
    outputs: [...outputs, { name: 'z', type: 'float32', dims: [] }],
  }))
  expect(() => checkModel(model)).toThrow(
    expect.objectContaining({
      code: 'CORRUPT_DATA',
      message:
        "node 1 'Add' (Add): reads 'lost', which nothing before it makes (and 3 more, in detail.problems)",
      detail: {
        problems: [
          "node 1 'Add' (Add): reads 'lost', which nothing before it makes",
          "graph 'example': output 'z' is a value that nothing makes",
          "node 0 'Mul' (Mul): has attribute 'axis', which is unknown in operator set 17",
          "node 1 'Add' (Add): has 3 inputs; it takes 2",
        ],
      },
    }),
  )
})

test('checks a call with very many inputs', () => {
  const many = Array.from({ length: 130_000 }, (_, i) => (i === 0 ? 'x' : 'y'))
  const wide = createGraphBuilder({ name: 'wide' })
  wide.input({ name: 'x', type: 'float32', dims: [2] })
  wide.input({ name: 'y', type: 'float32', dims: [2] })
  wide.node('Sum', many, {}, 'z')
  wide.output({ name: 'z', type: 'float32', dims: [2] })
  expect(() => checkModel(wide.build())).not.toThrow()
})
