import { expect, test } from 'vitest'
import { readFixture } from '../../fixtures/files.js'
import { createGraphBuilder, floatTensor, int64Vector, type OnnxModel, readModel, scalar } from '../index.js'
import { printGraph } from './index.js'

function example(): OnnxModel {
  const g = createGraphBuilder({ name: 'example' })
  const x = g.input({ name: 'x', type: 'float32', dims: ['N', 3] })
  const doubled = g.node('Mul', [x, g.constant('two', scalar(2))])
  const shifted = g.node('Add', [doubled, g.constant('b', floatTensor([0.1, 2, 3]))])
  g.constant('many', floatTensor(new Float32Array(9), [3, 3]))
  g.node('ReduceSum', [shifted, g.constant('axis', int64Vector([1]))], { keepdims: { int: 0 } }, 'y')
  g.output({ name: 'y', type: 'float32', dims: ['N'] })
  return g.build({ author: 'test' })
}

test('shows constants, inner shapes and attributes', () => {
  expect(printGraph(example())).toBe(
    [
      'graph "example" (opset 17, @esc/onnx; operators: 3, constants: 4 of 14 values)',
      '  metadata author: test',
      '  input x: float32[N, 3]',
      '  const two: float32[] = 2',
      '  const b: float32[3] = 0.1, 2, 3',
      '  const many: float32[3, 3]',
      '  const axis: int64[1] = 1',
      '  Mul: float32[N, 3] = Mul(x, two)',
      '  Add: float32[N, 3] = Add(Mul, b)',
      '  y: float32[N] = ReduceSum(Add, axis) {keepdims: 0}',
      '  output y: float32[N]',
    ].join('\n'),
  )
})

test('shows weights that are also inputs once', () => {
  const model = example()
  const [x] = model.graph.inputs
  const two = { name: 'two', type: 'float32' as const, dims: [] }
  const lines = printGraph({ ...model, graph: { ...model.graph, inputs: [two, x!] } }).split('\n')
  expect(lines.filter((line) => line.startsWith('  input'))).toEqual(['  input x: float32[N, 3]'])
  expect(lines).toContain('  const two: float32[] = 2 (also an input)')
})

test('shows omitted optional inputs, several outputs, tensors in attributes, and computed shapes', () => {
  const lines = printGraph(readModel(readFixture('torch-residual-17'))).split('\n')
  const line = (start: string) => lines.find((text) => text.startsWith(`  ${start}`))
  expect(line('/Constant_output_0')).toBe(
    '  /Constant_output_0: float32[4] = Constant() {value: float32[4] = 1, 1, 2, 2}',
  )
  expect(line('/Resize_output_0')).toMatch(
    /^ {2}\/Resize_output_0: float32\[batch, 8, 8, 12\] = Resize\(\/Add_output_0, _, \/Constant_output_0\) \{/,
  )
  expect(line('/Split_output_0')).toBe(
    '  /Split_output_0: float32[batch, 8, 12, 4], /Split_output_1: float32[batch, 8, 12, 4] = ' +
      'Split(/Reshape_1_output_0, /Constant_5_output_0) {axis: 3}',
  )
})

test('shows the problems of a model that contradicts itself, unknown shapes, and no control characters', () => {
  const g = createGraphBuilder({ name: 'odd' })
  const x = g.input({ name: 'x\u001b[2J', type: 'float32', dims: ['N', null, 3] })
  g.node('Custom', [x, ''], {}, 'z')
  g.node('Add', [x, g.constant('c', floatTensor([1, 2]))], {}, 'y')
  g.output({ name: 'y', type: 'float32', dims: null })
  expect(printGraph(g.build())).toBe(
    [
      'graph "odd" (opset 17, @esc/onnx; operators: 2, constants: 1 of 2 values)',
      '  input x?[2J: float32[N, ?, 3]',
      '  const c: float32[2] = 1, 2',
      '  z = Custom(x?[2J, _)',
      '  y: float32[…] = Add(x?[2J, c)',
      '  output y: float32[…]',
      "  wrong: node 1 'y' (Add): shapes do not broadcast: 'x?[2J' [N, ?, 3], 'c' [2]",
    ].join('\n'),
  )
})
