import { describe, expect, test } from 'vitest'
import {
  type Attribute,
  checkModel,
  createGraphBuilder,
  floatTensor,
  int64Vector,
  type OnnxModel,
  operatorSignature,
  scalar,
} from './index.js'

/** y = (2x + b) summed over the last axis. */
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

/** One operator over an image `x` [N, 4, 6, 8] and constants c1, c2, … */
function call(
  opType: string,
  { opset = 17, inputs = ['x'], outputs = ['y'], ...attributes }: Call,
): OnnxModel {
  const g = createGraphBuilder({ name: 'call', opset })
  g.input({ name: 'x', type: 'float32', dims: ['N', 4, 6, 8] })
  g.constant('c', floatTensor([1, 2]))
  g.constant('axes', int64Vector([1]))
  g.nodeWithOutputs(opType, inputs, outputs, attributes as Record<string, Attribute>)
  g.output({ name: 'y', type: 'float32', dims: null })
  return g.build()
}
interface Call {
  opset?: number
  inputs?: string[]
  outputs?: string[]
  [attribute: string]: unknown
}

function expectProblem(model: OnnxModel, message: string | RegExp): void {
  expect(() => checkModel(model)).toThrow(
    expect.objectContaining({ code: 'CORRUPT_DATA', message: expect.stringMatching(message) }),
  )
}

test('a model that is right', () => {
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
    ['HardSwish', { opset: 13 }, /begins with operator set 14; the model has 13/],
    [
      'LayerNormalization',
      { opset: 16, inputs: ['x', 'c'] },
      /begins with operator set 17; the model has 16/,
    ],
    ['Upsample', { inputs: ['x', 'c'] }, /ended with operator set 9; the model has 17/],
    ['ReduceMean', { opset: 17, inputs: ['x', 'axes'] }, /has 2 inputs; it takes 1/],
    ['ReduceMean', { opset: 18, axes: { ints: [1] } }, /'axes', which is unknown in operator set 18/],
    ['ReduceSum', { opset: 13, axes: { ints: [1] } }, /'axes', which is unknown in operator set 13/],
    ['Squeeze', { opset: 13, axes: { ints: [1] } }, /'axes', which is unknown in operator set 13/],
    ['Split', { opset: 17, num_outputs: { int: 1 } }, /'num_outputs', which is unknown in operator set 17/],
    ['Pad', { opset: 17, inputs: ['x', 'axes', '', 'axes'] }, /has 4 inputs; it takes 2 to 3/],
    ['Resize', { opset: 17, antialias: { int: 1 } }, /'antialias', which is unknown in operator set 17/],
  ]
  test.each(wrong)('%s %j', (opType, options, message) => expectProblem(call(opType, options), message))

  const right: [string, Call][] = [
    ['HardSwish', { opset: 14 }],
    ['ReduceMean', { opset: 17, axes: { ints: [1] } }],
    ['ReduceMean', { opset: 18, inputs: ['x', 'axes'] }],
    ['ReduceSum', { opset: 13, inputs: ['x', 'axes'] }],
    ['Split', { opset: 18, num_outputs: { int: 1 } }],
    ['Clip', { inputs: ['x', '', ''] }],
    ['Acme', { anything: { strings: ['goes'] }, inputs: ['', 'x'] }],
  ]
  test.each(right)('%s %j is right', (opType, options) =>
    expect(() => checkModel(call(opType, options))).not.toThrow(),
  )

  test('operatorSignature', () => {
    expect(operatorSignature('Conv', 17)).toEqual({
      opsets: [13, Number.POSITIVE_INFINITY],
      inputs: [2, 3],
      outputs: [1, 1],
      attributes: {
        auto_pad: { kind: 'string', required: false },
        ...Object.fromEntries(
          ['dilations', 'kernel_shape', 'pads', 'strides'].map((name) => [
            name,
            { kind: 'ints', required: false },
          ]),
        ),
        group: { kind: 'int', required: false },
      },
    })
    expect(operatorSignature('Concat', 13)?.inputs).toEqual([1, Number.POSITIVE_INFINITY])
    expect(operatorSignature('toString', 13)).toBeNull()
  })
})

test('types', () => {
  expectProblem(
    call('Add', { inputs: ['x', 'c'] }),
    /^node 0 'y' \(Add\): shapes do not broadcast: 'x' \[N, 4, 6, 8\], 'c' \[2\]$/,
  )
})

test('one call tells everything that is wrong', () => {
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

test('a model of very many inputs or problems is an EscError, too', () => {
  const many = Array.from({ length: 130_000 }, (_, i) => (i === 0 ? 'x' : 'y'))
  const wide = createGraphBuilder({ name: 'wide' })
  wide.input({ name: 'x', type: 'float32', dims: [2] })
  wide.input({ name: 'y', type: 'float32', dims: [2] })
  wide.node('Sum', many, {}, 'z')
  wide.output({ name: 'z', type: 'float32', dims: [2] })
  expect(() => checkModel(wide.build())).not.toThrow()
})
