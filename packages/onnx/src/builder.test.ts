import { throwsCode } from '@esc/expect'
import { expect, test } from 'vitest'
import { createGraphBuilder, floatData, floatTensor, scalar, writeModel } from './index.js'
import { checkModel } from './inspect/index.js'
import { ortRuntime } from './node/index.js'

const float1 = { type: 'float32', dims: [1] } as const

test.each([
  [13, 7],
  [14, 7],
  [15, 8],
  [18, 8],
  [19, 9],
  [20, 9],
  [21, 10],
])('operator set %i makes IR version %i, and ONNX Runtime runs it', async (opset, irVersion) => {
  const g = createGraphBuilder({ name: 'g', opset })
  g.node('Add', [g.input({ name: 'x', ...float1 }), g.constant('one', scalar(1))], {}, 'y')
  g.output({ name: 'y', ...float1 })
  const model = g.build()
  expect(model).toMatchObject({ opset, irVersion })
  const session = await ortRuntime.createSession(writeModel(model), { threads: 1 })
  expect([...floatData(await session.run({ x: floatTensor([2]) }), 'y')]).toEqual([3])
  await session.release()
})

test('a wanted name that is taken or reserved gets a number', () => {
  const g = createGraphBuilder({ name: 'g', reserved: ['y'] })
  const x = g.input({ name: 'x', ...float1 })
  const names = [
    g.node('Relu', [x], {}, 'y'),
    g.node('Relu', [x]),
    g.node('Relu', [x]),
    g.node('Relu', [x], {}, 'x'),
  ]
  expect(new Set([...names, 'x', 'y']).size).toBe(6)
  g.nodeWithOutputs('Identity', [names[0]!], ['y'])
  expect(() => g.nodeWithOutputs('Identity', [x], ['y'])).toThrow(
    throwsCode('INVALID_INPUT', /^graph 'g': value 'y' is made twice$/),
  )
})

test('a value that nothing makes, or that is made twice, is refused and changes nothing', () => {
  const g = createGraphBuilder({ name: 'g' })
  const x = g.input({ name: 'x', ...float1 })
  expect(() => g.node('Relu', ['y'])).toThrow(
    throwsCode('INVALID_INPUT', /Relu reads 'y', which nothing makes/),
  )
  expect(() => g.constant('x', scalar(0))).toThrow(throwsCode('INVALID_INPUT', /'x' is made twice/))
  expect(() => g.input({ name: 'x', ...float1 })).toThrow(throwsCode('INVALID_INPUT', /'x' is made twice/))
  expect(() => g.output({ name: 'z', ...float1 })).toThrow(
    throwsCode('INVALID_INPUT', /output 'z' is a value that nothing makes/),
  )
  g.node('Relu', [x], {}, 'y')
  g.output({ name: 'y', ...float1 })
  expect(() => checkModel(g.build())).not.toThrow()
})

test.each([12, 22, 17.5, Number.NaN])('operator set %d is INVALID_OPTION', (opset) => {
  expect(() => createGraphBuilder({ name: 'g', opset })).toThrow(throwsCode('INVALID_OPTION', /opset/))
})

test('a misspelt kind of attribute or element type does not compile, and is refused without a type checker', () => {
  const g = createGraphBuilder({ name: 'g' })
  // @ts-expect-error float23 is not an element type
  g.input({ name: 'x', type: 'float23', dims: [] })
  g.input({ name: 'y', ...float1 })
  // @ts-expect-error intz is not a kind of attribute
  g.node('Transpose', ['y'], { perm: { intz: [0] } })
  // @ts-expect-error an int is a number
  g.node('Softmax', ['y'], { axis: { int: '1' } })
  expect(() => writeModel(g.build())).toThrow(throwsCode('INVALID_INPUT', /'perm' is \{intz\}/))
})

test('an operator of another domain imports version 1 of it, and its values have short names', () => {
  const g = createGraphBuilder({ name: 'g' })
  const x = g.input({ name: 'x', ...float1 })
  const y = g.node('com.acme.Fast', [x])
  g.nodeWithOutputs('com.acme.Fast', [y], ['z'])
  g.output({ name: 'z', ...float1 })
  const model = g.build()
  expect(y).toBe('Fast')
  expect(model.domains).toEqual({ 'com.acme': 1 })
  expect(model.graph.nodes.map(({ domain, opType }) => [domain, opType])).toEqual([
    ['com.acme', 'Fast'],
    ['com.acme', 'Fast'],
  ])
  checkModel(model)
})
